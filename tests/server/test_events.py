"""`/v1/events`: three shapes of batch, one verdict for each item, and no item that harms another."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests import shops
from tests.server.client import Client

from hawker.records.events import Event
from hawker.server import app
from hawker.server.collecting import decoded
from hawker.server.wire import Refused

_serial = count()


def view(**rest: Any) -> dict[str, Any]:
    return {"id": f"v-{next(_serial)}", "kind": "view", "time": shops.NOW, "product": "tea", **rest}


def verdicts(client: Client, body: bytes | str, **headers: str) -> list[dict[str, str]]:
    answer = client.post("/v1/events", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, str]] = answer.json()["verdicts"]
    return found


@pytest.mark.parametrize(
    "shape",
    [
        json.dumps,
        lambda events: json.dumps(events, indent=2),
        lambda events: json.dumps({"events": events}),
        lambda events: json.dumps({"events": events}, indent=2),
        lambda events: "\n".join(map(json.dumps, events)),
        lambda events: "\r\n\r\n".join(map(json.dumps, events)) + "\r\n",
    ],
    ids=["array", "pretty array", "object", "pretty object", "lines", "lines of windows"],
)
def test_every_shape_of_a_batch_says_the_same(client: Client, shape: Any) -> None:
    good, bad, strange = view(), view(product=""), view(colour="red")
    found = verdicts(client, shape([good, bad, strange, good]))
    assert [verdict["status"] for verdict in found] == ["accepted", "rejected", "rejected", "duplicate"]
    assert [verdict["id"] for verdict in found] == [good["id"], bad["id"], strange["id"], good["id"]]
    assert found[1]["reason"] == "'view' needs 'product'"
    assert "`colour`" in found[2]["reason"]


def test_one_event_alone_is_a_batch(client: Client) -> None:
    for body in (json.dumps(view()), json.dumps(view(), indent=2)):
        assert [verdict["status"] for verdict in verdicts(client, body)] == ["accepted"]


def test_one_event_that_does_not_fit_is_told_why(client: Client) -> None:
    (found,) = verdicts(client, json.dumps(view(time="noon"), indent=2))
    assert found["status"] == "rejected"
    assert "$.time" in found["reason"]


def test_an_event_without_an_id_gets_one_and_is_known_by_it(client: Client) -> None:
    event = {"kind": "view", "time": shops.NOW - next(_serial), "product": "jam"}
    (first,), (second,) = (verdicts(client, json.dumps([event])) for _ in range(2))
    assert first["id"]
    assert (second["id"], second["status"]) == (first["id"], "duplicate")


def test_a_place_is_named_by_its_index_or_its_line(client: Client) -> None:
    array = verdicts(client, json.dumps([view(), 5, None, [], view(tiem=1)]))
    assert [verdict["reason"].partition(":")[0] for verdict in array[1:]] == [
        f"item {n}" for n in range(1, 5)
    ]
    assert array[4]["reason"].endswith("Did you mean 'time'?")
    lines = verdicts(client, "\n".join([json.dumps(view()), "", "{not json", json.dumps(view())]))
    assert [verdict["status"] for verdict in lines] == ["accepted", "rejected", "accepted"]
    assert lines[1]["reason"].startswith("line 3: not JSON")


def test_the_media_type_may_say_that_these_are_lines(client: Client) -> None:
    lines = {"content-type": "application/x-ndjson; charset=utf-8"}
    found = verdicts(client, json.dumps([view()]), **lines)
    assert [verdict["status"] for verdict in found] == ["rejected"]


def test_an_empty_list_is_an_empty_answer(client: Client) -> None:
    assert verdicts(client, "[]") == []
    assert verdicts(client, '{"events": []}') == []


@pytest.mark.parametrize(
    "body", [b"", b"  \n", b"[", b'[{"kind": "view"', b'{"events": [', b"hello", b"\x00\x01\xff", b"[1,]"]
)
def test_what_is_no_batch_is_refused_whole(client: Client, body: bytes) -> None:
    answer = client.post("/v1/events", content=body)
    assert answer.status_code == 400
    assert answer.json()["remedy"].startswith("Send a JSON array")


def test_a_batch_above_the_limit_is_refused_before_anything_is_kept(client: Client) -> None:
    events = [view() for _ in range(1000)]
    assert client.post("/v1/events", content=json.dumps(events)).status_code == 413
    assert not client.application.engine.event_log.known(events[0]["id"])  # type: ignore[union-attr]


def test_only_post_is_answered(client: Client) -> None:
    answer = client.get("/v1/events")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_what_is_well_formed_is_decoded_in_one_go() -> None:
    items = decoded(json.dumps([view() for _ in range(50)]).encode())
    assert len(items) == 50
    assert all(isinstance(item, Event) for item in items)
    with pytest.raises(Refused):
        decoded(b"")


def test_an_impression_is_charged_and_an_opt_out_holds_at_once(tmp_path: Path) -> None:
    with Client(app(shops.tiny(tmp_path / "shop"))) as client:
        shown = client.get("/v1/decide?placement=home&shopper=u-1").json()
        seen = {"id": "i", "kind": "ad_impression", "time": shops.NOW, "ad": "a-tea", "slot": 0}
        seen |= {"decision": shown["decision"], "shopper": "u-1"}
        out = {"id": "o", "kind": "opt_out", "time": shops.NOW, "shopper": "u-1"}
        assert [v["status"] for v in verdicts(client, json.dumps([seen, out]))] == ["accepted"] * 2
        totals = client.get("/v1/report").json()["totals"]
        assert (totals["impressions"], totals["spend"]) == (1, 3_000)
        again = client.get("/v1/decide?placement=home&shopper=u-1").json()
        assert (again["path"], again["reason"]) == ("contextual", "opted_out")
