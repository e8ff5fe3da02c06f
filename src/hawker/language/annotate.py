"""From a catalogue to the vectors that serve: each distinct text embedded once, projected, switched at once.

What was embedded is kept, so a killed run goes on where it was, and a changed catalogue costs what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from hawker.errors import Corrupt, HawkerError
from hawker.language import space as spaces
from hawker.language import static
from hawker.language.care import Vectors, prepared
from hawker.language.encoder import FLOOR, Encoder, encoder, floor
from hawker.language.product import meanings
from hawker.language.static import Static
from hawker.language.terms import vocabulary
from hawker.records.finding import Finding, Severity
from hawker.statistics import Estimate
from hawker.storage import vectors
from hawker.storage.shop import Shop
from hawker.storage.vectors import SIZE, About, Kept, ProductVectors, Side, Space

Progress = Callable[[str, float], None]
PART = 512
_KNOWN = 0.5
"""Of the texts, at least this share must mean something to the encoder; else the floor answers."""

REASONS = {
    "encoder_failed": "The encoder could not be asked; the floor (TF-IDF) made the vectors.",
    "unknown_language": "The encoder knows nothing of most texts; the floor (TF-IDF) made the vectors.",
}
"""Why it was not the encoder asked for that made the vectors."""


class Annotated(Struct, frozen=True):
    """What was made: the space's name, products and distinct texts, how many of these were new.

    `near` is how near the table for queries never seen comes to the encoder (`static.Static`).
    """

    name: str
    encoder: str
    products: int
    texts: int
    embedded: int
    near: Estimate
    findings: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        counted = f"{self.products:,} products, {self.texts:,} distinct texts, {self.embedded:,} new"
        return "\n".join((f"{counted}, by {self.name}", *map(str, self.findings)))


def products(
    shop: Shop,
    by: Encoder | str | None = None,
    *,
    renew: bool = False,
    progress: Progress | None = None,
) -> Annotated:
    """Make the products' vectors by an encoder (None: the shop's setting) and let them serve.

    New products are placed in the space that serves. A new space is fitted with a new encoder, or to `renew`.
    Where the encoder fails, the floor answers and `findings` says why; what the encoder had embedded stays.
    """
    tell = progress or (lambda _words, _share: None)
    asked = shop.settings.encoder if by is None else by
    texts = [prepared(text) for text in meanings(shop.catalogue.values())]
    distinct = list(dict.fromkeys(text for text in texts if text))
    findings: tuple[Finding, ...] = ()
    try:
        chosen = encoder(asked, shop=shop) if isinstance(asked, str) else asked
        found, embedded = embed(shop, chosen, distinct, progress=tell)
        if distinct and found.any(axis=1).mean() < _KNOWN and not _floor(chosen):
            findings = (_finding("unknown_language", chosen.name),)
    except HawkerError as error:
        findings = (_finding("encoder_failed", str(error)),)
    if findings:
        chosen = floor(shop=shop)
        found, embedded = embed(shop, chosen, distinct, progress=tell)
    found = found.reshape(len(distinct), chosen.size)
    before = None if renew else _serving(shop)
    space = before.space if before is not None and before.space.encoder == chosen.name else None
    table = _table(shop, space) if space and not embedded else None
    if space is None or table is None:
        space, table = _asked(shop, chosen, distinct, found=found, space=space, progress=tell)
    row = {text: place for place, text in enumerate(distinct)}
    turned = np.vstack([space.project(found), np.zeros((1, SIZE), dtype=np.float32)])
    matrix = turned[[row.get(text, -1) for text in texts]]
    spoken = asked if isinstance(asked, str) else asked.name
    about = About(space.name, chosen.name, spoken, len(distinct), findings)
    vectors.switch(shop, ProductVectors(tuple(shop.catalogue), matrix, space, about))
    tell("", 1.0)
    return Annotated(space.name, chosen.name, len(texts), len(distinct), embedded, table.near, findings)


def embed(
    shop: Shop,
    by: Encoder,
    texts: Sequence[str],
    *,
    side: Side = "passages",
    progress: Progress | None = None,
) -> tuple[Vectors, int]:
    """The vectors of texts, and how many had to be made; these are kept, a part at a time."""
    kept = Kept(shop, by.name, side=side)
    missing = sorted(kept.missing(texts), key=lambda text: (len(text), text))  # alike lengths go together
    for start in range(0, len(missing), PART):
        part = missing[start : start + PART]
        kept.add(part, by.passages(part) if side == "passages" else by.queries(part))
        if progress:
            progress("embedding", (start + len(part)) / len(missing))
    return kept.read(texts), len(missing)


def _asked(
    shop: Shop,
    by: Encoder,
    texts: Sequence[str],
    *,
    found: Vectors,
    space: Space | None,
    progress: Progress,
) -> tuple[Space, Static]:
    """The space, fitted where there is none, and the table for queries never seen, made for it."""
    asked = vocabulary(texts, most=static.QUERIES)
    read, _ = embed(shop, by, asked, side="queries", progress=progress)
    read = read.reshape(len(asked), by.size)
    known = space or spaces.fit(found, asked=read, encoder=by.name)
    table = static.distil(asked, known.asked(read), space=known.name)
    static.save(shop, table)
    return known, table


def _serving(shop: Shop) -> ProductVectors | None:
    """What serves; where it cannot be read it is made anew."""
    try:
        return vectors.products(shop)
    except Corrupt:
        return None


def _table(shop: Shop, space: Space) -> Static | None:
    """The table of a space; where it cannot be read it is made anew."""
    try:
        return static.load(shop, space.name)
    except Corrupt:
        return None


def _floor(by: Encoder) -> bool:
    return by.name.startswith(f"{FLOOR}-")


def _finding(reason: str, said: str) -> Finding:
    return Finding("vectors", reason, f"{REASONS[reason]} {said}", Severity.WARNING)
