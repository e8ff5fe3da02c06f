"""A page as plain text with small charts; a full-width character counts as the two cells it takes."""

from __future__ import annotations

from unicodedata import category, combining, east_asian_width

from hawker.measurement import charts
from hawker.measurement.page import Block, Column, Figure, Look, Page, Prose, Table, Tiles, Tone, Trend

_MARKS = {Tone.NOTE: "!", Tone.ALARM: "▲", Tone.METHOD: "·"}
_CHART = 9
_NARROWEST = 12


def plain(page: Page, *, width: int = 120) -> str:
    """The page for a terminal of that many cells; no colours, so that it can be piped."""
    title = visible(page.title)
    parts = [title, page.subtitle, "═" * min(width, cells(title))]
    for block in page.blocks:
        parts += ["", *_block(block, width)]
    return "\n".join(line.rstrip() for line in parts) + "\n"


def cells(text: str) -> int:
    """How many terminal cells a text takes.

    >>> cells("tea"), cells("绿茶")
    (3, 4)
    """
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` cells, cut with an ellipsis where it is longer."""
    clean = visible(text)
    if cells(clean) > width:
        while clean and cells(clean) > width - 1:
            clean = clean[:-1]
        clean += "…"
    gap = " " * (width - cells(clean))
    return gap + clean if right else clean + gap


def visible(text: str) -> str:
    """The text with a dot for each control character, which could move the cursor or hide words."""
    return "".join("·" if category(c) in ("Cc", "Cf") else c for c in text)


def _block(block: Block, width: int) -> list[str]:
    if isinstance(block, Prose):
        return _prose(block, width)
    if isinstance(block, Tiles):
        return _tiles(block, width)
    if isinstance(block, Trend):
        return _trend(block, width)
    return _table(block, width)


def _prose(block: Prose, width: int) -> list[str]:
    lines = [block.title]
    for text in block.lines:
        first, *rest = _wrapped(visible(text), width - 4)
        lines += [f"  {_MARKS[block.tone]} {first}", *(f"    {line}" for line in rest)]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells, broken at spaces and between full-width characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and cells(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str) -> list[str]:
    pieces = [""]
    for c in text:
        pieces[-1] += c
        if c == " " or east_asian_width(c) in "WF":
            pieces.append("")
    return pieces


def _tiles(block: Tiles, width: int) -> list[str]:
    name = max(cells(tile.title) for tile in block.tiles)
    value = max(cells(tile.figure.text) for tile in block.tiles)
    detail = max(cells(tile.figure.detail) for tile in block.tiles)
    room = min(24, width - name - value - detail - 8)
    return [
        f"  {fitted(tile.title, name)}  {fitted(tile.figure.text, value, right=True)}  "
        f"{fitted(tile.figure.detail, detail)}  {_line(tile.series, room)}"
        for tile in block.tiles
    ]


def _line(series: tuple[float | None, ...], room: int) -> str:
    return charts.sparkline(series, width=room) if len(series) > 1 and room > 4 else ""


def _trend(block: Trend, width: int) -> list[str]:
    line = charts.sparkline([figure.value for figure in block.figures], width=min(80, width - 26))
    return [block.title, f"  {block.labels[0]} {line} {block.labels[-1]}"]


def _table(table: Table, width: int) -> list[str]:
    shown, left = _columns(table, width)
    drawn = _drawn(table, shown, width)
    sizes = _sizes(table, shown, drawn)
    over = sum(sizes) + sum(drawn) + 2 * len(shown) - width
    sizes[0] = max(min(sizes[0], _NARROWEST), sizes[0] - max(over, 0))
    columns = [table.columns[place] for place in shown]
    header = "".join(
        "  " + fitted(column.title, sizes[at] + drawn[at], right=at > 0 and not drawn[at])
        for at, column in enumerate(columns)
    )
    highest = [_most([row[place] for row in table.visible]) for place in shown]
    lines = [table.title, header, "  " + "─" * (cells(header) - 2)]
    for row in table.visible:
        parts = []
        for at, (place, column) in enumerate(zip(shown, columns, strict=True)):
            chart = f" {_chart(row[place], column, highest[at])}" if drawn[at] else ""
            parts.append("  " + fitted(_text(row[place], column), sizes[at], right=at > 0) + chart)
        lines.append("".join(parts))
    notes = [line for text in (table.more, left) if text for line in _wrapped(text, width - 2)]
    return [*lines, *(f"  {line}" for line in notes)]


def _columns(table: Table, width: int) -> tuple[list[int], str]:
    """The places of the columns that fit, and a line that names those left out."""
    shown = [place for place, column in enumerate(table.columns) if not column.hidden]
    left = []
    while True:
        sizes = _sizes(table, shown, [0] * len(shown))
        wide = sum(sizes) - max(0, sizes[0] - 2 * _NARROWEST) + 2 * len(shown)
        worst = max(shown, key=lambda place: table.columns[place].rank)
        if wide <= width or not table.columns[worst].rank:
            break
        shown.remove(worst)
        left.append(table.columns[worst].title)
    return shown, f"({table.narrow.format(names=', '.join(left))})" if left else ""


def _drawn(table: Table, shown: list[int], width: int) -> list[int]:
    """The cells each column's charts take: all of them, the intervals' alone, or none, as there is room."""
    for looks in ((Look.BAR, Look.INTERVAL), (Look.INTERVAL,), ()):
        drawn = [_CHART + 1 if table.columns[place].look in looks else 0 for place in shown]
        sizes = _sizes(table, shown, drawn)
        if sum(sizes) - max(0, sizes[0] - 2 * _NARROWEST) + sum(drawn) + 2 * len(shown) <= width:
            break
    return drawn


def _sizes(table: Table, shown: list[int], drawn: list[int]) -> list[int]:
    return [
        max(
            cells(table.columns[place].title) - drawn[at],
            *(cells(_text(row[place], table.columns[place])) for row in table.visible),
            0,
        )
        for at, place in enumerate(shown)
    ]


def _text(figure: Figure, column: Column) -> str:
    if column.look is Look.INTERVAL and figure.detail and figure.value is not None:
        return f"{figure.text} [{figure.detail}]"
    return figure.text


def _most(figures: list[Figure]) -> float:
    return max((figure.high or figure.value or 0.0 for figure in figures), default=0.0)


def _chart(figure: Figure, column: Column, most: float) -> str:
    if column.look is Look.BAR:
        return charts.bar(figure.value, most, width=_CHART)
    return charts.whisker(figure, most, width=_CHART)
