"""A large invented marketplace for measuring speed: a whole shop folder, made in seconds, all synthetic.

Its size is that of the benchmarks: campaigns that each aim by placement, category, audience,
location, hour and one exclusion, shoppers with histories, and traffic in which few ask often. The
shoppers' behaviour follows simple preferences, enough for models to learn something; no claim of
quality can be read from it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker import ranking
from hawker.delivery import restore
from hawker.delivery.build import ranker
from hawker.features.assemble import Moment, affinity, assemble
from hawker.features.examples import Examples
from hawker.features.state import State
from hawker.records.campaign import Ad, Campaign, Cap, Daypart, Per, Pricing, Targeting
from hawker.records.catalogue import LEVELS, Product
from hawker.records.decision import Request
from hawker.records.events import DAY, EVENT_COLUMNS, SECOND, EventKind
from hawker.records.placement import Page, Placement
from hawker.storage import files, tables
from hawker.storage.control import Control
from hawker.storage.event_log import EventLog
from hawker.storage.models import ModelStore
from hawker.storage.shop import Settings, Shop

START = 1_735_689_600 * SECOND  # 2025-01-01
DAYS = 60
DEPARTMENTS, SHELVES, SHELF_CATEGORIES, BRANDS, REGIONS, AUDIENCES = 8, 6, 5, 1_500, 20, 12
FORMAT = "5"
_MARK = "bazaar.txt"
_SLATES, _SHOWN = 1_000, 60
FEATURES = (
    *("shopper_visits", "shopper_purchases_per_visit", "shopper_spend_per_purchase"),
    *("shopper_days_since_visit", "shopper_views_7", "shopper_interest_30", "shopper_ad_click_rate"),
    *("shopper_ad_impressions_7", "hour", "weekday", "own_count", "own_per_visit", "own_days_since"),
    *("own_interest_7", "own_ad_impressions_7", "own_ad_clicks", "category_count", "category_per_visit"),
    *("category_days_since", "category_interest_7", "category_ad_clicks_30", "department_interest_30"),
    *("department_interest_share", "department_ad_click_rate", "product_bought_7", "product_bought_28"),
    *("product_interest_7", "product_ad_click_rate", "product_price", "product_age_days"),
    *("category_sold_28", "category_click_rate", "price_to_habit", "affinity"),
)
"""What both models look at: who looks, and the shopper's and everyone's history with what is shown."""
_SHARED = ("tables", "events", "state", "models")
_KINDS = (EventKind.VIEW, EventKind.CLICK, EventKind.CART, EventKind.PURCHASE)
_SHARES = (0.55, 0.1, 0.1, 0.25)
_PLACES = tuple(Placement(name=page.value, page=page, slots=3, floor=200_000) for page in Page)
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Bazaar:
    """How large it is. `ads` are spread over `campaigns`; every shopper has `visits` visits on average."""

    ads: int = 100_000
    campaigns: int = 5_000
    products: int = 40_000
    shoppers: int = 100_000
    visits: float = 2.5
    seed: int = 7


def shop(folder: Path, size: Bazaar) -> Shop:
    """The bazaar as a shop folder below `folder`, made unless it is there already.

    Bazaars that differ in `ads` and `campaigns` only share their history, folds and models.
    """
    base = _whole(folder / f"base-{_digest(size)}", lambda draft: _base(draft, size))
    name = f"ads-{_digest(size)}-{size.campaigns}-{size.ads}"
    return Shop(_whole(folder / name, lambda draft: _advertised(draft, base, size)))


def requests(size: Bazaar, count: int, *, seed: int = 1) -> Iterator[Request]:
    """Traffic: a few shoppers and categories come often, most seldom (Zipf)."""
    rng = np.random.default_rng([size.seed, seed, 9])
    shopper, department = _zipf(rng, size.shoppers, count), rng.integers(0, DEPARTMENTS, count)
    shelf, leaf = rng.integers(0, SHELVES, count), rng.integers(0, SHELF_CATEGORIES, count)
    place = rng.integers(0, len(_PLACES), count)
    for i in range(count):
        yield Request(
            placement=_PLACES[place[i]].name,
            shopper=f"u{shopper[i]}",
            session=f"live-{i}",
            category=_path(int(department[i]), int(shelf[i]), int(leaf[i])),
            location=f"region-{shopper[i] % REGIONS}",
        )


def moments(count: int) -> Ints:
    """When they come: evenly over one day after the history, so that every hour is asked in."""
    found: Ints = START + DAYS * DAY + (np.arange(count) * DAY) // max(count, 1)
    return found


def _base(folder: Path, size: Bazaar) -> None:
    """Everything but the campaigns: catalogue, history, audiences; then the folds; models come later."""
    made = Shop.create(folder, settings())
    tables.write_products(made.table("catalogue"), list(_products(size)))
    _history(made, size)
    _audiences(made, size)
    state, waiting = restore.state(made)
    state.fold(waiting)
    state.advance(START + DAYS * DAY)
    restore.keep(made, state)
    _learned(made, state, size)


def settings() -> Settings:
    """The bazaar's `shop.toml`: six placements of three slots, exploration and a floor."""
    return Settings(name="Bazaar", outcome="click", placements=_PLACES, candidates=200, exploration=0.05)


