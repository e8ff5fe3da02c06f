"""What a decision looked at, packed for the record, and unpacked again.

Most features are the same for all candidates of a request (who looks, where, when; whatever nobody
has a history with): those are written once, and columns of float32 only for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.delivery import looks
from hawker.delivery.fill import Beside
from hawker.features.program import Sheet
from hawker.records.decision import Candidates, Look
from hawker.retrieval.index import AdIndex

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """Candidates with all that the auction needs; every array has one entry a candidate.

    `chances` are the probabilities of each outcome that a model predicts, `looks` what models in
    stages looked at closer.
    """

    ads: NDArray[np.int32]
    sheet: Sheet
    chances: dict[str, Floats]
    bids: NDArray[np.int64]
    rates: Floats
    values: Floats
    owners: NDArray[np.int32]
    looks: tuple[looks.Look, ...] = ()


def record(index: AdIndex, scored: Scored, held: Beside, *, outcome: str) -> Candidates:
    """The candidates as they go on record, enough to score, rank and price them again."""
    quality = index.factors[scored.ads] if len(index.factors) else index.factors
    common, columns, own = packed(scored.sheet)
    return Candidates(
        ads=tuple(index.names[scored.ads].tolist()),
        bids=tuple(scored.bids.tolist()),
        advertisers=tuple(index.sellers[scored.owners].tolist()),
        pricing=tuple(index.pricings[scored.owners].tolist()),
        quality=() if (quality == 1.0).all() else tuple(quality.tolist()),
        probabilities=tuple(scored.chances[outcome].tolist()),
        others={name: tuple(chance.tolist()) for name, chance in scored.chances.items() if name != outcome},
        feature_names=scored.sheet.names,
        features=own,
        common=common,
        columns=columns,
        products=() if held.products is None else tuple(held.products.tolist()),
        guaranteed=held.guaranteed,
        apart=_pairs(index, scored.owners) if held.apart else (),
        looks=tuple(_look(rows, seen) for rows, seen in scored.looks),
    )


def _look(rows: NDArray[np.intp], seen: Sheet) -> Look:
    common, columns, own = packed(seen)
    return Look(tuple(rows.tolist()), seen.names, own, common, columns)


def beside(index: AdIndex, ads: NDArray[np.int32], owners: NDArray[np.int32], *, chance: Floats) -> Beside:
    """Which candidates may not stand together, and which are guaranteed: of a campaign its best ad."""
    products = index.item[ads].astype(np.int64)
    repeated = bool(_repeated(products))
    return Beside(
        products=products if repeated else None,
        apart=kept_apart(_pairs(index, owners), index.sellers[owners].tolist(), index.advertiser[owners])
        if index.apart
        else {},
        guaranteed=_guaranteed(index.shares[owners], owners, chance) if len(index.shares) else (),
    )


def kept_apart(
    pairs: Iterable[tuple[str, str]], sellers: Sequence[str], codes: NDArray[np.int64]
) -> dict[int, frozenset[int]]:
    """Pairs of advertisers that may not stand side by side, as codes."""
    code = dict(zip(sellers, codes.tolist(), strict=True))
    found: dict[int, set[int]] = {}
    for one, other in pairs:
        found.setdefault(code[one], set()).add(code[other])
    return {one: frozenset(others) for one, others in found.items()}


def _pairs(index: AdIndex, owners: NDArray[np.int32]) -> tuple[tuple[str, str], ...]:
    """Of the candidates' advertisers those that may not stand side by side."""
    here = set(index.sellers[owners].tolist())
    return tuple(
        sorted((one, other) for one in here & index.apart.keys() for other in index.apart[one] & here)
    )


def _guaranteed(shares: Floats, owners: NDArray[np.int32], chance: Floats) -> tuple[tuple[int, float], ...]:
    rows = np.flatnonzero(shares > 0.0)
    best: dict[int, int] = {}
    for row in rows.tolist():
        owner = int(owners[row])
        if owner not in best or chance[row] > chance[best[owner]]:
            best[owner] = row
    return tuple((row, float(shares[row]) if best[int(owners[row])] == row else 0.0) for row in rows.tolist())


def packed(sheet: Sheet) -> tuple[bytes, tuple[int, ...], bytes]:
    """The common values, which features have a column of their own, and those columns.

    >>> common, columns = np.float32([5, np.nan, np.nan]), np.array([1, 2])
    >>> own = np.float32([[1, 2, 3], [7, 7, 7]])
    >>> _, columns, own = packed(Sheet(("a", "b", "c"), common, columns, own))
    >>> columns, np.frombuffer(own, "<f4").tolist()
    ((1,), [1.0, 2.0, 3.0])
    """
    settled = sheet.settled()
    own = np.ascontiguousarray(settled.own)
    common = settled.common.astype("<f4").tobytes()
    return common, tuple(settled.columns.tolist()), own.astype("<f4").tobytes()


def sheet(found: Candidates) -> Sheet:
    """The feature rows of a record, in the form they are served in, closer looks included."""
    taken = tuple(
        (np.array(look.rows, dtype=np.intp), _unpacked(look, len(look.rows))) for look in found.looks
    )
    return replace(_unpacked(found, len(found.ads)), look=looks.Remembered(taken))


def _unpacked(found: Candidates | Look, rows: int) -> Sheet:
    if not found.common:  # as written before: all columns, row by row
        flat = np.frombuffer(found.features, dtype="<f4").reshape(rows, len(found.feature_names))
        every = np.arange(len(found.feature_names))
        blank = np.full(len(found.feature_names), np.nan, dtype=np.float32)
        return Sheet(found.feature_names, blank, every, np.ascontiguousarray(flat.T, dtype=np.float32))
    own = np.frombuffer(found.features, dtype="<f4").reshape(len(found.columns), rows)
    return Sheet(
        found.feature_names,
        np.frombuffer(found.common, dtype="<f4").astype(np.float32),
        np.array(found.columns, dtype=np.int64),
        own.astype(np.float32),
    )


def features(found: Candidates) -> NDArray[np.float32]:
    """The feature rows of a record in full: float32 (ads, features)."""
    return sheet(found).matrix()


@njit(cache=True)
def _repeated(codes):  # type: ignore[no-untyped-def]
    """Whether any code comes twice."""
    size = 4
    while size < 2 * len(codes):
        size *= 2
    held = np.full(size, -1, np.int64)
    for code in codes:
        place = (code * 0x9E3779B1) & (size - 1)
        while held[place] >= 0:
            if held[place] == code:
                return True
            place = (place + 1) & (size - 1)
        held[place] = code
    return False
