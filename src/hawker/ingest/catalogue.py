"""Product feeds of any format become the catalogue table; what is unusable is set aside with its reason."""

from __future__ import annotations

import glob
import json
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from hawker.errors import BadInput
from hawker.ingest import feeds
from hawker.ingest.feeds import plain
from hawker.ingest.feeds.product import Defaults, Notes, products
from hawker.ingest.feeds.rows import Broken
from hawker.records.catalogue import PRODUCT_COLUMNS, Product
from hawker.records.finding import Finding, Severity
from hawker.records.ids import derived
from hawker.storage import files, tables
from hawker.storage.shop import Shop

REASONS: dict[str, str] = {
    "empty_file": "The file holds nothing.",
    "header_only": "The file has a header but no products.",
    "broken_row": "A row cannot be read: wrong number of cells, an open quote, not JSON. It is set aside.",
    "broken_feed": "The feed breaks off: what comes after this place was not read.",
    "too_long_line": "A row is longer than any product; it is set aside without being held in memory.",
    "missing_title": "A product without a title cannot be advertised. It is set aside.",
    "bad_id": "The id is missing, too long or unprintable. The product is set aside.",
    "duplicate_id": "Two different products have one id: the first is kept, the second set aside.",
    "repeated_row": "The same product stands there more than once; one is kept.",
    "unknown_parent": "A variation names a parent that the file does not hold. It is set aside.",
    "missing_price": "There is no price; the product is kept, and its ads show none.",
    "bad_price": "The price cannot be read; the product is kept without one.",
    "price_range": "The price is a range; its low end is taken.",
    "price_unclear": "The price holds several amounts; the first is taken.",
    "unknown_currency": "The currency code is not known; the product is kept without a price.",
    "mixed_currency": "Price and sale price differ in currency; the sale price is left out.",
    "other_currency": "Products are priced in another currency than the shop's.",
    "bad_availability": "The word for availability is not known; the product is taken to be in stock.",
    "unpublished": "The product is a draft, archived or hidden: kept as out of stock, so never advertised.",
    "long_title": "The title is longer than 150 characters; placements may have to cut it.",
    "near_duplicate": "Products with other ids have the same title and brand; all are kept.",
    "broken_text": "Bytes that are no text in the file's encoding were replaced by a mark.",
}
"""Every reason a finding about a catalogue may give, in words."""

_SEVERITY = {
    **dict.fromkeys(
        ("missing_price", "price_range", "price_unclear", "other_currency", "unpublished", "long_title",
         "near_duplicate", "repeated_row"), Severity.NOTE
    ),
    "broken_feed": Severity.ERROR,
}  # fmt: skip
_MARK = "\ufffd"
_REPORT_EVERY = 2_000

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class CatalogueResult:
    """What one ingest did. `products` is how many were kept, `variants` how many of these share a group

    with another; `changed` is how many the table did not hold just so before.
    """

    products: int
    variants: int
    set_aside: int
    changed: int
    findings: tuple[Finding, ...]
    seconds: float

    def __str__(self) -> str:
        kept = f"{self.products:,} products kept ({self.variants:,} of them variants)"
        head = f"{kept}, {self.changed:,} new or changed, {self.set_aside:,} set aside, {self.seconds:.1f} s"
        return "\n".join([head, *map(str, self.findings)])


@dataclass
class _Gathering:
    """What has been read so far in one ingest."""

    kept: dict[str, Product] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)

    def note(self, path: Path, line: int, *, reason: str, message: str) -> None:
        """Count a finding; the first of its reason in a file gives place and message."""
        key = (str(path), reason)
        seen = self.findings.get(key)
        if seen:
            self.findings[key] = msgspec.structs.replace(seen, count=seen.count + 1)
        else:
            place = f"{path}:{line}" if line else str(path)
            severity = _SEVERITY.get(reason, Severity.WARNING)
            self.findings[key] = Finding(place, reason, message, severity)


def catalogue(
    shop: Shop,
    *sources: str | Path,
    format: str = "",
    columns: Mapping[str, str] | None = None,
    currency: str = "",
    progress: Progress | None = None,
) -> CatalogueResult:
    """Read product feeds into the shop's catalogue table; new rows replace old ones with the same id.

    `sources` are files or glob patterns; `format` is one of `feeds.FORMATS`, detected where not given;
    `columns` maps field to column for tables without a standard; `currency` holds where prices name none.
    Running it twice changes nothing. Raises `BadInput` where nothing matches, `BadMapping`,
    `UnreadableFile` and `StorageFull`; then the table is as it was.
    """
    begun = time.perf_counter()
    paths = list(_found(sources))
    defaults = Defaults(currency or shop.settings.currency, shop.settings.language)
    gathering = _Gathering()
    aside: dict[Path, list[Broken]] = {}
    for index, path in enumerate(paths):
        if progress:
            progress(f"reading {path.name}", index / len(paths))
        rows = feeds.read(path, form=format, columns=columns)
        aside[path] = list(_gather(path, products(rows, defaults), gathering))
    _compare(gathering, defaults)
    if progress:
        progress("writing the catalogue", 0.95)
    changed = _merge(shop.table("catalogue"), gathering.kept)
    for path, broken in aside.items():
        _set_aside(shop, path, broken)
    if progress:
        progress("done", 1.0)
    groups = Counter(product.group for product in gathering.kept.values() if product.group)
    return CatalogueResult(
        products=len(gathering.kept),
        variants=sum(count for count in groups.values() if count > 1),
        set_aside=sum(map(len, aside.values())),
        changed=changed,
        findings=tuple(gathering.findings.values()),
        seconds=time.perf_counter() - begun,
    )


