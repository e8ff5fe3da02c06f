"""From a catalogue to the vectors that serve: each distinct text embedded once, projected, switched at once.

What was embedded is kept, so a killed run goes on where it was, and a changed catalogue costs what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

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
from hawker.statistics import Estimate, unknown
from hawker.storage import vectors
from hawker.storage.shop import Shop
from hawker.storage.vectors import SIZE, About, Kept, ProductVectors, Side, Space

Progress = Callable[[str, float], None]
PART = 512
_KNOWN = 0.5
"""Of the texts, at least this share must mean something to the encoder; else the floor answers."""

REASONS = {
    "encoder_away": "The encoder could not be asked; what it made before serves on, new products without.",
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
    Where the encoder cannot be asked, what it made before serves on; where it made nothing, or knows nothing
    of most texts, the floor answers. `findings` says why; what the encoder had embedded is kept.
    """
    tell = progress or (lambda _words, _share: None)
    asked = shop.settings.encoder if by is None else by
    spoken = asked if isinstance(asked, str) else asked.name
    texts = [prepared(text) for text in meanings(shop.catalogue.values())]
    distinct = list(dict.fromkeys(text for text in texts if text))
    before = None if renew else _serving(shop)
    findings: tuple[Finding, ...] = ()
    try:
        chosen = encoder(asked, shop=shop) if isinstance(asked, str) else asked
        made = _made(shop, chosen, distinct, before=before, progress=tell)
        if made is None and not _floor(chosen.name):
            findings = (_finding("unknown_language", f"It was {chosen.name}."),)
    except HawkerError as error:
        made = _kept(shop, distinct, before=before, asked=spoken)
        findings = (_finding("encoder_away" if made else "encoder_failed", str(error)),)
    made = made or _floored(shop, distinct, before=before, progress=tell)
    row = {text: place for place, text in enumerate(distinct)}
    turned = np.vstack([made.space.project(made.found), np.zeros((1, SIZE), dtype=np.float32)])
    matrix = turned[[row.get(text, -1) for text in texts]]
    about = About(made.space.name, made.space.encoder, spoken, len(distinct), findings)
    vectors.switch(shop, ProductVectors(tuple(shop.catalogue), matrix, made.space, about))
    tell("", 1.0)
    near = made.table.near if made.table else unknown("the table for queries could not be made")
    counts = (len(texts), len(distinct), made.embedded)
    return Annotated(made.space.name, made.space.encoder, *counts, near, findings)


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


class _Made(NamedTuple):
    """Vectors of the distinct texts, how many were new; the space, and the table for its queries."""

    found: Vectors
    embedded: int
    space: Space
    table: Static | None


def _made(
    shop: Shop,
    by: Encoder,
    texts: Sequence[str],
    *,
    before: ProductVectors | None,
    progress: Progress,
) -> _Made | None:
    """All of it by one encoder, in the space that serves if it is its own; None where it knows little."""
    found, embedded = embed(shop, by, texts, progress=progress)
    found = found.reshape(len(texts), by.size)
    if len(texts) and found.any(axis=1).mean() < _KNOWN:
        return None
    space = before.space if before is not None and before.space.encoder == by.name else None
    table = _table(shop, space) if space and not embedded else None
    if space is None or table is None:
        asked = vocabulary(texts, most=static.QUERIES)
        read, _ = embed(shop, by, asked, side="queries", progress=progress)
        read = read.reshape(len(asked), by.size)
        space = space or spaces.fit(found, asked=read, encoder=by.name)
        table = static.distil(asked, space.asked(read), space=space.name)
        static.save(shop, table)
    return _Made(found, embedded, space, table)


def _kept(shop: Shop, texts: Sequence[str], *, before: ProductVectors | None, asked: str) -> _Made | None:
    """What the encoder asked for had made before, in the space that serves; None where that is another's."""
    if before is None or before.about.asked != asked or _floor(before.space.encoder):
        return None
    found = Kept(shop, before.space.encoder).read(texts)
    return _Made(found, 0, before.space, _table(shop, before.space)) if found.any() else None


def _floored(shop: Shop, texts: Sequence[str], *, before: ProductVectors | None, progress: Progress) -> _Made:
    """All of it by the floor, fitted anew where it was fitted to another catalogue."""
    made = _made(shop, floor(shop=shop), texts, before=before, progress=progress)
    if made is None:
        made = _made(shop, floor(shop=shop, renew=True), texts, before=None, progress=progress)
    if made is None:  # nothing in them is a word
        found = np.zeros((len(texts), SIZE), dtype=np.float32)
        return _Made(found, 0, spaces.fit(found, asked=found, encoder=f"{FLOOR}-0"), None)
    return made


def _finding(reason: str, said: str) -> Finding:
    return Finding("vectors", reason, f"{REASONS[reason]} {said}", Severity.WARNING)


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


def _floor(name: str) -> bool:
    return name.startswith(f"{FLOOR}-")
