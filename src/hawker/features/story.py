"""What a shopper did as a text: searches, views, carts, purchases and reviews in the order of time.

"searched 跑鞋; viewed Trail shoe 42; bought Trail shoe 42": for people to read, and for language models
to learn the shop's behaviour from. Told from the event log, so nothing is kept that an erasure would miss.
Of shoppers whose behaviour may be put to no use there is no story; nothing is told of products of
special categories, and mail addresses and telephone numbers in searches and reviews are masked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from hawker.privacy import erasure, masking
from hawker.privacy.people import sensitive, unprofiled
from hawker.privacy.pseudonym import Naming
from hawker.records.events import DAY, SECOND, EventKind
from hawker.records.markup import clean
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

if TYPE_CHECKING:
    import duckdb

MOST = 50
"""Deeds of a story; of longer histories the latest are told."""
LONGEST = 80
"""Characters of a title, search or review that are told."""
KINDS: dict[EventKind, tuple[str, str]] = {
    EventKind.SEARCH: ("searched", "搜索"),
    EventKind.VIEW: ("viewed", "浏览"),
    EventKind.CLICK: ("opened", "点开"),
    EventKind.CART: ("put in the cart", "加购"),
    EventKind.WISH: ("wished for", "收藏"),
    EventKind.LIKE: ("liked", "喜欢"),
    EventKind.PURCHASE: ("bought", "购买"),
    EventKind.RETURN: ("returned", "退货"),
    EventKind.REVIEW: ("reviewed", "评价"),
    EventKind.SHARE: ("shared", "分享"),
}
"""The kinds of event that a story tells, and what it says for them in English and Chinese."""
REASONS = {
    "no_history": "Nothing is recorded of this shopper.",
    "refused": "This shopper's behaviour may be put to no use: there is no story.",
}
"""Why a shopper has no story."""
_CHINESE = {
    "no_history": "没有该顾客的行为记录。",
    "refused": "该顾客的行为不得被使用，故无行为文本。",
}
_WORDS = {
    "liked": ("liked", "满意"),
    "disliked": ("disliked", "不满意"),
    "mixed": ("mixed", "一般"),
    "breaks": ("; ", "；"),
    "says": (": ", "："),
    "times": (" ({times} times)", "（{times}次）"),
    "more": ("{count} earlier", "此前还有 {count} 项"),
}
_LIKED, _DISLIKED = 4.0, 2.0
_SURE = 0.6
_SAME = 60 * SECOND
_FETCHED = 20_000
_REPEATED = {EventKind.CLICK, EventKind.VIEW, EventKind.SEARCH}

Feeling = Callable[[Sequence[str]], Iterable[float]]
"""What says how likely each of some texts praises: `language.sentiment.Sentiment.score`."""


class Deed(Struct, frozen=True, omit_defaults=True):
    """One thing a shopper did. `what` is a search or a title; `feeling` what a review says, if known."""

    kind: EventKind
    time: int
    what: str
    product: str = ""
    quantity: float = 1.0
    feeling: str = ""
    times: int = 1

    def told(self, language: str = "en") -> str:
        """The deed in words.

        >>> Deed(EventKind.PURCHASE, 0, "跑鞋", quantity=2).told("zh")
        '购买跑鞋×2'
        """
        chinese = language.lower().startswith("zh")
        gap = "" if chinese else " "
        text = f"{KINDS[self.kind][chinese]}{gap}{self.what}"
        if self.quantity > 1:
            text += f"{gap}×{self.quantity:g}"
        if self.times > 1:
            text += _WORDS["times"][chinese].format(times=self.times)
        if self.feeling:
            text += _WORDS["says"][chinese] + _WORDS[self.feeling][chinese]
        return text


class Story(Struct, frozen=True, omit_defaults=True):
    """A shopper's deeds, oldest first. `earlier` were left out; `reason` says why there are none."""

    shopper: str
    deeds: tuple[Deed, ...] = ()
    earlier: int = 0
    reason: str = ""

    def text(self, language: str = "en", *, longest: int = 0) -> str:
        """All deeds as one line of text; with `longest`, the latest that fit in so many characters.

        '' where there are none, so that nothing is ever learned from an excuse.
        """
        chinese = language.lower().startswith("zh")
        told: list[str] = []
        left = longest
        for deed in reversed(self.deeds):
            words = deed.told(language)
            left -= len(words) + len(_WORDS["breaks"][chinese])
            if longest and left < 0:
                break
            told.append(words)
        return _WORDS["breaks"][chinese].join(reversed(told))

    def lines(self, language: str = "en", *, offset: int = 0) -> list[str]:
        """A line a deed with its date, on the shop's clock; or the reason why there is none."""
        chinese = language.lower().startswith("zh")
        if not self.deeds:
            return [(_CHINESE if chinese else REASONS)[self.reason or "no_history"]]
        head = [_WORDS["more"][chinese].format(count=self.earlier)] if self.earlier else []
        return head + [f"{_day(deed.time, offset)}  {deed.told(language)}" for deed in self.deeds]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def of(
    shop: Shop,
    shopper: str,
    *,
    most: int = MOST,
    until: int = 0,
    titles: Mapping[str, str] | None = None,
    feeling: Feeling | None = None,
) -> Story:
    """The story of one shopper, named as the shop names them: up to the moment `until` (0: all of it).

    `titles` says how products are named (else by their titles), `feeling` what reviews without stars say.
    """
    name = Naming(shop).of(shopper)
    if name in unprofiled(shop):
        return Story(name, reason="refused")
    found = _stories(shop, most=most, until=until, titles=titles, feeling=feeling, only=name, without=())
    return next(found, Story(name, reason="no_history"))