def _products(size: Bazaar) -> Iterator[Product]:
    rng = np.random.default_rng([size.seed, 1])
    price = np.exp(rng.normal(2.7, 0.8, size.products))
    brand = _zipf(rng, BRANDS, size.products)
    for number in range(size.products):
        path = _category(number)
        yield Product(
            id=f"p{number}",
            title=f"Article {number}",
            description=f"One of many articles of brand {brand[number]}.",
            category=path,
            brand=f"brand-{brand[number]}",
            price=round(float(price[number]) * 100) * 10_000,
            currency="USD",
            link=f"https://shop.example/p/{number}",
            image=f"https://shop.example/i/{number}.jpg",
        )


def _history(made: Shop, size: Bazaar) -> None:
    """Visits of some five events in the shopper's two favourite departments, and ads seen among them."""
    rng = np.random.default_rng([size.seed, 2])
    visits = round(size.shoppers * size.visits)
    visitor = np.concatenate([np.arange(size.shoppers), _zipf(rng, size.shoppers, visits - size.shoppers)])
    began = rng.integers(0, (DAYS * DAY) // SECOND - 3_600, visits) * SECOND + START
    length = 2 + rng.poisson(3.0, visits)
    visit = np.repeat(np.arange(visits), length)
    count = len(visit)
    shopper = visitor[visit]
    product = _liked(rng, shopper, size)
    kind = rng.choice(len(_KINDS), count, p=_SHARES)
    time = began[visit] + rng.integers(0, 1_800, count) * SECOND
    names = np.array([str(kind) for kind in _KINDS], dtype=object)
    columns = {
        "kind": names[kind],
        "time": time,
        "shopper": _named("u", shopper),
        "session": _named("s", visit),
        "product": _named("p", product),
        "value": np.where(kind == 3, 5_000_000 + (product % 50) * 100_000, 0),
        "placement": np.full(count, "", dtype=object),
        "location": _named("region-", shopper % REGIONS),
    }
    shown = _exposed(rng, visitor, began, size)
    merged = {name: np.concatenate([column, shown[name]]) for name, column in columns.items()}
    merged["id"] = _named("e", np.arange(len(merged["time"])))
    _adopt(made, merged)


def _exposed(rng: np.random.Generator, visitor: Ints, began: Ints, size: Bazaar) -> dict[str, Any]:
    """One ad seen in each visit, and the clicks on it: twice as likely in a favourite department."""
    product = rng.integers(0, size.products, len(visitor))
    fond = _fond(visitor, product % DEPARTMENTS)
    clicked = rng.random(len(visitor)) < np.where(fond, 0.08, 0.03)
    rows = np.concatenate([np.arange(len(visitor)), np.flatnonzero(clicked)])
    late = np.arange(len(rows)) >= len(visitor)
    place = np.array([placement.name for placement in _PLACES], dtype=object)
    return {
        "kind": np.where(late, str(EventKind.AD_CLICK), str(EventKind.AD_IMPRESSION)).astype(object),
        "time": began[rows] + (5 + 7 * late) * SECOND,
        "shopper": _named("u", visitor[rows]),
        "session": _named("s", rows),
        "product": _named("p", product[rows]),
        "value": np.zeros(len(rows), dtype=np.int64),
        "placement": place[product[rows] % len(place)],
        "location": _named("region-", visitor[rows] % REGIONS),
    }


def _adopt(made: Shop, columns: dict[str, Any]) -> None:
    """Put columns into the log as one finished part; what they do not say is blank."""
    connection = tables.connect(threads=1)
    connection.register("held", columns)
    blank = {"VARCHAR": "''", "BIGINT": "0", "DOUBLE": "1.0", "BOOLEAN": "true"}
    special = {"rating": "CAST(NULL AS DOUBLE)", "slot": "-1", "attributes": "'{}'"}
    listed = ", ".join(
        f'CAST({name if name in columns else special.get(name, blank[kind])} AS {kind}) AS "{name}"'
        for name, kind in EVENT_COLUMNS.items()
    )
    part = made.folder / "history.parquet"
    tables.replace(connection, f"SELECT {listed} FROM held", part)
    EventLog(made.events).adopt(part, name="bazaar")


def _learned(made: Shop, state: State, size: Bazaar) -> None:
    """A click and a purchase model, fitted to simulated answers of shoppers who met random ads."""
    store = ModelStore(made.models)
    for outcome, base in (("click", 0.03), ("purchase", 0.01)):
        given = _answers(state, size, base=base)
        fit, later = given.split(
            datetime.fromtimestamp(given.time[len(given) * 3 // 4] / SECOND, UTC).isoformat()
        )
        model = ranking.calibrate(ranking.train(ranking.Linear(epochs=1), fit, seed=size.seed), later)
        model.recipe |= {"outcome": outcome, "synthetic": True}
        name = ranker(made, outcome)
        store.promote(name, store.save(name, model.save, model.recipe))


def _answers(state: State, size: Bazaar, *, base: float) -> Examples:
    """Who took what was shown: some like their departments, and what others buy."""
    rng = np.random.default_rng([size.seed, 6, round(base * 1_000)])
    parts, taken = [], []
    shoppers = _zipf(rng, size.shoppers, _SLATES)
    for number, shopper in enumerate(shoppers.tolist()):
        codes = state.codes
        ids = rng.integers(0, size.products, _SHOWN)
        products = np.array([codes["product"].find(f"p{id}") for id in ids.tolist()], dtype=np.int32)
        moment = Moment(
            START + DAYS * DAY + number * SECOND,
            shopper=codes["shopper"].find(f"u{shopper}"),
            location=codes["location"].find(f"region-{shopper % REGIONS}"),
        )
        context = {"affinity": affinity(state, moment, products)}
        parts.append(assemble(state, moment, products, context=context, names=FEATURES)[1])
        chance = base * np.where(_fond(np.full(_SHOWN, shopper), ids % DEPARTMENTS), 2.5, 0.7)
        taken.append(rng.random(_SHOWN) < chance)
    slate = np.repeat(np.arange(_SLATES), _SHOWN)
    return Examples(
        names=FEATURES,
        x=np.concatenate(parts),
        y=np.concatenate(taken).astype(np.float32),
        time=START + DAYS * DAY + slate * SECOND,
        group=slate,
        cluster=np.repeat(shoppers, _SHOWN),
        weight=np.ones(len(slate)),
    )


def _audiences(made: Shop, size: Bazaar) -> None:
    """Every shopper stands on a third of the lists."""
    rng = np.random.default_rng([size.seed, 3])
    row, number = np.nonzero(rng.random((size.shoppers, AUDIENCES)) < 1 / 3)
    connection = tables.connect(threads=1)
    connection.register("held", {"audience": _named("list-", number), "shopper": _named("u", row)})
    query = "SELECT CAST(audience AS VARCHAR) AS audience, CAST(shopper AS VARCHAR) AS shopper FROM held"
    tables.replace(connection, query, made.table("audiences"))


def _advertised(folder: Path, base: Path, size: Bazaar) -> None:
    """A bazaar with its campaigns; what it shares with others is linked, not copied."""
    for name in _SHARED:
        if (base / name).is_dir():
            shutil.copytree(base / name, folder / name, copy_function=os.link)
    made = Shop.create(folder, settings())
    control = Control(made.control)
    control.put_campaigns(list(_campaigns(size)), by="bazaar")
    control.put_ads(list(_ads(size)), by="bazaar")
    control.close()


def _campaigns(size: Bazaar) -> Iterator[Campaign]:
    rng = np.random.default_rng([size.seed, 4])
    kinds = rng.choice(3, size.campaigns, p=[0.2, 0.5, 0.3])
    for number in range(size.campaigns):
        pricing = (Pricing.CPM, Pricing.CPC, Pricing.CPA)[kinds[number]]
        typical = {Pricing.CPM: 5.0, Pricing.CPC: 0.3, Pricing.CPA: 6.0}[pricing]
        yield Campaign(
            id=f"c{number:05d}",
            advertiser=f"seller-{number % (size.campaigns // 5 + 1)}",
            name=f"Campaign {number}",
            pricing=pricing,
            bid=round(typical * float(rng.lognormal(0.0, 0.4)) * 1_000_000),
            daily_budget=5_000_000_000,
            total_budget=400_000_000_000,
            targeting=_targeting(number, rng),
            caps=(Cap(20, per=Per.DAY),),
            synthetic=True,
        )


def _targeting(number: int, rng: np.random.Generator) -> Targeting:
    """Half the placements and regions, two departments of eight, five lists of twelve, 12 to 16 hours."""
    own = number % DEPARTMENTS
    other = (own + 1 + int(rng.integers(DEPARTMENTS - 1))) % DEPARTMENTS
    begin = int(rng.integers(24))
    places = rng.choice(len(_PLACES), 3, replace=False)
    shelf = rng.integers(SHELVES)
    return Targeting(
        placements=tuple(_PLACES[place].name for place in sorted(places)),
        categories=(f"Department {own}", f"Department {other}"),
        audiences=tuple(f"list-{i}" for i in sorted(rng.choice(AUDIENCES, 5, replace=False))),
        locations=tuple(f"region-{i}" for i in sorted(rng.choice(REGIONS, 10, replace=False))),
        dayparts=(Daypart(start=begin, end=(begin + int(rng.integers(12, 17))) % 24),),
        not_categories=(f"Department {own}{LEVELS}Shelf {own}.{shelf}",),
    )


def _ads(size: Bazaar) -> Iterator[Ad]:
    """Each campaign advertises products of its own department, in turn."""
    width = size.products // DEPARTMENTS
    for number in range(size.ads):
        campaign = number % size.campaigns
        turn = (number // size.campaigns + 31 * (campaign // DEPARTMENTS)) % width
        product = turn * DEPARTMENTS + campaign % DEPARTMENTS
        yield Ad(id=f"a{number:07d}", campaign=f"c{campaign:05d}", product=f"p{product}")


def _liked(rng: np.random.Generator, shopper: Ints, size: Bazaar) -> Ints:
    """Products for shoppers: three in four from a favourite department, some articles far more often."""
    favourite = np.where(rng.random(len(shopper)) < 0.6, shopper % DEPARTMENTS, (shopper // 8) % DEPARTMENTS)
    department = np.where(rng.random(len(shopper)) < 0.75, favourite, rng.integers(0, DEPARTMENTS))
    liked: Ints = _zipf(rng, size.products // DEPARTMENTS, len(shopper)) * DEPARTMENTS + department
    return liked


def _fond(shopper: Ints, department: Ints) -> NDArray[np.bool_]:
    fond: NDArray[np.bool_] = (shopper % DEPARTMENTS == department) | (
        (shopper // 8) % DEPARTMENTS == department
    )
    return fond


def _category(product: int) -> str:
    rest = product // DEPARTMENTS
    return _path(product % DEPARTMENTS, rest % SHELVES, rest // SHELVES % SHELF_CATEGORIES)


def _path(department: int, shelf: int, leaf: int) -> str:
    head = f"{department}.{shelf}"
    return LEVELS.join((f"Department {department}", f"Shelf {head}", f"Category {head}.{leaf}"))


def _zipf(rng: np.random.Generator, names: int, count: int, *, slope: float = 0.9) -> Ints:
    """Numbers below `names`, drawn with a chance that falls with their rank, ranks in no order."""
    chance = np.cumsum(1.0 / np.arange(1, names + 1) ** slope)
    rank = np.searchsorted(chance, rng.random(count) * chance[-1])
    drawn: Ints = np.random.default_rng(names).permutation(names)[rank]
    return drawn


def _named(prefix: str, numbers: Ints) -> NDArray[np.object_]:
    return np.array([f"{prefix}{number}" for number in numbers.tolist()], dtype=object)


def _digest(size: Bazaar) -> str:
    return f"v{FORMAT}-{size.seed}-{size.products}-{size.shoppers}-{size.visits:g}"


def _whole(folder: Path, make: Any) -> Path:
    """A folder that `make` fills, there as a whole or made anew."""
    if not (folder / _MARK).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        files.write(folder / _MARK, FORMAT)
    return folder
