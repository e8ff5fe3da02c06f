"""What one ingest has read so far: the products that are kept, and the findings about them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from hawker.ingest.feeds.product import Defaults, product
from hawker.ingest.feeds.rows import Broken, Row
from hawker.records.catalogue import Product
from hawker.records.finding import Finding, Severity

_NOTES = frozenset(
    {
        "missing_price",
        "price_range",
        "price_unclear",
        "other_currency",
        "unpublished",
        "long_title",
        "near_duplicate",
        "repeated_row",
    }
)
_MARK = "\ufffd"
_TELL_EVERY = 5_000


@dataclass
class Gathering:
    """Products by id with the places they stand at, and findings by file and reason."""

    defaults: Defaults
    kept: dict[str, Product] = field(default_factory=dict)
    findings: dict[tuple[Path, str], Finding] = field(default_factory=dict)
    _places: dict[str, tuple[Path, int]] = field(default_factory=dict)

    def note(self, path: Path, line: int, *, reason: str, message: str) -> None:
        """Count a finding; the first of its reason in a file gives place and message."""
        seen = self.findings.get((path, reason))
        if seen:
            self.findings[path, reason] = msgspec.structs.replace(seen, count=seen.count + 1)
            return
        place = f"{path}:{line}" if line else str(path)
        known = {"broken_feed": Severity.ERROR, **dict.fromkeys(_NOTES, Severity.NOTE)}
        self.findings[path, reason] = Finding(place, reason, message, known.get(reason, Severity.WARNING))

    def take(
        self, path: Path, rows: Iterable[Row | Broken], *, tell: Callable[[int], None] | None = None
    ) -> Iterator[Broken]:
        """Keep the products of a file's rows; yields what is set aside. `tell` hears how many were read."""
        for count, row in enumerate(rows, 1):
            if tell and count % _TELL_EVERY == 0:
                tell(count)
            made = self._made(path, row)
            broken = self._keep(path, row, made) if isinstance(made, Product) else made
            if broken:
                self.note(path, broken.line, reason=broken.reason, message=broken.message)
                yield broken

    def _made(self, path: Path, row: Row | Broken) -> Product | Broken:
        if isinstance(row, Broken):
            return row
        made, notes = product(row, self.defaults)
        for reason, message in notes:
            self.note(path, row.line, reason=reason, message=message)
        return made

    def _keep(self, path: Path, row: Row | Broken, made: Product) -> Broken | None:
        """Keep a product, or say why another with its id goes before it."""
        known = self.kept.setdefault(made.id, made)
        if known is made:
            self._places[made.id] = path, row.line
            if _MARK in made.title or _MARK in made.description:
                message = f"'{made.id}' holds bytes that are no text in the file's encoding."
                self.note(path, row.line, reason="broken_text", message=message)
            return None
        if known == made:
            message = f"'{made.id}' stands there more than once."
            self.note(path, row.line, reason="repeated_row", message=message)
            return None
        where, line = self._places[made.id]
        message = f"the id '{made.id}' is that of another product: {where}:{line}."
        return Broken(row.line, "duplicate_id", message, row.raw)

    def compare(self) -> None:
        """Find what only the products together show: near duplicates and foreign currencies."""
        seen: dict[tuple[str, str], Product] = {}
        home = self.defaults.currency
        for made in self.kept.values():
            other = seen.setdefault((_folded(made.title), _folded(made.brand)), made)
            path, line = self._places[made.id]
            if other is not made and not (made.group and made.group == other.group):
                message = f"'{made.id}' has the title and brand of '{other.id}': {made.title[:60]!r}."
                self.note(path, line, reason="near_duplicate", message=message)
            if made.price and made.currency != home:
                message = f"'{made.id}' is priced in {made.currency}, the shop in {home}."
                self.note(path, line, reason="other_currency", message=message)


def _folded(text: str) -> str:
    """Text as compared: letters and digits only, case and width folded."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
