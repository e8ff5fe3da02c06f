"""Events as records and events in the log become the same arrays, and codes never change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.features import toy

from hawker.features.encode import Codes, Vocabulary
from hawker.features.events import EventArrays
from hawker.features.schema import KEYS
from hawker.records.catalogue import Product
from hawker.storage import tables
from hawker.storage.event_log import EventLog

PLAIN = ("shopper", "product", "location", "placement", "campaign")


def named(arrays: EventArrays, codes: Codes) -> list[tuple[object, ...]]:
    """Events with names in the place of codes, so that two vocabularies can be compared."""
    rows = []
    for i in range(len(arrays)):
        names = [
            codes[key].names[code] if code >= 0 else ""
            for key, code in zip(KEYS[:-1], arrays.keys[i], strict=False)
        ]
        session = codes["session"].names[arrays.session[i]] if arrays.session[i] >= 0 else ""
        kind, time = int(arrays.kind[i]), int(arrays.time[i])
        rows.append((time, kind, session, *names, arrays.keys[i, -1], *arrays.values[i].tolist()))
    return rows


@pytest.mark.parametrize("tolerance", [0, toy.TOLERANCE])
def test_the_log_and_the_records_give_the_same_arrays(tmp_path: Path, tolerance: int) -> None:
    found = toy.events(400, seed=11, late=True)
    log = EventLog(tmp_path)
    log.append(found)
    connection = tables.connect(threads=1)
    log.view(connection)
    stored, live = Codes(), Codes()
    for codes in (stored, live):
        codes.learn_products(toy.products())
    from_log = stored.load(connection, tolerance=tolerance)
    from_records = live.encode(found, tolerance=tolerance)
    assert len(from_log) == 400
    assert named(from_log, stored) == named(from_records, live)
    for one, other in zip(vars(from_log).values(), vars(from_records).values(), strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape


def test_invalid_traffic_is_left_out_of_the_log_as_of_the_records(tmp_path: Path) -> None:
    reasons = ("", "invalid: declared_bot", "invalid size", "invalid: rate")
    found = [
        toy.Event(toy.K.RETURN, toy.START + n, id=f"e{n}", shopper=f"s{n}", product="p", reason=reason)
        for n, reason in enumerate(reasons)
    ]
    log = EventLog(tmp_path)
    log.append(found)
    connection = tables.connect(threads=1)
    log.view(connection)
    stored, live = Codes(), Codes()
    assert named(stored.load(connection), stored) == named(live.encode(found), live)
    assert live["shopper"].names == stored["shopper"].names == ["s0", "s2"]
    assert len(live.encode(found[1:2])) == 0


def test_ties_are_settled_by_id_in_the_log_as_in_memory(tmp_path: Path) -> None:
    ids = ["b", "a", "é", "Z", "中", "10", "9", "\U0001f600", "～"]
    found = [toy.Event(toy.K.VIEW, toy.START, id=i, shopper=i) for i in ids]
    log = EventLog(tmp_path)
    log.append(found)
    connection = tables.connect(threads=1)
    log.view(connection)
    stored, live = Codes(), Codes()
    from_log = named(stored.load(connection), stored)
    assert from_log == named(live.encode(found), live)
    assert [row[3] for row in from_log] == sorted(ids)


def test_only_part_of_the_log_is_read_where_asked(tmp_path: Path) -> None:
    found = toy.events(100, seed=2)
    log = EventLog(tmp_path)
    log.append(found)
    connection = tables.connect(threads=1)
    log.view(connection)
    arrays = Codes().load(connection, where=f"time >= {found[60].time}")
    assert len(arrays) == sum(e.time >= found[60].time for e in found)


def test_an_empty_log_and_an_empty_batch_give_empty_arrays(tmp_path: Path) -> None:
    connection = tables.connect(threads=1)
    EventLog(tmp_path).view(connection)
    for arrays in (Codes().load(connection), Codes().encode([])):
        assert len(arrays) == 0
        assert arrays.keys.shape == (0, len(KEYS))
        assert arrays.values.shape == (0, 4)


def test_a_catalogue_that_comes_later_is_used_from_then_on() -> None:
    codes = Codes()
    view = toy.Event(toy.K.VIEW, toy.START, id="1", shopper="u", product="new")
    assert named(codes.encode([view]), codes)[0][5] == ""
    codes.learn_products([Product(id="other", title="t", category="A > B > C", brand="x")])
    codes.learn_products([Product(id="new", title="t", category="A > B > D", brand="y")])
    later = named(codes.encode([view]), codes)[0]
    assert later[3:10] == ("u", "new", "A > B > D", "A > B", "A", "y", "A > B > D|y")
    assert codes["product"].names == ["new", "other"]
    assert codes.of_products("department", np.array([0, 1, -1], dtype=np.int32)).tolist() == [0, 0, -1]


def test_many_new_products_at_once_are_unknown_not_misread() -> None:
    codes = Codes()
    codes.learn_products(toy.products(3))
    fresh = [toy.Event(toy.K.VIEW, toy.START + i, id=str(i), product=f"n{i}") for i in range(50)]
    arrays = codes.encode(fresh)
    derived = [KEYS.index(k) for k in ("category", "shelf", "department", "brand", "line")]
    assert (arrays.keys[:, derived] == -1).all()


def test_a_vocabulary_only_grows() -> None:
    words = Vocabulary(["a"])
    assert [words.code("b"), words.code("a"), words.code(""), words.find("c"), len(words)] == [
        1,
        0,
        -1,
        -1,
        2,
    ]
    assert words.codes(["c", "", "a"]).tolist() == [2, -1, 0]


def test_arrays_are_cut_strictly_before_a_moment() -> None:
    times = [0, 5, 5, 9]
    arrays = Codes().encode([toy.Event(toy.K.VIEW, toy.START + t, id=str(i)) for i, t in enumerate(times)])
    assert [arrays.before(toy.START + m) for m in (0, 5, 6, 10)] == [0, 1, 3, 4]
    assert arrays.part(1, 3).time.tolist() == [toy.START + 5] * 2