def all(
    shop: Shop,
    *,
    most: int = MOST,
    until: int = 0,
    least: int = 1,
    titles: Mapping[str, str] | None = None,
    feeling: Feeling | None = None,
) -> Iterator[Story]:
    """The stories of all shoppers whose behaviour may be used, with `least` deeds and more, by name."""
    without = unprofiled(shop)
    found = _stories(shop, most=most, until=until, titles=titles, feeling=feeling, only="", without=without)
    return (story for story in found if len(story.deeds) >= least)


def searches(shop: Shop, shopper: str) -> list[tuple[str, int]]:
    """What one shopper searched for and when, oldest first; nothing where it may not be used."""
    kept = (deed for deed in of(shop, shopper, most=0).deeds if deed.kind is EventKind.SEARCH)
    return [(deed.what, deed.time) for deed in kept]


def asked(shop: Shop, *, most: int = 50_000) -> dict[str, int]:
    """The shop's commonest searches and on how many days of a shopper each was made; of whom may be told."""
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    leaving = {name for journal in erasure.pending(shop) for name in journal.names}
    rows = connection.execute(
        "SELECT lower(trim(query)), count(DISTINCT (shopper, time // $day)) AS times FROM events "
        f"WHERE kind = '{EventKind.SEARCH}' AND trim(query) <> '' AND NOT list_contains($without, shopper) "
        "GROUP BY 1 ORDER BY times DESC, 1 LIMIT $most",
        {"day": DAY, "without": sorted(unprofiled(shop) | leaving), "most": most},
    )
    return {str(words): int(times) for words, times in rows.fetchall()}


def _stories(
    shop: Shop,
    *,
    most: int,
    until: int,
    titles: Mapping[str, str] | None,
    feeling: Feeling | None,
    only: str,
    without: Collection[str],
) -> Iterator[Story]:
    hidden = sensitive(shop)
    names = titles if titles is not None else {p.id: p.title for p in shop.catalogue.values()}
    rows = _rows(shop, only=only, until=until)
    for shopper, own in groupby(rows, key=lambda row: str(row["shopper"])):
        kept = [row for row in own if row["product"] not in hidden]
        deeds = _merged([deed for row in kept if (deed := _deed(row, names, feeling))])
        if deeds and shopper not in without:
            told = tuple(deeds[-most:]) if most else tuple(deeds)
            yield Story(shopper, told, earlier=len(deeds) - len(told))


def _rows(shop: Shop, *, only: str, until: int) -> Iterator[dict[str, Any]]:
    """The events that are told, shopper after shopper, each in the order of time."""
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    query = (
        "SELECT shopper, kind, time, product, query, quantity, rating, text FROM events "
        f"WHERE shopper <> '' AND kind IN ({kinds})"
        + (" AND shopper = $only" if only else "")
        + (" AND time < $until" if until else "")
        + " ORDER BY shopper, time, id"
    )
    given = {name: value for name, value in (("only", only), ("until", until)) if value}
    return _fetched(connection.execute(query, given))


def _fetched(result: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    columns = [column[0] for column in result.description or ()]
    while rows := result.fetchmany(_FETCHED):
        for row in rows:
            yield dict(zip(columns, row, strict=True))


def _deed(row: Mapping[str, Any], titles: Mapping[str, str], feeling: Feeling | None) -> Deed | None:
    """One event as a deed; None where it says nothing: no search words, no product."""
    kind = EventKind(row["kind"])
    searched = kind is EventKind.SEARCH
    what = _told(row["query"]) if searched else _short(titles.get(row["product"], row["product"]))
    if not what:
        return None
    felt = _felt(row["rating"], row["text"], feeling) if kind is EventKind.REVIEW else ""
    quantity = float(row["quantity"]) if kind in (EventKind.PURCHASE, EventKind.RETURN) else 1.0
    product = "" if searched else str(row["product"])
    return Deed(kind, int(row["time"]), what, product, quantity, felt)


def _felt(rating: float | None, text: str, feeling: Feeling | None) -> str:
    """What a review says: by its stars, else by its words where somebody can read them."""
    if rating is not None:
        return "liked" if rating >= _LIKED else "disliked" if rating <= _DISLIKED else "mixed"
    if feeling is None or not text.strip():
        return ""
    sure = float(next(iter(feeling([text]))))
    if isnan(sure):
        return ""
    return "liked" if sure >= _SURE else "disliked" if sure <= 1 - _SURE else "mixed"


def _merged(deeds: list[Deed]) -> list[Deed]:
    """A page opened and read is one deed; so is one looked at again and again."""
    kept: list[Deed] = []
    for deed in deeds:
        last = kept[-1] if kept else None
        if last is None or last.product != deed.product or last.what != deed.what:
            kept.append(deed)
        elif last.kind is EventKind.CLICK and deed.kind is EventKind.VIEW and deed.time - last.time < _SAME:
            kept[-1] = deed
        elif last.kind is deed.kind and deed.kind in _REPEATED:
            kept[-1] = structs.replace(last, times=last.times + 1)
        else:
            kept.append(deed)
    return kept


def _told(text: str) -> str:
    """Words of a shopper's own, fit to be read by others."""
    return _short(masking.text(text))


def _short(text: str) -> str:
    """A text on one line, without markup or what cannot be printed, of at most `LONGEST` characters."""
    plain = "".join(c for c in clean(text[: 4 * LONGEST]) if c.isprintable()).replace(";", ",").strip()
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1].rstrip() + "…"


def _day(time: int, offset: int) -> str:
    moment = datetime.fromtimestamp(time / 1e6, UTC) + timedelta(minutes=offset)
    return moment.strftime("%Y-%m-%d %H:%M")
