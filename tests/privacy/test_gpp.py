"""GPP: headers of the standard's own examples, every layout there and back, refusals in each field."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.privacy import strings

from hawker.errors import BadRecord
from hawker.privacy import gpp
from hawker.privacy.gpp import LAYOUTS, UsPrivacy

KNOWN = sorted(LAYOUTS)
VALUE = st.integers(0, 2)


@st.composite
def sections(draw: st.DrawFn) -> tuple[int, int, UsPrivacy]:
    section, version = draw(st.sampled_from(KNOWN))
    layout = LAYOUTS[section, version]
    said = UsPrivacy(
        sale=draw(VALUE),
        sharing=draw(VALUE) if layout.sharing else 0,
        targeted=draw(VALUE) if layout.targeted else 0,
        sensitive=tuple(draw(VALUE) for _ in range(layout.sensitive)),
        child=tuple(draw(VALUE) for _ in range(layout.child)),
        personal=draw(VALUE) if layout.personal else 0,
        gpc=draw(st.booleans()),
    )
    return section, version, said


@pytest.mark.parametrize(
    ("text", "listed"), [("DBABM", (2,)), ("DBACNY", (2, 6)), ("DBABjw", (5, 6)), ("DBAA", ())]
)
def test_the_headers_of_the_standard(text: str, listed: tuple[int, ...]) -> None:
    assert gpp.header(text) == listed
    assert strings.header(listed) == text


@given(st.frozensets(st.integers(1, 400), min_size=1, max_size=12))
def test_every_header_is_read_again(listed: frozenset[int]) -> None:
    assert gpp.header(strings.header(sorted(listed))) == tuple(sorted(listed))


@given(sections())
def test_every_section_is_read_again(given_: tuple[int, int, UsPrivacy]) -> None:
    section, version, said = given_
    found = gpp.decode(strings.gpp({section: strings.us(section, said, version=version)}))
    assert found.us == {section: said}
    assert found.unread == frozenset()


def test_california_worked_out_by_hand() -> None:
    """Version 1, three notices given, sale refused (01), sharing not (10): 000001 010101 01 10 …"""
    found = gpp.decode(
        f"{strings.header([8])}~{strings.characters('000001' + '010101' + '01' + '10' + '00' * 15)}"
    )
    assert found.us[8].sale == 1
    assert found.us[8].sharing == 2
    assert found.us[8].refused
    assert not found.us[8].known_child


@pytest.mark.parametrize(
    ("text", "refused"), [("1YNN", False), ("1YYN", True), ("1---", False), ("1nyn", True)]
)
def test_the_older_us_string(text: str, refused: bool) -> None:
    assert gpp.decode(strings.gpp({6: text})).us[6].refused is refused


@pytest.mark.parametrize(
    ("section", "text"),
    [
        (6, "2YNN"),
        (6, "1YN"),
        (7, "A"),
        (7, strings.characters(strings.number(9, 6) + "00" * 60)),
        (7, strings.us(7, UsPrivacy(sensitive=(0,) * 12, child=(0, 0)))[:-3]),
        (9, strings.us(9, UsPrivacy(sale=3, sensitive=(0,) * 8, child=(0,)))),
        (2, "nonsense"),
        (5, "CAAA"),
        (25, "BAAAAAAAAAA"),
        (99, "BAAA"),
    ],
)
def test_a_section_that_cannot_be_read_is_named_and_the_others_count(section: int, text: str) -> None:
    good = strings.us(10, UsPrivacy(sale=1, sensitive=(0,) * 7, child=(0,)))
    found = gpp.decode(strings.gpp({section: text, 10: good}))
    assert found.unread == {section}
    assert found.us[10].refused


@pytest.mark.parametrize("text", ["", "x", "DBABM", "DBABM~a~b", "BBABM~a", "DCABM~a", "DBAD~a", "DBAB??~a"])
def test_a_string_of_the_wrong_shape_is_refused(text: str) -> None:
    with pytest.raises(BadRecord):
        gpp.decode(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(BadRecord):
        assert gpp.decode(text)
