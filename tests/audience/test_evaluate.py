"""Whom rules take in, against a plain reading of each shopper's events, on random small worlds."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hawker import Shop
from hawker.audience import Moment, rules
from hawker.audience.rules import Every, Expression, Not, Op, Some, Test
from hawker.audience.rules.evaluate import taken
from hawker.delivery import people, restore
from hawker.records.catalogue import Product, levels
from hawker.records.events import DAY, Event, EventKind
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Settings
from hawker.storage.tables import write_products

K = EventKind
NOW = 1_709_294_400_000_000
PRODUCTS = (
    Product("milk", "Milk", category="Food > Dairy > Milk", brand="Acme"),
    Product("brie", "Brie", category="Food > Dairy > Cheese > Soft", brand="Bolt"),
    Product("gouda", "Gouda", category="Food > Dairy > Cheese > Hard", brand="Acme"),
    Product("rye", "Rye", category="Food > Bakery", brand="Bolt"),
    Product("lamp", "Lamp", category="Home", brand="Crown"),
    Product("test", "Test", category="Health > Tests", brand="Crown"),
    Product("odd", "Odd"),
)
KINDS = (K.VIEW, K.SEARCH, K.CART, K.PURCHASE, K.AD_IMPRESSION, K.AD_CLICK, K.RETURN)
ACTIVE = (K.VIEW, K.SEARCH, K.CLICK, K.CART, K.PURCHASE)
QUERIES = ("Running Shoes", "跑鞋 男", "tea", "shoes")
REGIONS = ("north", "south")


@dataclass(frozen=True)
class Small:
    """A small shop at one moment, and all that happened in it."""

    moment: Moment
    events: tuple[Event, ...]


@pytest.fixture(scope="module", params=(1, 2), ids=("one", "two"))
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Small:
    rng = random.Random(request.param)
    shop = Shop.create(
        tmp_path_factory.mktemp("small"), Settings(special_categories=("Health > Tests",), tolerance_ms=0)
    )
    write_products(shop.table("catalogue"), PRODUCTS)
    events = tuple(event(rng, number) for number in range(400))
    EventLog(shop.events).append(events)
    connection = tables.connect(threads=1)
    tables.replace(
        connection,
        "SELECT 'u' || i AS shopper, 'group ' || i % 3 AS segment FROM range(12) AS r(i)",
        shop.table("segments"),
    )
    tables.replace(
        connection,
        "SELECT 'u' || i AS id, CASE WHEN i = 3 THEN '13-17' ELSE '25-34' END AS age_band, "
        "'low' AS income, i = 4 AS opted_out FROM range(6) AS r(i)",
        shop.table("shoppers"),
    )
    state, waiting = restore.state(shop)
    state.fold(waiting, stop=waiting.before(NOW))
    state.advance(NOW)
    known = people.on_record(shop)
    lists = {"vip": frozenset({"u1", "u2", "u3", "nobody"})}
    return Small(Moment(shop, state, NOW, known.opted_out | known.minors, lists), events)


def event(rng: random.Random, number: int) -> Event:
    kind = rng.choice(KINDS)
    shopper = rng.randrange(15)
    day = rng.randrange(60)
    return Event(
        kind,
        NOW - day * DAY - rng.randrange(1, DAY // 1_000_000) * 1_000_000,
        id=f"e{number}",
        shopper=f"u{shopper}" if rng.random() < 0.95 else "",
        session=f"s{shopper}-{day}",
        product=rng.choice(PRODUCTS).id if kind is not K.SEARCH else "",
        query=rng.choice(QUERIES) if kind is K.SEARCH else "",
        value=rng.randrange(1, 9_000_000) if kind is K.PURCHASE else 0,
        location=rng.choice(REGIONS),
        reason="invalid: rate" if rng.random() < 0.05 else "",
        ad="a" if kind in (K.AD_IMPRESSION, K.AD_CLICK) else "",
    )


CATALOGUE = {product.id: product for product in PRODUCTS}


def theirs(events: Iterable[Event], shopper: str, days: int) -> list[Event]:
    """What counts of one shopper: valid, of no special category, within the window."""
    since = NOW - days * DAY if days else 0
    return [
        one
        for one in events
        if one.shopper == shopper
        and one.time >= since
        and not one.reason
        and (not one.product or levels(CATALOGUE[one.product].category)[:2] != ("Health", "Tests"))
    ]


def times(test: Test, seen: list[Event]) -> float:
    """How often a shopper did what a test of a function field asks for."""
    kind = {"b": K.PURCHASE, "v": K.VIEW, "c": K.CART, "s": K.SEARCH}[test.field[0]]
    if test.field == "visited":
        return len({one.session for one in seen if one.kind in ACTIVE and one.location == test.of})
    found = [one for one in seen if one.kind is kind]
    if test.field == "searched":
        return sum(all(word.lower() in one.query.lower() for word in test.of.split()) for one in found)
    products = [CATALOGUE[one.product] for one in found]
    if test.field.endswith("_product"):
        return sum(product.id == test.of for product in products)
    if test.field == "bought_brand":
        return sum(product.brand == test.of for product in products)
    path = levels(test.of)
    return sum(levels(product.category)[: len(path)] == path for product in products)


def number(test: Test, events: tuple[Event, ...], shopper: str) -> float | None:
    """The value of a number field of one shopper, None where it is not known."""
    seen = theirs(events, shopper, test.days)
    active = [one for one in seen if one.kind in ACTIVE]
    bought = [one for one in seen if one.kind is K.PURCHASE]
    visits = len({one.session for one in active})
    spend = sum(one.value for one in bought) / 1e6
    kinds = {
        "purchases": K.PURCHASE, "views": K.VIEW, "searches": K.SEARCH, "carts": K.CART,
        "ad_impressions": K.AD_IMPRESSION, "ad_clicks": K.AD_CLICK,
    }  # fmt: skip
    if test.field in kinds:
        return sum(one.kind is kinds[test.field] for one in seen)
    if test.field == "visits":
        return visits
    if test.field == "spend":
        return spend
    if test.field == "price_paid":
        return spend / len(bought) if bought else None
    last = {"days_since_visit": active, "days_since_purchase": bought}[test.field]
    return (NOW - max(one.time for one in last)) / DAY if last else None


def met(test: Test, small: Small, shopper: str) -> bool:
    if test.field == "segment":
        place = int(shopper[1:])
        value = f"group {place % 3}" if place < 12 else ""
        wanted = test.value if isinstance(test.value, tuple) else (test.value,)
        return (value in wanted) is not (test.op is Op.NE)
    if test.field == "attribute":
        return (int(shopper[1:]) < 6) is (test.op is Op.EQ)
    if test.field == "in_list":
        return shopper in small.moment.lists[test.of]
    if rules.FIELDS[test.field].type is rules.Type.TIMES:
        found: float | None = times(test, theirs(small.events, shopper, test.days))
        if test.op is None:
            return bool(found)
    else:
        found = number(test, small.events, shopper)
    assert isinstance(test.value, float)
    if found is None:
        return False
    compared = {
        Op.EQ: found == test.value, Op.NE: found != test.value, Op.LT: found < test.value,
        Op.LE: found <= test.value, Op.GT: found > test.value, Op.GE: found >= test.value,
    }  # fmt: skip
    return compared[test.op or Op.GE]


def plain(rule: Expression, small: Small, shopper: str) -> bool:
    """Whether a rule takes in one shopper, read event by event."""
    match rule:
        case Test():
            return met(rule, small, shopper)
        case Not(inner):
            return not plain(inner, small, shopper)
        case Every(parts):
            return all(plain(part, small, shopper) for part in parts)
        case Some(parts):
            return any(plain(part, small, shopper) for part in parts)


CATEGORIES = (
    "Food",
    "Food > Dairy",
    "Food > Dairy > Cheese",
    "Food > Dairy > Milk",
    "Home",
    "Health > Tests",
)


def drawn(rng: random.Random, depth: int = 3) -> Expression:
    """A random rule about things of which there are some."""
    if depth and rng.random() < 0.6:
        if rng.random() < 0.3:
            return Not(drawn(rng, depth - 1))
        parts = tuple(drawn(rng, depth - 1) for _ in range(rng.randrange(2, 4)))
        return rng.choice((Every, Some))(parts)
    days = rng.choice((0, 0, 7, 30))
    op = rng.choice((Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE))
    few = rng.choice((None, float(rng.randrange(4))))
    how = (op, few) if few is not None else (None, None)
    of = rng.choice(CATEGORIES)
    return rng.choice((
        Test("visits", "", days, op, float(rng.randrange(12))),
        Test("purchases", "", days, op, float(rng.randrange(6))),
        Test("spend", "", days, op, float(rng.randrange(30))),
        Test("price_paid", "", 0, op, float(rng.randrange(9))),
        Test(rng.choice(("views", "searches", "carts", "ad_impressions", "ad_clicks")), "", days, op, 2.0),
        Test(rng.choice(("days_since_visit", "days_since_purchase")), "", 0, op, float(rng.randrange(20))),
        Test("bought", of, days, *how),
        Test(rng.choice(("viewed", "carted")), of, days, *how),
        Test("bought_brand", rng.choice(("Acme", "Bolt", "Nobody")), days, *how),
        Test(rng.choice(("bought_product", "viewed_product")), rng.choice(("milk", "odd", "no")), days, *how),
        Test("searched", rng.choice(("shoes", "running shoes", "跑鞋", "it's")), days, *how),
        Test("visited", rng.choice(REGIONS), days, *how),
        Test("segment", "", 0, Op.IN, ("group 1", "group 2")),
        Test("segment", "", 0, rng.choice((Op.EQ, Op.NE)), "group 1"),
        Test("attribute", "income", 0, rng.choice((Op.EQ, Op.NE)), "low"),
        Test("in_list", "vip"),
    ))  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_rules_take_in_whom_a_plain_reading_takes_in(small: Small, seed: int) -> None:
    rng = random.Random(seed)
    asked = {f"rule {n}": rules.checked(drawn(rng)) for n in range(40)}
    found = taken(asked, small.moment)
    names = small.moment.state.codes["shopper"].names
    for name, rule in asked.items():
        expected = {
            shopper
            for shopper in names
            if shopper not in small.moment.without and plain(rule, small, shopper)
        }
        got = {names[code] for code in found[name].members.nonzero()[0]}
        assert got == expected, rules.text(rule)
        assert not found[name].reason


def test_nobody_protected_is_taken_in(small: Small) -> None:
    found = taken({"all": rules.parse("visits >= 0 or not visits >= 0")}, small.moment)["all"]
    names = small.moment.state.codes["shopper"].names
    members = {names[code] for code in found.members.nonzero()[0]}
    assert {"u3", "u4"} == small.moment.without
    assert members == set(names) - {"u3", "u4"}


def test_ratios_of_the_folds_are_those_of_the_events(small: Small) -> None:
    names = small.moment.state.codes["shopper"].names
    for place in range(len(names)):
        bought = [
            CATALOGUE[one.product].category
            for one in theirs(small.events, names[place], 0)
            if one.kind is K.PURCHASE
        ]
        only = bool(bought) and all(levels(path)[:1] == ("Food",) for path in bought if path)
        rule = rules.parse('share_of("Food") == 1 and repeat_share >= 0')
        found = taken({"food": rule}, small.moment)["food"].members[place]
        protected = names[place] in small.moment.without
        assert found == (only and any(bought) and not protected)


def test_what_cannot_be_said_has_its_reason(small: Small) -> None:
    asked = {
        "near": rules.parse('visits > 0 and interest("tea") > 0.4'),
        "plain": rules.parse("visits > 0"),
    }
    found = taken(asked, small.moment)
    assert "hawker train" in found["near"].reason
    assert not found["near"].members.any()
    assert not found["plain"].reason
    assert found["plain"].members.any()


def test_an_event_declares_an_attribute_anew(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    said = [
        Event(K.ATTRIBUTES, NOW - 9 * DAY, id="a1", shopper="u1", attributes={"plan": "basic", "it's": "a"}),
        Event(K.ATTRIBUTES, NOW - 2 * DAY, id="a2", shopper="u1", attributes={"plan": "gold"}),
        Event(K.VIEW, NOW - 2 * DAY, id="v", shopper="u2", product="x"),
    ]
    EventLog(shop.events).append(said)
    state, waiting = restore.state(shop)
    state.fold(waiting)
    moment = Moment(shop, state, NOW)
    asked = {
        "gold": rules.parse('attribute("plan") == "gold"'),
        "odd": rules.parse('attribute("it\'s") == "a"'),
        "none": rules.parse('attribute("plan") == ""'),
    }
    found = {name: one.members.nonzero()[0].tolist() for name, one in taken(asked, moment).items()}
    first = state.codes["shopper"].find("u1")
    assert found["gold"] == found["odd"] == [first]
    assert found["none"] == [state.codes["shopper"].find("u2")]
