"""The flights table becomes blocks that say, for a place and a time, which ads are live."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from hawker.retrieval.flights import load
from hawker.storage import tables

Row = tuple[str, str, int, int, str, str]
ADS = ("a", "b", "c")


def table(path: Path, rows: list[Row]) -> Path:
    kinds = ("VARCHAR", "VARCHAR", "BIGINT", "BIGINT", "VARCHAR", "VARCHAR")
    names = ("ad", "location", '"start"', '"end"', "display", "mailer")
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
    connection = tables.connect(threads=1)
    connection.execute(f"CREATE TABLE f ({columns})")
    if rows:
        connection.executemany("INSERT INTO f VALUES (?, ?, ?, ?, ?, ?)", rows)
    tables.replace(connection, "SELECT * FROM f", path)
    return path


def live(found: object, location: str, now: int) -> dict[str, tuple[str, str]]:
    ads, marks = found.live(location, now)  # type: ignore[attr-defined]
    places = found.places  # type: ignore[attr-defined]
    return {ADS[ad]: (places[d], places[m]) for ad, (d, m) in zip(ads, marks, strict=True)}


def test_ads_are_live_in_their_store_and_week_and_know_their_place(tmp_path: Path) -> None:
    rows: list[Row] = [
        ("b", "s1", 0, 10, "", "cover"),
        ("a", "s1", 0, 10, "front", ""),
        ("a", "s2", 5, 20, "", ""),
        ("c", "s1", 10, 20, "rear", "cover"),
        ("unknown", "s1", 0, 10, "front", ""),
    ]
    found = load(table(tmp_path / "flights.parquet", rows), ADS)
    assert live(found, "s1", 0) == {"a": ("front", ""), "b": ("", "cover")}
    assert live(found, "s1", 10) == {"c": ("rear", "cover")}
    assert live(found, "s2", 4) == live(found, "s3", 5) == {}
    assert found.running("s2", 5)
    assert not found.running("s2", 20)
    assert not found.running("s3", 5)


def test_rows_that_repeat_a_flight_are_joined(tmp_path: Path) -> None:
    rows: list[Row] = [("a", "s1", 0, 10, "", "cover"), ("a", "s1", 0, 10, "front", "")]
    found = load(table(tmp_path / "flights.parquet", rows), ADS)
    assert live(found, "s1", 5) == {"a": ("front", "cover")}
    assert len(found.ads) == 1


def test_only_what_overlaps_the_time_asked_for_is_read(tmp_path: Path) -> None:
    rows: list[Row] = [("a", "s1", 0, 10, "", ""), ("b", "s1", 20, 30, "", "")]
    path = table(tmp_path / "flights.parquet", rows)
    assert len(load(path, ADS, start=10).ads) == 1
    assert len(load(path, ADS, end=20).ads) == 1
    assert len(load(path, ADS, start=10, end=20).ads) == 0


@pytest.mark.parametrize("rows", [None, []])
def test_no_table_or_an_empty_one_means_no_flights(tmp_path: Path, rows: list[Row] | None) -> None:
    path = tmp_path / "flights.parquet"
    if rows is not None:
        table(path, rows)
    found = load(path, ADS)
    assert len(found.ads) == 0
    assert live(found, "s1", 0) == {}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(ADS),
            st.sampled_from(["s1", "s2"]),
            st.integers(0, 8),
            st.integers(1, 6),
        ),
        max_size=15,
    )
)
def test_blocks_say_what_the_rows_say(tmp_path: Path, rows: list[tuple[str, str, int, int]]) -> None:
    given = [(ad, place, start, start + length, "", "") for ad, place, start, length in rows]
    found = load(table(tmp_path / "flights.parquet", given), ADS)
    for place in ("s1", "s2"):
        for now in range(15):
            expected = {ad for ad, where, start, end, _, _ in given if where == place and start <= now < end}
            assert set(live(found, place, now)) == expected
            ads, marks = found.live(place, now)
            assert len(np.unique(ads)) == len(ads) == len(marks)
