"""The compiled eligibility says what the plain reading says: the same ads, the same counts by reason."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from tests.retrieval import reference
from tests.retrieval.reference import Book, Visit

from hawker.features.encode import Codes
from hawker.features.state import State
from hawker.records.advertiser import Advertiser
from hawker.records.campaign import (
    Ad,
    AdGroup,
    Campaign,
    Daypart,
    Did,
    Keyword,
    Match,
    Pricing,
    Retargeting,
    Targeting,
    Visitor,
)
from hawker.records.catalogue import Product, levels
from hawker.records.creative import Creative
from hawker.records.decision import Request
from hawker.records.events import DAY, Event, EventKind
from hawker.records.placement import Page
from hawker.records.preferences import Preferences
from hawker.retrieval.index import AdIndex, Flights, build
from hawker.retrieval.targeting import Capped, Eligible, Membership, eligible

T = TypeVar("T")
HOUR = 3_600_000_000
NOW = 1_711_847_700_000_000  # 2024-03-31 01:15 UTC: summer time began in Europe a quarter of an hour ago
PRODUCTS = (
    Product("tea", "Tea", category="Grocery > Tea", brand="Leaf"),
    Product("matcha", "Matcha", category="Grocery > Tea > Green", brand="Leaf"),
    Product("sencha", "Sencha", category="Grocery > Tea > Green", brand="Hill"),
    Product("jam", "Jam", category="Grocery > Jam", brand="Orchard"),
    Product("pot", "Pot", category="Kitchen", brand="Leaf"),
    Product("bare", "Bare"),
)
SOLD = (*(product.id for product in PRODUCTS), "ghost")
CATEGORIES = ("Grocery", "Grocery > Tea", "Grocery > Tea > Green", "Grocery > Jam", "Kitchen", "Kitch", "")
BRANDS = ("Leaf", "Hill", "Orchard", "")
PLACES, DEVICES, LOCATIONS = ("home", "search", "item"), ("phone", "desk", ""), ("north", "south", "")
AUDIENCES, SEGMENTS = ("vip", "tea", "new"), ("loyal", "idle", "")
SELLERS = ("ann", "bob", "cy", "")
QUERIES = ("", "red mug", "mug red", "Red  Mug blue", "mug", "blue", "RED")
WORDS = ("red", "mug", "red mug", "mug red", "blue mug", "Blue")
ZONES = ("", "Europe/Paris", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
KINDS = (EventKind.VIEW, EventKind.CLICK, EventKind.CART, EventKind.WISH, EventKind.PURCHASE)


@dataclass(frozen=True)
class Chance:
    """Draws small shops and visits. `rare` is how seldom something is said at all."""

    dice: random.Random

    def some(self, names: Sequence[T], *, rare: float = 0.9) -> tuple[T, ...]:
        if self.dice.random() < rare:
            return ()
        return tuple(self.dice.sample(list(names), self.dice.randint(1, min(3, len(names)))))

    def one(self, names: Sequence[T]) -> T:
        return self.dice.choice(list(names))

    def often(self, share: float = 0.9) -> bool:
        return self.dice.random() < share

    def dayparts(self) -> tuple[Daypart, ...]:
        if self.often():
            return ()
        days = tuple(sorted(self.dice.sample(range(7), self.dice.randint(1, 7))))
        return (Daypart(days, start=self.dice.randrange(24), end=self.dice.randint(1, 24)),)

    def keywords(self) -> tuple[Keyword, ...]:
        return tuple(Keyword(word, self.one(list(Match))) for word in self.some(WORDS))

    def retargeting(self) -> Retargeting | None:
        if self.often(0.85):
            return None
        return Retargeting(
            did=self.some(list(Did), rare=0.0),
            days=self.one((1, 7, 30)),
            not_bought=self.often(0.6),
            same_category=self.often(0.5),
        )

    def targeting(self) -> Targeting:
        if self.often(0.3):
            return Targeting()
        named = {
            "placements": PLACES,
            "pages": list(Page),
            "categories": CATEGORIES,
            "products": SOLD,
            "brands": BRANDS,
            "segments": SEGMENTS,
            "audiences": AUDIENCES,
            "locations": LOCATIONS,
            "devices": DEVICES,
        }
        given: dict[str, Any] = {name: self.some(values) for name, values in named.items()}
        given |= {f"not_{name}": self.some(values, rare=0.95) for name, values in named.items()}
        return Targeting(
            keywords=self.keywords(),
            not_keywords=self.keywords(),
            dayparts=self.dayparts(),
            not_dayparts=self.dayparts(),
            visitors=self.one((Visitor.ANY, Visitor.ANY, Visitor.ANY, Visitor.NEW, Visitor.RETURNING)),
            retargeting=self.retargeting(),
            **given,
        )

    def campaign(self, number: int) -> Campaign:
        return Campaign(
            f"c{number}",
            advertiser=self.one(SELLERS),
            pricing=self.one(list(Pricing)),
            bid=number,
            start=self.one((0, 0, 0, NOW, NOW + 1)),
            end=self.one((0, 0, 0, NOW, NOW + 1, NOW + DAY)),
            timezone=self.one(ZONES),
            utc_offset_minutes=self.one((0, 480, -300, 345)),
            active=self.often(),
            targeting=self.targeting(),
        )

    def book(self) -> Book:
        count = self.dice.randint(1, 80 if self.often(0.2) else 6)
        campaigns = [self.campaign(number) for number in range(count)]
        groups = [
            AdGroup(
                f"g{n}",
                f"c{self.dice.randint(0, count)}",
                bid=self.one((None, 7)),
                active=self.often(),
                targeting=self.targeting(),
            )
            for n in range(self.dice.randint(0, count))
        ]
        ads = [self.ad(n, campaigns, groups) for n in range(self.dice.randint(1, 3 * count))]
        flighted = [ad.id for ad in ads if ad.flighted]
        return Book(
            campaigns={campaign.id: campaign for campaign in campaigns},
            groups={group.id: group for group in groups},
            ads=ads,
            advertisers={
                name: Advertiser(name, active=self.often()) for name in self.some(SELLERS, rare=0.4)
            },
            creatives={name: Creative(name, "tea", "x", approved=self.often(0.8)) for name in ("k", "l")},
            products={product.id: product for product in PRODUCTS},
            unsellable=frozenset(self.some(SOLD, rare=0.6)),
            in_flight={"north": frozenset(name for name in flighted if self.often(0.6))},
        )

    def ad(self, number: int, campaigns: Sequence[Campaign], groups: Sequence[AdGroup]) -> Ad:
        group = self.one(groups) if groups and self.often(0.6) else None
        campaign = group.campaign if group and self.often() else self.one(campaigns).id
        return Ad(
            f"a{number:03d}",
            campaign,
            self.one(SOLD),
            group=group.id if group else "",
            creative=self.one(("", "", "", "k", "l", "none")),
            bid=self.one((None, 3)),
            flighted=self.often(0.2),
            active=self.often(),
        )

    def visit(self, book: Book) -> Visit:
        names = list(book.campaigns)
        shopper = self.one(("u-1", "u-1", "u-1", "u-2", ""))
        product = self.one((*SOLD, "", "", ""))
        request = Request(
            self.one(PLACES),
            shopper=shopper,
            query=self.one(QUERIES),
            product=product,
            location=self.one(LOCATIONS),
            device=self.one(DEVICES),
            organic=self.some(SOLD),
            shown=self.some(SOLD),
            blocked_advertisers=self.some(SELLERS[:3]),
            blocked_categories=self.some(CATEGORIES[:5]),
            blocked_products=self.some(SOLD),
            allowed_categories=self.some(CATEGORIES[:5]),
            allowed_products=self.some((*SOLD, "other")),
        )
        page = next((one for one in PRODUCTS if one.id == product), None)
        return Visit(
            request,
            NOW + self.one((0, 0, -HOUR, 5 * HOUR, 3 * DAY)),
            page=self.one(list(Page)),
            category=page.category if page else self.one(CATEGORIES),
            brand=page.brand if page else "",
            audiences=frozenset(self.some(AUDIENCES, rare=0.4)) if shopper else frozenset(),
            segment=self.one(SEGMENTS) if shopper else "",
            preferences=Preferences(
                not_categories=self.some(CATEGORIES[:5]),
                not_advertisers=self.some(SELLERS[:3]),
                not_products=self.some(SOLD),
            ),
            capped=Capped(
                frozenset(self.some(SELLERS[:3])),
                frozenset(self.some(names)),
                frozenset(self.some(("k", "l"))),
            ),
            unpriced=frozenset(self.some(list(Pricing))),
            out_of_budget=frozenset(self.some(names)),
            refused=frozenset(self.some(names)),
        )

    def past(self) -> tuple[tuple[str, EventKind, int], ...]:
        return tuple(
            (self.one(SOLD), self.one(KINDS), NOW - self.dice.randrange(40 * DAY))
            for _ in range(self.dice.randint(0, 6))
        )


def compiled(book: Book) -> tuple[AdIndex, State]:
    codes = Codes()
    codes.learn_products(PRODUCTS)
    held = build(
        list(book.campaigns.values()),
        book.ads,
        codes=codes,
        groups=list(book.groups.values()),
        advertisers=list(book.advertisers.values()),
        creatives=[creative for creative in book.creatives.values() if creative.approved],
        unsellable=book.unsellable,
    )
    return replace(held, flights=flights(held, book)), State(codes)


def flights(held: AdIndex, book: Book) -> Flights:
    """Flights of the whole year at each location."""
    places = {name: place for place, name in enumerate(held.ids)}
    blocks, ads = {}, []
    for location, names in book.in_flight.items():
        live = sorted(places[name] for name in names if name in places)
        blocks[location] = np.array([[NOW - 365 * DAY, NOW + 365 * DAY, len(ads), len(ads) + len(live)]])
        ads += live
    marks = np.column_stack([np.array(ads) % 3, np.array(ads) % 2]).astype(np.int8).reshape(-1, 2)
    return Flights(blocks, np.array(ads, dtype=np.int32), marks, ("", "a", "b"))


def remember(state: State, past: Sequence[tuple[str, EventKind, int]]) -> None:
    events = [
        Event(kind, time, id=f"e{n}", shopper="u-1", product=product)
        for n, (product, kind, time) in enumerate(past)
    ]
    if events:
        state.fold(state.codes.encode(events))
    state.advance(NOW - HOUR)


def asked(held: AdIndex, state: State, visit: Visit) -> Eligible:
    shopper = visit.request.shopper
    return eligible(
        held,
        visit.request,
        now=visit.now,
        members=Membership({shopper: visit.audiences}, {shopper: visit.segment}),
        page=visit.page,
        page_category=visit.category,
        page_brand=visit.brand,
        state=state,
        preferences=visit.preferences,
        capped=visit.capped if visit.capped != Capped() else None,
        unpriced=visit.unpriced,
        out_of_budget=visit.out_of_budget,
        refused=visit.refused,
    )


def check(seed: int) -> int:
    """One drawn shop, several visits; returns how many ads were eligible."""
    chance = Chance(random.Random(seed))
    book, past = chance.book(), chance.past()
    held, state = compiled(book)
    remember(state, past)
    total = 0
    for _ in range(4):
        visit = chance.visit(book)
        visit = replace(visit, past=past if visit.request.shopper == "u-1" else ())
        found = asked(held, state, visit)
        names = [held.ids[ad] for ad in found.ads]
        shown, counts = reference.eligible(book, visit)
        assert set(names) == shown
        assert found.excluded == counts
        assert len(names) == len(shown)
        assert found.ads.tolist() == sorted(found.ads.tolist())
        for ad, mark in zip(found.ads.tolist(), found.marks.tolist(), strict=True):
            assert mark == ([ad % 3, ad % 2] if held.stand[ad] else [-1, -1])
        total += len(shown)
    return total


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**40))
def test_the_same_ads_and_the_same_counts_by_reason(seed: int) -> None:
    check(seed)


def test_what_is_drawn_puts_every_rule_to_the_test() -> None:
    """Some ads pass and some fail for each reason, or the comparison would say little."""
    reasons: dict[str, int] = {}
    for seed in range(120):
        chance = Chance(random.Random(seed))
        book, past = chance.book(), chance.past()
        for _ in range(4):
            visit = replace(chance.visit(book), past=past)
            shown, counts = reference.eligible(book, visit)
            for reason, count in {**counts, "": len(shown)}.items():
                reasons[reason] = reasons.get(reason, 0) + count
    assert reasons.pop("") > 300
    assert len(reasons) == 21
    assert min(reasons.values()) >= 5, reasons


def test_levels_of_a_page_are_those_of_its_product() -> None:
    assert levels(PRODUCTS[1].category) == ("Grocery", "Tea", "Green")
