"""What a log shows of people: enough to recognise, never the address, the number or the id."""

from __future__ import annotations

import json
import re

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from hawker.privacy import masking
from hawker.records.decision import Request
from hawker.server.journal import to_stderr

PEOPLE = (
    "jane.doe+shop@mail.example.co.uk",
    "+49 (0)170 123-45-67",
    "0171/2345678",
    "13812345678",
    "shopper-991234",
    "visit-77-of-jane",
)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-22T06:45:31.123456Z",
        "1795330523501288",
        "d-01gjk0erem00-78kbfdsz",
        "hawker/delivery/engine.py, line 112",
        "12,345,678 rows in 0.5 s",
        "model 20260101T101010123456-abcdef12",
        "1.25 EUR",
        "@media screen",
    ],
)
def test_what_is_nobodys_stays(line: str) -> None:
    assert masking.text(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "GET /v1/shoppers/shopper-991234/preferences",
        "/v1/decide?placement=home&shopper=shopper-991234&session=visit-77-of-jane",
        '{"shopper": "shopper-991234", "session":"visit-77-of-jane"}',
        repr(Request("home", shopper="shopper-991234", session="visit-77-of-jane")),
        "mail to jane.doe+shop@mail.example.co.uk, tel. +49 (0)170 123-45-67 or 0171/2345678",
        "电话13812345678，邮箱 jane.doe+shop@mail.example.co.uk",
    ],
)
def test_people_are_masked_wherever_they_stand(line: str) -> None:
    found = masking.text(line)
    assert "…" in found
    assert not any(person in found for person in PEOPLE)
    assert masking.text(found) == found


@given(st.from_regex(re.compile(r"[a-z0-9.]{1,20}@[a-z]{2,10}\.[a-z]{2,4}"), fullmatch=True))
def test_no_address_is_left_whole(address: str) -> None:
    assert address not in masking.text(f"from <{address}>.") or len(address.split("@")[0]) < 2


def test_the_servers_log_masks_what_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    try:
        to_stderr()
        log = structlog.get_logger("hawker.server")
        try:
            raise ValueError(f"no such shopper: {Request('home', shopper='shopper-991234')!r} {PEOPLE[0]}")
        except ValueError as error:
            log.error("incident", path="/v1/shoppers/shopper-991234", shopper=PEOPLE[4], exc_info=error)
        log.info(
            "told", names=[PEOPLE[4]], inner={"session": PEOPLE[5], "text": PEOPLE[1]}, count=13812345678
        )
    finally:
        structlog.reset_defaults()
    told = capsys.readouterr().err
    assert not any(person in told for person in PEOPLE if person != "13812345678")
    first, second = (json.loads(line) for line in told.splitlines())
    assert first["path"] == "/v1/shoppers/sh…1234"
    assert "ValueError" in first["exception"]
    assert second["names"] == ["sh…1234"]
    assert second["count"] == 13812345678
