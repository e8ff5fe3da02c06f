"""The parts of each kind of copy."""

import pytest

from hawker.creative.layout import LAYOUTS, parts, width
from hawker.errors import BadInput
from hawker.records.draft import Kind


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_has_parts_that_can_be_filled(kind: Kind) -> None:
    parts = LAYOUTS[kind]
    assert any(part.least for part in parts.values())
    for part in parts.values():
        assert 0 <= part.least <= part.most
        assert part.short < part.width


@pytest.mark.parametrize(
    ("text", "wide"), [("", 0), ("abc", 3), ("中文", 4), ("４０h", 5), ("¥9.9 起", 7), ("“好”", 4)]
)
def test_full_width_characters_count_double(text: str, wide: int) -> None:
    assert width(text) == wide


def test_limits_narrow_and_never_widen() -> None:
    narrowed = parts(Kind.PERFORMANCE, {"headline": 12, "description": 500})
    assert (narrowed["headline"].width, narrowed["headline"].short) == (12, 12)
    assert narrowed["description"] == LAYOUTS[Kind.PERFORMANCE]["description"]
    assert parts(Kind.SMS, {}) is LAYOUTS[Kind.SMS]


@pytest.mark.parametrize(
    ("limits", "told"),
    [({"titel": 20}, "Did you mean 'title'?"), ({"title": 1}, "at least 2"), ({"headline": 9}, "Known: ")],
)
def test_a_limit_that_cannot_be_kept_names_its_remedy(limits: dict[str, int], told: str) -> None:
    with pytest.raises(BadInput, match=told.replace("?", "[?]")):
        parts(Kind.NATIVE, limits)
