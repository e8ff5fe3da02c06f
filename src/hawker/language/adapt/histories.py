"""Who met what and when: what an encoder is adapted to, and the moments at which it is judged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, extra
from hawker.language.care import prepared
from hawker.language.product import meanings
from hawker.privacy import masking
from hawker.privacy.people import sensitive, unprofiled
from hawker.records.catalogue import levels
from hawker.records.events import DAY
from hawker.records.traffic import MARK
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

Ints = NDArray[np.int64]
HALF_LIFE = 30 * DAY
_MET = ("purchase", "cart", "click", "wish", "like", "view")
"""What makes a shopper's interest; of these the strongest kind that has enough events is learned from."""
_TAKEN = ("purchase", "cart", "click")
_ENOUGH = 1_000


@dataclass(frozen=True)
class Rows:
    """Moments: what a shopper had met before, weighed by recency, and what was new to them at that visit.

    `known` and `new` are sparse (rows, things); the weights of a row of `known` sum to 1, `new` is 0 or 1.
    """

    shopper: Ints
    time: Ints
    known: Any
    new: Any

    def __len__(self) -> int:
        return len(self.shopper)

    def take(self, places: Ints) -> Rows:
        """Some of the rows."""
        return Rows(self.shopper[places], self.time[places], self.known[places], self.new[places])


@dataclass(frozen=True)
class Searches:
    """What was asked, by whom and when, and what that visit then clicked, put in the cart or bought."""

    text: tuple[str, ...] = ()
    shopper: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    time: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    thing: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class Histories:
    """Meetings in order of shopper, time and visit; `thing` is a row of `texts`, all of them distinct.

    Products that say the same are one thing. `half_life` (microseconds) is how fast a meeting fades.
    """

    texts: tuple[str, ...]
    shopper: Ints
    time: Ints
    visit: Ints
    thing: Ints
    half_life: float = HALF_LIFE
    searches: Searches = Searches()
    products: dict[str, str] = field(default_factory=dict)
    """Of each text one product that says it."""
    labels: tuple[str, ...] = ()
    """The widest category of each text, '' where there is none; for a task that is about categories."""

    @classmethod
    def of(
        cls, texts: Sequence[str], shopper: Ints, *, time: Ints, visit: Ints, thing: Ints, **settings: Any
    ) -> Histories:
        """Meetings in any order, brought into theirs."""
        order = np.lexsort((visit, time, shopper))
        return cls(tuple(texts), shopper[order], time[order], visit[order], thing[order], **settings)

    def __len__(self) -> int:
        return len(self.thing)

    @cached_property
    def visits(self) -> tuple[Ints, Ints]:
        """Where each visit begins, and where its shopper does."""
        person = np.diff(self.shopper, prepend=self.shopper[:1] - 1) != 0
        begins = np.nonzero(person | (np.diff(self.visit, prepend=self.visit[:1] - 1) != 0))[0]
        people = np.nonzero(person)[0]
        return begins, people[np.searchsorted(people, begins, side="right") - 1]

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Which meetings are the shopper's first with that thing."""
        key = self.shopper * (len(self.texts) + 1) + self.thing
        found = np.zeros(len(self), dtype=np.bool_)
        found[np.unique(key, return_index=True)[1]] = True
        return found

    @cached_property
    def content(self) -> str:
        """A digest of all that is held."""
        digest = hashlib.sha256("\x1f".join(self.texts).encode())
        digest.update("\x1f".join(self.searches.text).encode())
        for array in (self.shopper, self.time, self.visit, self.thing, self.searches.thing):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()[:16]

    def counts(self, start: int, stop: int) -> Ints:
        """How often each thing was met for the first time in a stretch of time."""
        within = self.first & (self.time >= start) & (self.time < stop)
        return np.bincount(self.thing[within], minlength=len(self.texts)).astype(np.int64)

    def moments(self) -> Ints:
        """The times of all visits that brought something new after something known, in order."""
        return np.sort(self.time[self.visits[0][self._telling()]])

    def rows(self, start: int, stop: int, *, most: int, seed: int = 0) -> Rows:
        """At most `most` moments of a stretch of time, drawn by chance."""
        begins, people = self.visits
        ends = np.append(begins[1:], len(self))
        picked = np.nonzero(self._telling() & (self.time[begins] >= start) & (self.time[begins] < stop))[0]
        if len(picked) > most:
            picked = np.sort(np.random.default_rng(seed).choice(picked, most, replace=False))
        known, new = [], []
        for visit in picked:
            before = slice(people[visit], begins[visit])
            now = slice(begins[visit], ends[visit])
            known.append(self._weighed(before, at=int(self.time[begins[visit]])))
            fresh = np.unique(self.thing[now][self.first[now]])
            new.append((fresh, np.ones(len(fresh), dtype=np.float32)))
        shape = len(self.texts)
        at = begins[picked]
        return Rows(self.shopper[at], self.time[at], _sparse(known, shape), _sparse(new, shape))

    def latest(self, row: Any, count: int) -> list[int]:
        """The things of one row of `known` that weigh most, the lightest of them first."""
        best = np.argsort(-row.data, kind="stable")[:count]
        return [int(code) for code in row.indices[best][::-1]]

    def _telling(self) -> NDArray[np.bool_]:
        begins, people = self.visits
        fresh = np.logical_or.reduceat(self.first, begins) if len(begins) else np.zeros(0, dtype=np.bool_)
        telling: NDArray[np.bool_] = fresh & (begins > people)
        return telling

    def _weighed(self, span: slice, *, at: int) -> tuple[Ints, NDArray[np.float32]]:
        things, place = np.unique(self.thing[span], return_inverse=True)
        age = (at - self.time[span]) / self.half_life
        weights = np.bincount(place, 0.5 ** (age - age.min()))  # the latest counts 1, however long ago
        return things, (weights / weights.sum()).astype(np.float32)


