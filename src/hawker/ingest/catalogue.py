"""Product feeds of any format become the catalogue table; what is unusable is set aside with its reason."""

from __future__ import annotations

import glob
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from hawker.errors import BadInput
from hawker.ingest import feeds, quarantine
from hawker.ingest.feeds import plain
from hawker.ingest.feeds.gathering import Gathering
from hawker.ingest.feeds.product import Defaults
from hawker.ingest.feeds.rows import Broken, Row
from hawker.ingest.quarantine import SetAside
from hawker.records.catalogue import Product
from hawker.records.finding import Finding
from hawker.records.ids import derived
from hawker.storage import tables
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

_EXCERPTS = frozenset({"too_long_line", "broken_feed"})

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
    paths = list(dict.fromkeys(_found(sources)))
    gathering = Gathering(_defaults(shop, currency))
    aside: dict[Path, list[Broken]] = {}
    for index, path in enumerate(paths):

        def tell(count: int, *, path: Path = path, share: float = index / len(paths)) -> None:
            if progress:
                progress(f"reading {path.name}" + (f", {count:,} rows" if count else ""), 0.9 * share)

        tell(0)
        held = len(gathering.kept), len(gathering.findings)
        aside[path] = list(gathering.take(path, feeds.read(path, form=format, columns=columns), tell=tell))
        if held == (len(gathering.kept), len(gathering.findings)):
            _nothing(path, gathering)
    if progress:
        progress("writing the catalogue", 0.9)
    for path, broken in aside.items():
        quarantine.write(_quarantine(shop, path), (_aside(path, row) for row in broken))
    result = _finished(shop, gathering, set_aside=sum(map(len, aside.values())), begun=begun)
    if progress:
        progress("done", 1.0)
    return result


def restore(
    shop: Shop, file: Path, *, columns: Mapping[str, str] | None = None, currency: str = ""
) -> CatalogueResult:
    """Put back the lines of a quarantine file whose `raw` was mended; those still broken stay in it.

    A row cut off for its length is only an excerpt here, and a feed that breaks off has no row to mend:
    such lines stay until their source is mended and ingested again.
    """
    begun = time.perf_counter()
    gathering = Gathering(_defaults(shop, currency))
    known = shop.table("catalogue")
    ids = {product.id for product in tables.products(known)}
    left: list[SetAside] = []
    maps: dict[str, Mapping[str, str]] = {}
    with TemporaryDirectory() as scratch:
        for number, entry in enumerate(quarantine.read(file)):
            draft = Path(scratch) / f"{number}.jsonl"
            draft.write_text(entry.raw, "utf-8")
            if entry.file not in maps:
                maps[entry.file] = _map(Path(entry.file), columns)
            left += _mended(entry, draft, gathering, columns=maps[entry.file], taken=ids)
    quarantine.write(file, left)
    return _finished(shop, gathering, set_aside=len(left), begun=begun)


def propose(path: str | Path) -> dict[str, str]:
    """The column for each field that would be read from a table without a standard; {} for the others."""
    found = Path(path)
    return plain.propose(found) if feeds.detect(found) in feeds.MAPPED else {}


def _map(source: Path, columns: Mapping[str, str] | None) -> Mapping[str, str]:
    """The map a table without a standard was read by, while it is there: one row does not show it."""
    if source.is_file() and (columns or feeds.detect(source) == "plain"):
        return plain.settled(source, columns)
    return columns or {}


def _mended(
    entry: SetAside,
    draft: Path,
    gathering: Gathering,
    *,
    columns: Mapping[str, str],
    taken: set[str],
) -> list[SetAside]:
    """Take one mended line; what of it must stay in the quarantine comes back."""
    if entry.reason in _EXCERPTS or not entry.raw.strip():
        return [entry]
    try:
        read = plain.read(draft, columns) if columns else feeds.read(draft)
        rows = [replace(row, line=entry.line) for row in read]
    except BadInput as error:
        return [msgspec.structs.replace(entry, message=error.message)]
    clash = [row for row in rows if isinstance(row, Row) and row.fields.get("id", "").strip() in taken]
    if not rows or (clash and entry.reason == "duplicate_id"):
        return [entry]
    path = Path(entry.file)
    return [_aside(path, row) for row in gathering.take(path, rows)]


def _finished(shop: Shop, gathering: Gathering, *, set_aside: int, begun: float) -> CatalogueResult:
    """Write what was kept and tell what was done."""
    gathering.compare()
    changed = _merge(shop.table("catalogue"), gathering.kept)
    groups = Counter(product.group for product in gathering.kept.values() if product.group)
    return CatalogueResult(
        products=len(gathering.kept),
        variants=sum(count for count in groups.values() if count > 1),
        set_aside=set_aside,
        changed=changed,
        findings=tuple(gathering.findings.values()),
        seconds=time.perf_counter() - begun,
    )


def _defaults(shop: Shop, currency: str) -> Defaults:
    return Defaults(currency or shop.settings.currency, shop.settings.language)


def _found(sources: tuple[str | Path, ...]) -> Iterator[Path]:
    remedy = "Give a file or a pattern such as 'feeds/*.csv'."
    if not sources:
        raise BadInput("No source was given.", remedy=remedy)
    for source in sources:
        named = Path(source)
        matches = [named] if named.is_file() else map(Path, sorted(glob.glob(str(source), recursive=True)))
        paths = [path for path in matches if path.is_file()]
        if not paths:
            raise BadInput(f"No file matches '{source}'.", remedy=remedy)
        yield from paths


def _nothing(path: Path, gathering: Gathering) -> None:
    """Say that a file held no row at all."""
    empty = not feeds.detect(path)
    message = "the file is empty." if empty else "the file has no products below its header."
    gathering.note(path, 0, reason="empty_file" if empty else "header_only", message=message)


def _quarantine(shop: Shop, path: Path) -> Path:
    """The file for what one source had set aside: the same one when it is read again."""
    return shop.quarantine / "catalogue" / f"{path.name}-{derived(path.absolute())[:8]}.jsonl"


def _aside(path: Path, row: Broken) -> SetAside:
    return SetAside(file=str(path), line=row.line, reason=row.reason, message=row.message, raw=row.raw)


def _merge(table: Path, kept: dict[str, Product]) -> int:
    """Put the products into the table, in place of those with the same id; returns how many changed."""
    held = {product.id: product for product in tables.products(table)}
    changed = sum(held.get(key) != product for key, product in kept.items())
    if changed:
        tables.write_products(table, list((held | kept).values()))
    return changed
