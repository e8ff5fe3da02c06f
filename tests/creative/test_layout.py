"""The parts of each kind of copy."""

import pytest

from hawker.creative.layout import LAYOUTS, width
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
