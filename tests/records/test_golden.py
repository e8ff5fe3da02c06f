"""Every golden record decodes, and encodes again to the same bytes: a changed schema shows here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from hawker.records.campaign import Ad, Campaign
from hawker.records.charge import Charge, Settlement
from hawker.records.decision import Decision, Request
from hawker.records.events import EVENT_COLUMNS, Event
from hawker.records.ids import stamp
from hawker.records.verdict import Verdict

GOLDEN = Path(__file__).parents[1] / "golden"
TYPES: dict[str, Any] = {
    "ad": Ad,
    "campaign": Campaign,
    "charge": Charge,
    "decision": Decision,
    "event": Event,
    "request": Request,
    "settlement": Settlement,
    "verdict": Verdict,
}
FILES = sorted([*GOLDEN.glob("exemplary/*.json"), *GOLDEN.glob("supplemental/*.json")])


def record(path: Path) -> Any:
    return msgspec.json.decode(path.read_bytes(), type=TYPES[path.stem.partition("-")[0]])


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_golden_record_encodes_to_the_same_bytes(path: Path) -> None:
    again = msgspec.json.format(msgspec.json.encode(record(path)), indent=2) + b"\n"
    assert again.decode() == path.read_text("utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_golden_record_survives_the_packed_form(path: Path) -> None:
    value = record(path)
    packed = msgspec.msgpack.encode(value)
    assert msgspec.msgpack.decode(packed, type=type(value)) == value


def test_each_kind_of_record_has_a_golden_file() -> None:
    assert {path.stem.partition("-")[0] for path in FILES} == set(TYPES)


def test_the_columns_of_the_log_are_the_fields_of_an_event() -> None:
    assert set(EVENT_COLUMNS) == set(Event.__struct_fields__)


def test_the_exemplary_decision_adds_up() -> None:
    decision = record(GOLDEN / "exemplary" / "decision-home.json")
    found = decision.candidates
    rows = np.frombuffer(found.features, "<f4").reshape(len(found.ads), len(found.feature_names))
    assert rows[0].tolist() == [2.5, 4.0, 4.5]
    assert np.isnan(rows[2, 2])
    assert stamp(decision.id) == decision.time
    values = np.array(found.bids) * np.array(found.probabilities)
    for index, slot in enumerate(decision.slots):
        left = len(found.ads) - index
        assert slot.ad.id == found.ads[index]
        assert slot.propensity == pytest.approx(1 - decision.exploration + decision.exploration / left)
        assert slot.value == pytest.approx(values[index])
        assert slot.price * slot.probability == pytest.approx(values[index + 1])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"kind":"view","time":0,"colour":"red"}', "colour"),
        (b'{"kind":"stare","time":0}', "stare"),
        (b'{"kind":"view"}', "time"),
        (b'{"kind":"view","time":"yesterday"}', "time"),
    ],
)
def test_what_is_not_an_event_is_refused_by_name(text: bytes, said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.json.decode(text, type=Event)
