"""Whether a review praises or complains, as a calibrated chance; learned from labelled reviews.

Runs of one to three ideographs, and words and pairs of words of every language, weighed by rarity and by
how unevenly praise and complaint use them (Wang and Manning 2012, 'Baselines and Bigrams'), then a
logistic regression; the chances are put right on a tenth of the rows that the first fit has not seen.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, extra
from hawker.language.care import prepared
from hawker.storage import snapshot

if TYPE_CHECKING:
    from hawker.storage.shop import Shop

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]
LEAST = 50
"""Reviews of either kind that there must be to learn from."""
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(f"[{_HAN}]+")
_LONGEST = 3  # ideographs of a run that count together
_SEEN = 3  # texts that hold a term which is kept
_STRENGTH = 4.0
_HELD = 10
_STEPS = 300


class Sentiment:
    """Weights of terms. Made by `fit`; kept by `save`, a file of plain arrays.

    `name` carries a digest of what was learned, `places` the column of each term.
    """

    def __init__(
        self, terms: Sequence[str], rarity: Floats, weights: Floats, *, shift: float, slope: float
    ) -> None:
        self.terms = tuple(terms)
        self.rarity = rarity
        self.weights = weights
        self.shift, self.slope = shift, slope
        self.places = {term: place for place, term in enumerate(self.terms)}
        digest = hashlib.md5(weights.tobytes() + "\x1f".join(terms).encode(), usedforsecurity=False)
        self.name = f"sentiment-{digest.hexdigest()[:8]}"

    def score(self, texts: Sequence[str]) -> Floats:
        """How likely each text praises, 0 to 1; NaN where no term of it is known."""
        found = np.full(len(texts), np.nan)
        for row, text in enumerate(texts):
            held = [(self.places[t], n) for t, n in Counter(terms(text)).items() if t in self.places]
            if held:
                places = np.array([place for place, _ in held])
                weight = (1.0 + np.log([n for _, n in held])) * self.rarity[places]
                logit = float(weight @ self.weights[places] / np.sqrt(weight @ weight)) + self.shift
                found[row] = 1.0 / (1.0 + np.exp(-self.slope * logit))
        return found

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        about = np.frombuffer("\x1f".join(self.terms).encode(), dtype=np.uint8)
        numbers = np.array([self.shift, self.slope])
        arrays: dict[str, NDArray[Any]] = {
            "terms": about,
            "rarity": self.rarity,
            "weights": self.weights,
            "numbers": numbers,
        }
        snapshot.save(path, arrays)

    @classmethod
    def load(cls, path: Path) -> Sentiment:
        """Read what `save` wrote; raises `Corrupt` where it cannot be read."""
        held = snapshot.load(path, remedy="Delete it and learn it again.")
        names = held["terms"].tobytes().decode().split("\x1f")
        shift, slope = held["numbers"].tolist()
        return cls(names, held["rarity"], held["weights"], shift=shift, slope=slope)


def fit(texts: Sequence[str], labels: Sequence[int], *, progress: Progress | None = None) -> Sentiment:
    """Learn from reviews that praise (1) and complain (0). Needs the extra `train`.

    About 1 CPU second for 1,500 reviews of a few sentences. The same rows give the same model.
    """
    y = np.asarray(labels, dtype=np.int64)
    if len(y) != len(texts) or not np.isin(y, (0, 1)).all():
        raise BadInput("Every review needs one label, 0 or 1.", remedy="Give as many labels as texts.")
    if min(np.bincount(y, minlength=2)) < LEAST:
        raise BadInput(
            f"{int(y.sum())} reviews praise and {int((1 - y).sum())} complain.",
            remedy=f"Give at least {LEAST} of either kind.",
        )
    tell = progress or (lambda _words, _share: None)
    tell("read the reviews", 0.0)
    names, rarity, rows = _table(texts, len(y))
    held = np.arange(len(y)) % _HELD == 0
    tell("learn", 0.5)
    first, shift = _learned(rows[~held], y[~held])
    slope, offset = _put_right(rows[held] @ first + shift, y[held])
    tell("learn from all", 0.75)
    weights, shift = _learned(rows, y)
    return Sentiment(names, rarity, weights, shift=shift + offset / slope, slope=slope)


def of(shop: Shop, *, most: int = 5_000) -> Sentiment | None:
    """What the shop's own reviews with stars teach, the latest `most`; None where they are too few.

    Four stars and more praise, two and fewer complain. Nothing is kept, so nothing has to be forgotten.
    """
    from hawker.privacy.people import unprofiled
    from hawker.storage import tables
    from hawker.storage.event_log import EventLog

    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    rows = connection.execute(
        "SELECT text, any_value(rating) >= 4 FROM events WHERE kind = 'review' AND trim(text) <> '' "
        "AND (rating >= 4 OR rating <= 2) AND NOT list_contains($without, shopper) "
        "GROUP BY text ORDER BY max(time) DESC, text LIMIT $most",
        {"without": sorted(unprofiled(shop)), "most": most},
    ).fetchall()
    praise = sum(bool(label) for _, label in rows)
    if min(praise, len(rows) - praise) < LEAST:
        return None
    return fit([str(text) for text, _ in rows], [int(label) for _, label in rows])


def terms(text: str) -> Iterator[str]:
    """The terms of a text: runs of ideographs up to three long, words, and pairs of neighbouring words.

    >>> list(terms("Not bad!"))
    ['not', 'bad', 'not bad', '!', 'bad !']
    >>> sorted(set(terms("很满意")))[:3]
    ['很', '很 满意', '很满']
    """
    plain = prepared(text).lower()
    for run in _RUN.findall(plain):
        for length in range(1, _LONGEST + 1):
            yield from (run[at : at + length] for at in range(len(run) - length + 1))
    before = ""
    for word in _cut(plain):
        if len(word) > 1 or not _RUN.match(word):
            yield word
        if before:
            yield f"{before} {word}"
        before = word


def _cut(text: str) -> Iterable[str]:
    """Words and marks; ideographs by dictionary."""
    if _RUN.search(text):
        import rjieba

        return (word for word in rjieba.cut(text) if not word.isspace())
    return re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text)


def _table(texts: Sequence[str], count: int) -> tuple[list[str], Floats, Any]:
    """The terms that several texts hold, how rare each is, and the texts as sparse rows of unit length."""
    sparse = extra("scipy.sparse", "train")
    places: dict[str, int] = {}
    codes: list[NDArray[np.int32]] = []
    counts: list[NDArray[np.int32]] = []
    for text in texts:
        bag = Counter(terms(text))
        codes.append(np.fromiter((places.setdefault(t, len(places)) for t in bag), np.int32, len(bag)))
        counts.append(np.fromiter(bag.values(), np.int32, len(bag)))
    starts = np.concatenate([[0], np.cumsum([len(found) for found in codes])])
    columns, times = np.concatenate(codes), np.concatenate(counts).astype(np.float64)
    held = np.bincount(columns, minlength=len(places))
    kept = np.flatnonzero(held >= min(_SEEN, count))
    rarity: Floats = np.log((1.0 + count) / (1.0 + held[kept])) + 1.0
    whole = sparse.csr_matrix((1.0 + np.log(times), columns, starts), shape=(count, len(places)))
    rows = whole[:, kept] @ sparse.diags(rarity)
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    rows = sparse.diags(1.0 / np.where(length > 0, length, 1.0)) @ rows
    names = list(places)
    return [names[place] for place in kept], rarity, rows.tocsr()


def _learned(rows: Any, y: NDArray[np.int64]) -> tuple[Floats, float]:
    """Weights of terms and the shift: a logistic regression on terms scaled by their log-count ratio."""
    linear, sparse = extra("sklearn.linear_model", "train"), extra("scipy.sparse", "train")
    held = rows.sign()
    praise = np.asarray(held[y == 1].sum(axis=0)).ravel() + 1.0
    blame = np.asarray(held[y == 0].sum(axis=0)).ravel() + 1.0
    ratio: Floats = np.log(praise / praise.sum()) - np.log(blame / blame.sum())
    model = linear.LogisticRegression(
        C=_STRENGTH, solver="liblinear", dual=True, max_iter=_STEPS, random_state=7
    )
    model.fit((rows @ sparse.diags(ratio)).tocsr(), y)
    weights: Floats = model.coef_[0] * ratio
    return weights, float(model.intercept_[0])


def _put_right(logit: Floats, y: NDArray[np.int64]) -> tuple[float, float]:
    """Slope and offset that make chances of logits hold on rows not learned from (Platt's scaling)."""
    linear = extra("sklearn.linear_model", "train")
    model = linear.LogisticRegression(C=1e6).fit(logit[:, None], y)
    return max(float(model.coef_[0, 0]), 1e-3), float(model.intercept_[0])


def split(texts: Sequence[str], groups: Sequence[Any], *, share: float = 0.8) -> NDArray[np.bool_]:
    """Which texts are for learning: within each group those whose SHA-1 comes first, `share` of them.

    It depends on the texts alone, so everyone who has them has the same split.
    """
    learn = np.zeros(len(texts), dtype=np.bool_)
    digest = [hashlib.sha1(text.encode(), usedforsecurity=False).digest() for text in texts]
    order = sorted(range(len(texts)), key=lambda row: (str(groups[row]), digest[row]))
    for _, held in itertools.groupby(order, key=lambda row: str(groups[row])):
        rows = list(held)
        learn[rows[: round(share * len(rows))]] = True
    return learn