def read(shop: Shop) -> Histories:
    """What shoppers of the log met, but for those of whom nothing may be learned, and special categories.

    Purchases where there are enough of them, else with carts, clicks, and so on down to views; no invalid
    traffic. Mail addresses and telephone numbers in searches are masked. Raises `BadInput` where there is
    no behaviour.
    """
    texts, thing, labels = _things(shop)
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    held = tables.columns(connection, _EVENTS)
    silent, hidden = unprofiled(shop), sensitive(shop)
    kind, given = held["kind"].astype(str), held["product"].tolist()
    code = np.array([-1 if one in hidden else thing.get(one, -1) for one in given], dtype=np.int64)
    heard = np.array([one not in silent for one in held["shopper"].tolist()], dtype=np.bool_)
    usable = heard & (code >= 0) & (kind != "search")
    kept = usable & np.isin(kind, _kinds(kind[usable]))
    if not kept.any():
        raise BadInput(
            f"'{shop.folder}' has no behaviour to adapt an encoder to.",
            remedy="Bring in the catalogue and the log: hawker ingest.",
        )
    shopper = np.unique(held["shopper"].astype(str), return_inverse=True)[1].astype(np.int64)
    time = held["time"].astype(np.int64)
    visit = _visits(held["session"].astype(str), shopper, time)
    asked = np.where(heard & (kind == "search"), held["query"].astype(str), "")
    taken = np.where(usable & np.isin(kind, _TAKEN), code, -1)
    return Histories.of(
        texts,
        shopper[kept],
        time=time[kept],
        visit=visit[kept],
        thing=code[kept],
        products={texts[code]: product for product, code in thing.items()},
        labels=labels,
        searches=_searches(asked, shopper, time=time, visit=visit, taken=taken),
    )


_EVENTS = f"""
SELECT kind, shopper, product, session, time, query FROM events
WHERE shopper <> '' AND NOT synthetic AND NOT starts_with(reason, '{MARK}')
  AND ((kind IN {_MET} AND product <> '') OR (kind = 'search' AND query <> '')) ORDER BY time, id
"""


def _things(shop: Shop) -> tuple[tuple[str, ...], dict[str, int], tuple[str, ...]]:
    """The catalogue's distinct texts, which of them each product says, and each text's widest category."""
    texts = [prepared(text) for text in meanings(shop.catalogue.values())]
    distinct = tuple(dict.fromkeys(text for text in texts if text))
    place = {text: code for code, text in enumerate(distinct)}
    thing = {product: place[text] for product, text in zip(shop.catalogue, texts, strict=True) if text}
    labels = [""] * len(distinct)
    for product, code in thing.items():
        labels[code] = (levels(shop.catalogue[product].category) or ("",))[0]
    return distinct, thing, tuple(labels)


def _searches(asked: NDArray[np.str_], shopper: Ints, *, time: Ints, visit: Ints, taken: Ints) -> Searches:
    """Each thing taken, with the last search of its visit before it."""
    last: dict[int, int] = {}
    found = []
    for place in np.nonzero((asked != "") | (taken >= 0))[0].tolist():
        if asked[place]:
            last[int(visit[place])] = place
        elif int(visit[place]) in last:
            found.append((last[int(visit[place])], place))
    searched = np.array([search for search, _ in found], dtype=np.int64)
    met = np.array([place for _, place in found], dtype=np.int64)
    texts = tuple(prepared(masking.text(str(asked[search]))) for search in searched)
    return Searches(texts, shopper[searched], time[searched], taken[met])


def _kinds(found: NDArray[np.str_]) -> list[str]:
    kinds: list[str] = []
    for kind in _MET:
        kinds.append(kind)
        if np.isin(found, kinds).sum() >= _ENOUGH:
            break
    return kinds


def _visits(session: NDArray[np.str_], shopper: Ints, time: Ints) -> Ints:
    """The number of each event's visit: its session, or where none is named its moment."""
    moment = np.char.add(np.char.add(shopper.astype(str), "@"), time.astype(str))
    return np.unique(np.where(session == "", moment, session), return_inverse=True)[1].astype(np.int64)


def _sparse(rows: Sequence[tuple[Ints, NDArray[np.float32]]], width: int) -> Any:
    sparse = extra("scipy.sparse", "adapt")
    starts = np.concatenate([[0], np.cumsum([len(things) for things, _ in rows])]).astype(np.int64)
    things = np.concatenate([things for things, _ in rows]) if rows else np.zeros(0, dtype=np.int64)
    values = np.concatenate([held for _, held in rows]) if rows else np.zeros(0, dtype=np.float32)
    return sparse.csr_matrix((values, things, starts), shape=(len(rows), width))