def propose(path: str | Path) -> dict[str, str]:
    """The column for each field that would be read from a table without a standard; {} for the others."""
    found = Path(path)
    return plain.propose(found) if feeds.detect(found) in feeds.MAPPED else {}


def _found(sources: tuple[str | Path, ...]) -> Iterator[Path]:
    for source in sources:
        matches = (
            sorted(glob.glob(str(source), recursive=True)) if not Path(source).is_file() else [str(source)]
        )
        paths = [Path(match) for match in matches if Path(match).is_file()]
        if not paths:
            raise BadInput(
                f"No file matches '{source}'.", remedy="Give a file or a pattern such as 'feeds/*.csv'."
            )
        yield from paths
    if not sources:
        raise BadInput("No source was given.", remedy="Give a file or a pattern such as 'feeds/*.csv'.")


def _gather(
    path: Path, read: Iterator[tuple[int, Product | Broken, Notes]], gathering: _Gathering
) -> Iterator[Broken]:
    """Keep what is good, yield what is not; both with their findings."""
    rows = 0
    for line, product, notes in read:
        rows += 1
        for reason, message in notes:
            gathering.note(path, line, reason=reason, message=message)
        if isinstance(product, Product):
            clash = _keep(f"{path}:{line}", product, gathering)
            if not clash:
                _look(path, line, product, gathering)
                continue
            if clash == "repeated_row":
                gathering.note(
                    path, line, reason=clash, message=f"'{product.id}' stands there more than once."
                )
                continue
            raw = msgspec.json.encode(product).decode()
            product = Broken(
                line, "duplicate_id", f"the id '{product.id}' is that of another product: {clash}.", raw
            )
        gathering.note(path, line, reason=product.reason, message=product.message)
        yield product
    if not rows:
        empty = not feeds.detect(path)
        message = "the file is empty." if empty else "the file has no products below its header."
        gathering.note(path, 0, reason="empty_file" if empty else "header_only", message=message)


def _keep(place: str, product: Product, gathering: _Gathering) -> str:
    """Add a product; '' when it is new, else 'repeated_row' or the place of the other with its id."""
    known = gathering.kept.setdefault(product.id, product)
    if known is product:
        gathering.places[product.id] = place
        return ""
    return "repeated_row" if known == product else gathering.places[product.id]


def _look(path: Path, line: int, product: Product, gathering: _Gathering) -> None:
    if _MARK in product.title or _MARK in product.description:
        message = f"'{product.id}' holds bytes that are no text in the file's encoding."
        gathering.note(path, line, reason="broken_text", message=message)


def _compare(gathering: _Gathering, defaults: Defaults) -> None:
    """Findings about the products together: near duplicates and foreign currencies."""
    seen: dict[tuple[str, str], Product] = {}
    for product in gathering.kept.values():
        other = seen.setdefault((_folded(product.title), _folded(product.brand)), product)
        place, _, line = gathering.places[product.id].rpartition(":")
        if other is not product and not (product.group and product.group == other.group):
            message = f"'{product.id}' has the title and brand of '{other.id}': {product.title[:60]!r}."
            gathering.note(Path(place), int(line), reason="near_duplicate", message=message)
        if product.price and product.currency != defaults.currency:
            message = f"'{product.id}' is priced in {product.currency}, the shop in {defaults.currency}."
            gathering.note(Path(place), int(line), reason="other_currency", message=message)


def _folded(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def _merge(table: Path, kept: dict[str, Product]) -> int:
    """Put the products into the table, in place of those with the same id; returns how many changed."""
    held = {product.id: product for product in tables.products(table)}
    changed = sum(held.get(key) != product for key, product in kept.items())
    if changed:
        _write(table, list((held | kept).values()))
    return changed


def _write(table: Path, held: list[Product]) -> None:
    """Write the table from columns of text, which DuckDB reads whatever they hold; '' as a number is NULL."""
    columns = {name: [_cell(getattr(product, name)) for product in held] for name in PRODUCT_COLUMNS}
    connection = tables.connect(threads=1)
    connection.register("held", {name: np.array(cells, dtype=object) for name, cells in columns.items()})
    cast = ", ".join(f'TRY_CAST("{name}" AS {kind}) AS "{name}"' for name, kind in PRODUCT_COLUMNS.items())
    tables.replace(connection, f"SELECT {cast} FROM held", table)


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "" if value is None else str(value)


def _set_aside(shop: Shop, path: Path, broken: list[Broken]) -> None:
    """Write what a source had set aside to its own quarantine file; none, and the old file goes."""
    name = f"{path.name}-{derived(path.absolute())[:8]}.jsonl"
    target = shop.quarantine / "catalogue" / name
    if not broken:
        target.unlink(missing_ok=True)
        return
    lines = (
        {"file": str(path), "line": row.line, "reason": row.reason, "message": row.message, "raw": row.raw}
        for row in broken
    )
    files.write(target, b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
