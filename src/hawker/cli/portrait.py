"""A shopper as a person reads them: what they do, buy and look at, in the shop's language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hawker.cli.call import Call, table

if TYPE_CHECKING:
    from hawker.features.interest_words import Leaning
    from hawker.features.profile import Activity, Interest, Profile, Purchases, Weighted

SHOWN = 8
"""Products of the sequence that are listed."""

TERMS = {"category": 3, "attribute": 2, "phrase": 3}
"""Terms of each sort that are listed of what sets a shopper apart."""

Line = tuple[str, str]


def show(asked: Call, found: Profile) -> None:
    """Print a profile; of a shopper nobody has seen, say so."""
    if found.activity is None or found.purchases is None or found.interest is None:
        asked.say(asked.word("unknown_shopper", shopper=found.shopper))
        return
    offset = asked.shop.settings.utc_offset_minutes
    time = moment(found.now, offset)
    asked.say(asked.word("shopper_as_of", shopper=found.shopper, time=time), style="bold")
    lines = table("", "")
    lines.show_header = False
    for name, text in (
        *_activity(asked, found.activity),
        *_purchases(asked, found.purchases),
        *_interest(asked, found.interest),
    ):
        lines.add_row(f"  {asked.word(name)}", text or asked.word("nothing_lately"))
    asked.say(lines)
    _lately(asked, found, offset)


def moment(time: int, offset: int) -> str:
    """A time on the shop's clock.

    >>> moment(1_709_294_400_000_000, 480)
    '2024-03-01 20:00'
    """
    told = datetime.fromtimestamp(time / 1e6, UTC) + timedelta(minutes=offset)
    return told.strftime("%Y-%m-%d %H:%M")


def _activity(asked: Call, seen: Activity) -> Iterator[Line]:
    yield "visits", asked.word("visits_told", count=seen.visits, weekly=seen.visits_per_week)
    yield "last_seen", _ago(asked, seen.days_since_last)
    if seen.dwell is not None:
        yield "dwell", asked.word("seconds", seconds=seen.dwell)
    if seen.ad_impressions:
        rate = f"{seen.ad_click_rate:.1%}"
        yield "ads_seen", asked.word("ads_told", clicks=seen.ad_clicks, shown=seen.ad_impressions, rate=rate)


def _purchases(asked: Call, bought: Purchases) -> Iterator[Line]:
    if not bought.count or bought.price is None:
        yield "bought", asked.word("nothing")
        return
    currency = asked.shop.settings.currency
    yield "bought", asked.word("bought_told", count=bought.count, amount=bought.amount, currency=currency)
    yield "last_bought", _ago(asked, bought.days_since_last)
    band = asked.word("band", band=bought.price_band) if bought.price_band else ""
    yield "pays", f"{bought.price:,.2f} {currency}{band}"
    if bought.repeat_share is not None:
        yield "repeats", f"{bought.repeat_share:.0%}"
    yield "buys", _listed(bought.categories)
    yield "buys_brands", _listed(bought.brands)


def _interest(asked: Call, liked: Interest) -> Iterator[Line]:
    yield "looks_at", _listed(liked.categories)
    yield "likes_brands", _listed(liked.brands)
    for name, found in (("over_time", liked.words.lasting), ("recently", liked.words.recent)):
        if found:
            yield name, _set_apart(asked, found)


def _listed(entries: tuple[Weighted, ...]) -> str:
    return ", ".join(entry.name for entry in entries)


def _set_apart(asked: Call, found: tuple[Leaning, ...]) -> str:
    """The surest terms of each sort, with how many times as often as in the shop at large."""
    chosen = [one for sort, most in TERMS.items() for one in [x for x in found if x.sort == sort][:most]]
    return "\n".join(
        asked.word("leaning", name=one.name, lift=one.lift.value, low=one.lift.low, high=one.lift.high)
        for one in chosen
    )


def _ago(asked: Call, days: float | None) -> str:
    return asked.word("never") if days is None else asked.word("days_ago", days=days)


def _lately(asked: Call, found: Profile, offset: int) -> None:
    """The last products they touched, newest first, by title."""
    if not found.sequence:
        return
    from hawker.measurement.words import kind

    asked.say("")
    asked.say(asked.word("lately"), style="dim")
    lines = table("", "", "")
    lines.show_header = False
    catalogue = asked.shop.catalogue
    for one in found.sequence[:SHOWN]:
        product = catalogue.get(one.product)
        what = kind(one.kind, asked.language)
        lines.add_row(f"  {moment(one.time, offset)}", what, product.title if product else one.product)
    asked.say(lines)
