"""Groups of shoppers that shop alike: K-means over their profiles, each group named by what sets it apart.

Features are log-scaled where they are amounts, standardised, and cut at three deviations. The number of
groups is the one with the best mean silhouette (Rousseeuw 1987) from 3 to 10 on a fixed sample. A group
that lies where one lay in the previous model keeps its name, so that campaigns may target it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.errors import BadSetting, Corrupt, extra
from hawker.features.profile import SHARE, profiles
from hawker.features.state import State
from hawker.privacy.people import unprofiled
from hawker.storage import files, tables
from hawker.storage.shop import Shop

Floats = NDArray[np.float64]
CRITERION = "mean silhouette"
RANGE = range(3, 11)
LEAST = 30
"""Fewer shoppers than this are not divided."""
_FIT, _JUDGED = 20_000, 2_000  # shoppers that K-means is fitted on, and that the silhouette is taken of
_CUT = 3.0
_TELLING = 0.4  # deviations from the average that are worth a word
_ALIKE = 0.75  # root mean square of deviations between a group and its former self, at most
_MODEL = "segments.json"

WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "visits_per_week": ("frequent", "infrequent"),
        "days_since_last": ("lapsed", "recent"),
        "dwell_per_visit": ("long visits", "short visits"),
        "amount": ("high spend", "low spend"),
        "amount_per_visit": ("large baskets", "small baskets"),
        "price": ("high prices", "low prices"),
        "repeat_share": ("buys again", "tries new things"),
        "ad_click_rate": ("clicks ads", "passes over ads"),
        SHARE: ("{}", "little {}"),
        "": ("average", "everyone"),
        "join": (", ", " "),
    },
    "zh": {
        "visits_per_week": ("常来", "少来"),
        "days_since_last": ("久未到访", "近期到访"),
        "dwell_per_visit": ("停留久", "停留短"),
        "amount": ("消费高", "消费低"),
        "amount_per_visit": ("客单大", "客单小"),
        "price": ("偏好高价", "偏好低价"),
        "repeat_share": ("爱复购", "爱尝新"),
        "ad_click_rate": ("爱点广告", "少点广告"),
        SHARE: ("{}", "少买{}"),
        "": ("普通顾客", "全部顾客"),
        "join": ("、", ""),
    },
}
"""What a high and a low value of a feature is called; '' is the group without traits, and everyone."""
_PLAIN = ("repeat_share", "ad_click_rate")  # not amounts, so not log-scaled


class Feature(Struct, frozen=True):
    """How one number of a profile becomes comparable: log-scaled or not, filled, standardised."""

    name: str
    fill: float
    mean: float
    deviation: float

    @property
    def log(self) -> bool:
        """Whether it is an amount, whose logarithm is used."""
        return self.name not in _PLAIN and not self.name.startswith(SHARE)


class Segment(Struct, frozen=True):
    """One group: its name, its size and share, and where its centre lies, in deviations from the average."""

    name: str
    size: int
    share: float
    center: tuple[float, ...]


class Segments(Struct, frozen=True):
    """The groups, largest first, and how they were found. `scores` has the criterion for each k tried.

    With a `reason` there is one group only, because the shop could not be divided.
    """

    features: tuple[Feature, ...]
    segments: tuple[Segment, ...]
    seed: int
    language: str
    shoppers: int
    criterion: str = CRITERION
    scores: dict[int, float] = {}
    reason: str = ""

    def __str__(self) -> str:
        tried = ", ".join(f"{k}: {score:.3f}" for k, score in self.scores.items())
        why = self.reason or (f"{self.criterion} by number {{{tried}}}" if tried else "the number was given")
        lines = (f"  {segment.share:6.1%}  {segment.name}" for segment in self.segments)
        return "\n".join((f"{len(self.segments)} segments of {self.shoppers} shoppers ({why})", *lines))

    @property
    def departments(self) -> tuple[str, ...]:
        """The departments whose shares are among the features: for `profiles`."""
        return tuple(f.name.removeprefix(SHARE) for f in self.features if f.name.startswith(SHARE))

    def assign(self, names: Sequence[str], matrix: Floats) -> NDArray[np.intp]:
        """The index of the nearest segment of each profile (names and matrix as `profiles` gives them)."""
        if len(self.segments) == 1:
            return np.zeros(len(matrix), dtype=np.intp)
        centers = np.array([segment.center for segment in self.segments])
        return _nearest(_scaled(self.features, names, matrix), centers)


def segments(
    state: State,
    *,
    now: int,
    seed: int = 7,
    k: int | None = None,
    language: str = "en",
    previous: Segments | None = None,
    without: Collection[str] = (),
) -> Segments:
    """Divide the shop's shoppers as of `now`. `previous` lends its names to the groups that stayed.

    Those `without` a part in it (see `protected`) leave no trace in the centres either. Same events
    and seed, same segments. Needs scikit-learn.
    """
    everyone = state.codes["shopper"].names
    shoppers = np.array([i for i, name in enumerate(everyone) if name not in without], dtype=np.int32)
    names, matrix = profiles(state, shoppers, now=now)
    return divide(names, matrix, seed=seed, k=k, language=language, previous=previous)


def divide(
    names: Sequence[str],
    matrix: Floats,
    *,
    seed: int = 7,
    k: int | None = None,
    language: str = "en",
    previous: Segments | None = None,
) -> Segments:
    """Divide profiles (as `profiles` gives them); those without a visit take no part."""
    if k is not None and k < 1:
        raise BadSetting(f"{k} segments were asked for.", remedy="Ask for 1 or more, or for none to choose.")
    words = WORDS["zh" if language.startswith("zh") else "en"]
    active = matrix[matrix[:, list(names).index("visits")] > 0]
    features = _features(names, active)
    reason = _undivided(len(active), k, features)
    if reason:
        everyone = Segment(words[""][1], len(active), 1.0, tuple(0.0 for _ in features))
        return Segments(features, (everyone,), seed, language, len(active), reason=reason)
    scaled = _scaled(features, names, active)
    drawn = np.sort(np.random.default_rng(seed).permutation(len(scaled))[:_FIT])
    scores = {} if k else _scores(scaled[drawn], seed)
    chosen = k or max(scores, key=lambda tried: (scores[tried], -tried))
    centers = np.round(_means(scaled[drawn], chosen, seed, starts=10), 9)
    sizes = np.bincount(_nearest(scaled, centers), minlength=chosen)
    order = sorted(range(chosen), key=lambda i: (-sizes[i], *centers[i]))
    centers, sizes = centers[order], sizes[order]
    kept = _kept(features, centers, previous if previous and previous.language == language else None)
    named = _named(features, centers, words, kept)
    found = tuple(
        Segment(name, int(size), float(size) / len(active), tuple(float(value) for value in center))
        for name, size, center in zip(named, sizes, centers, strict=True)
    )
    return Segments(features, found, seed, language, len(active), scores=scores)


def protected(shop: Shop) -> frozenset[str]:
    """The shoppers who must not be profiled, as the log names them (`privacy.people.unprofiled`)."""
    return unprofiled(shop)


def save(shop: Shop, state: State, found: Segments, *, now: int) -> int:
    """Write who belongs where (table `segments`: shopper, segment) and the model; returns the rows.

    Shoppers who are `protected` belong nowhere.
    """
    shoppers = np.arange(len(state.codes["shopper"]), dtype=np.int32)
    names, matrix = profiles(state, shoppers, now=now, departments=found.departments)
    without = protected(shop)
    allowed = np.array([name not in without for name in state.codes["shopper"].names], dtype=bool)
    active = (matrix[:, names.index("visits")] > 0) & allowed
    which = found.assign(names, matrix[active])
    titles = np.array([segment.name for segment in found.segments], dtype=object)
    who = np.array(state.codes["shopper"].names, dtype=object)[active]
    rows: dict[str, NDArray[Any]] = {"shopper": who, "segment": titles[which]}
    connection = tables.connect(threads=1)
    connection.register("rows", rows)
    query = "SELECT shopper::VARCHAR AS shopper, segment::VARCHAR AS segment FROM rows ORDER BY shopper"
    count = tables.replace(connection, query, shop.table("segments"))
    files.write(shop.state / _MODEL, msgspec.json.encode(found))
    return count


def load(shop: Shop) -> Segments | None:
    """The segments last saved; None where there are none."""
    path = shop.state / _MODEL
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Segments)
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"'{path.name}' cannot be read: {error}.", remedy="Delete it and make the segments again."
        ) from error


def _undivided(shoppers: int, k: int | None, features: tuple[Feature, ...]) -> str:
    """Why there is one segment only; '' where the shop can be divided."""
    if k == 1:
        return "one segment was asked for"
    if shoppers < max(LEAST, k or 0):
        return f"{shoppers} shoppers are too few to divide: {max(LEAST, k or 0)} are needed"
    return "" if features else "all shoppers are alike in every feature"


def _features(names: Sequence[str], matrix: Floats) -> tuple[Feature, ...]:
    """Those features that differ between shoppers, with their scales."""
    found = []
    for column, name in enumerate(names):
        if name not in WORDS["en"] and not name.startswith(SHARE):
            continue
        values = matrix[:, column]
        known = values[~np.isnan(values)]
        fill = 0.0 if name.startswith(SHARE) or not len(known) else float(np.median(known))
        raw = Feature(name, fill, 0.0, 1.0)
        level = _level(raw, values)
        deviation = float(level.std()) if len(level) else 0.0
        if deviation > 1e-9:
            found.append(Feature(name, fill, float(level.mean()), deviation))
    return tuple(found)


def _level(feature: Feature, values: Floats) -> Floats:
    filled = np.where(np.isnan(values), feature.fill, values)
    level: Floats = np.log1p(np.maximum(filled, 0.0)) if feature.log else filled
    return level


def _scaled(features: Sequence[Feature], names: Sequence[str], matrix: Floats) -> Floats:
    """Profiles in deviations from the average, at most three: (shoppers, features)."""
    out = np.empty((len(matrix), len(features)))
    for i, feature in enumerate(features):
        known = feature.name in names
        values = matrix[:, list(names).index(feature.name)] if known else np.full(len(matrix), np.nan)
        out[:, i] = (_level(feature, values) - feature.mean) / feature.deviation
    clipped: Floats = np.clip(out, -_CUT, _CUT)
    return clipped


def _scores(scaled: Floats, seed: int) -> dict[int, float]:
    """The mean silhouette of each number of groups that the shop is large enough for."""
    metrics = extra("sklearn.metrics", "train")
    judged = scaled[np.sort(np.random.default_rng(seed + 1).permutation(len(scaled))[:_JUDGED])]
    scores = {}
    for k in (k for k in RANGE if k <= len(scaled) // 5):
        labels = _nearest(judged, _means(scaled, k, seed, starts=4))
        if 1 < len(np.unique(labels)) < len(judged):
            scores[k] = round(float(metrics.silhouette_score(judged, labels)), 6)
    return scores or {RANGE[0]: 0.0}


def _means(scaled: Floats, k: int, seed: int, *, starts: int) -> Floats:
    cluster = extra("sklearn.cluster", "train")
    with extra("threadpoolctl", "train").threadpool_limits(1):  # sums in one order: the same every time
        centers: Floats = cluster.KMeans(k, n_init=starts, random_state=seed).fit(scaled).cluster_centers_
    return centers


def _nearest(scaled: Floats, centers: Floats) -> NDArray[np.intp]:
    distances = (centers * centers).sum(axis=1) - 2.0 * scaled @ centers.T
    nearest: NDArray[np.intp] = distances.argmin(axis=1)
    return nearest


def _kept(features: Sequence[Feature], centers: Floats, previous: Segments | None) -> dict[int, str]:
    """Groups that lie where one of the previous model lay, with its name; the closest pairs first."""
    if previous is None or len(previous.segments) == 1:
        return {}
    before = {feature.name: i for i, feature in enumerate(previous.features)}
    shared = [(i, before[feature.name]) for i, feature in enumerate(features) if feature.name in before]
    if not shared:
        return {}
    old = np.array([segment.center for segment in previous.segments])
    moved = np.column_stack([_rescaled(old[:, j], previous.features[j], features[i]) for i, j in shared])
    here = centers[:, [i for i, _ in shared]]
    apart = np.sqrt(((here[:, None, :] - moved[None, :, :]) ** 2).mean(axis=2))
    kept: dict[int, str] = {}
    for flat in np.argsort(apart, axis=None):
        i, j = np.unravel_index(flat, apart.shape)
        name = previous.segments[int(j)].name
        if apart[i, j] <= _ALIKE and int(i) not in kept and name not in kept.values():
            kept[int(i)] = name
    return kept


def _rescaled(values: Floats, old: Feature, new: Feature) -> Floats:
    scaled: Floats = (values * old.deviation + old.mean - new.mean) / new.deviation
    return scaled


def _named(
    features: Sequence[Feature],
    centers: Floats,
    words: dict[str, tuple[str, str]],
    kept: dict[int, str],
) -> list[str]:
    """A name for each group: kept, or made of what sets it apart, as long as it must be to be its own."""
    names = [kept.get(i, "") for i in range(len(centers))]
    for i, center in enumerate(centers):
        if not names[i]:
            names[i] = next(name for name in _proposals(features, center, words) if name not in names)
    return names


def _proposals(
    features: Sequence[Feature], center: Floats, words: dict[str, tuple[str, str]]
) -> Iterator[str]:
    """Ever longer names: the three largest traits, then more of them, then a number."""
    comma, space = words["join"]
    order = np.argsort(-np.abs(center), kind="stable")
    traits = [_trait(features[i].name, center[i], words) for i in order if abs(center[i]) >= _TELLING]
    if not traits:
        yield words[""][0]
    for count in range(min(3, len(traits)), len(traits) + 1):
        yield comma.join(traits[:count])
    stem = comma.join(traits[:3]) or words[""][0]
    number = 2
    while True:
        yield f"{stem}{space}{number}"
        number += 1


def _trait(feature: str, value: float, words: dict[str, tuple[str, str]]) -> str:
    low = int(value < 0)
    if feature.startswith(SHARE):
        return words[SHARE][low].format(feature.removeprefix(SHARE))
    return words[feature][low]
