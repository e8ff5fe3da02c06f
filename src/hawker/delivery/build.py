"""Compose the engine of a shop from what lies in its folder: the one place where the parts meet."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import msgspec

from hawker import auction, ranking
from hawker.delivery import bidding, credit, frequency, hearsay, people, restore
from hawker.delivery import engine as running
from hawker.delivery.engine import Engine
from hawker.delivery.observe import DUE
from hawker.delivery.pipeline import CONTEXT
from hawker.delivery.wording import Words
from hawker.delivery.world import PRICED, World
from hawker.errors import BadInput, Corrupt, HawkerError
from hawker.features import assemble
from hawker.features.state import State
from hawker.language import static
from hawker.language.static import Static
from hawker.privacy import erasure
from hawker.privacy.pseudonym import Naming
from hawker.ranking import Model, Rule
from hawker.records.catalogue import Product, advertisable
from hawker.records.events import DAY, EVENT_COLUMNS, Event
from hawker.records.placement import Placement
from hawker.retrieval import flights, index
from hawker.retrieval.targeting import Membership
from hawker.storage import files, floors, tables, vectors, wordings
from hawker.storage.control import Control
from hawker.storage.decision_log import DecisionLog
from hawker.storage.event_log import EventLog
from hawker.storage.hot import Hot, InProcess
from hawker.storage.hot_redis import InRedis
from hawker.storage.ledger import Ledger
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop
from hawker.storage.wordings import Prior

RANKER = "ranker"
POPULAR = "rule:popular"
UNLEARNED = {
    "purchase": Rule(("product_units_28",), {"product_units_28": 1.0}),
    "click": Rule(("product_ad_click_rate",), {"product_ad_click_rate": 1e8}),
}
"""What ranks before anything has been learned: popularity, by purchases or by ad clicks."""
_UNSETTLED = 35 * DAY
_UNUSABLE: set[tuple[str, str, str]] = set()


def build(
    shop: Shop, *, clock: Callable[[], int] | None = None, process: str = "serve", shared: bool = False
) -> Engine:
    """The shop's engine: folds restored, ads compiled, the promoted model loaded, the ledger open.

    What a crash left unsettled is settled first. `process` names this process to the ledger.
    `shared` says that other processes serve the shop too: call `Engine.hear` a few times a second.
    """
    files.sweep(shop.folder)
    erasure.resume(shop)
    wall = clock or running.clock(shop.settings.clock, after=_lived(shop))
    log, begun = EventLog(shop.events), wall()
    if shared:
        log.follow()
    state, waiting = restore.state(shop)
    now = max(wall(), state.watermark)
    turn = (begun - hearsay.MARGIN if shared else now) - shop.settings.tolerance_ms * 1000
    state.fold(waiting, stop=waiting.before(turn))
    state.advance(turn)
    ledger = Ledger(shop.ledger, process=process)
    made = Engine(
        shop,
        world(shop, state, since=now),
        ledger=ledger,
        event_log=log,
        decision_log=DecisionLog(shop.decisions),
        clock=wall,
        hot=hot(shop),
    )
    restore.counters(made.frequency, shop, made.world.caps, decisions=made.decision_log, now=now)
    unreleased = list(restore.unreleased(shop, watermark=state.watermark))
    made.tally.restore(shop, now=now)
    made.believe(made.beliefs())
    made.await_turn(unreleased)
    if shared:
        made.hear(but={event.id for event in unreleased})
    ledger.register(made.world.index.campaigns)
    ledger.stand_by(made.world.index.campaigns, now=now)
    made.world = made.pacer.fitted(made.world, now=now)
    made.settle(_billable(log, since=now - _UNSETTLED))
    if made.credits.products:
        made.credits.remember(credit.past(log, shop.settings.attribution, now=now))
    return made


def world(shop: Shop, state: State, *, since: int = 0) -> World:
    """The shop as a decision sees it, on a given state; flights that ended before `since` are left out."""
    control = Control(shop.control)
    held = versions(shop, control)  # first: what changes from here on is noticed as a later version
    campaigns, ads, creatives = control.campaigns(), control.ads(), control.creatives()
    groups, advertisers = control.groups(), control.advertisers()
    control.close()
    settings = shop.settings
    compiled = index.build(
        campaigns,
        ads,
        groups=groups,
        advertisers=advertisers,
        codes=state.codes,
        creatives=[creative for creative in creatives if creative.approved],
        unsellable=unsellable(shop.catalogue),
    )
    running = flights.load(shop.table("flights"), compiled.ids, start=since)
    there = assemble.known(state, CONTEXT)
    model, name = promoted(shop, there)
    known = people.on_record(shop)
    blank = World(
        placements=placements(shop),
        index=replace(compiled, flights=running).ready() if len(running.ads) else compiled,
        state=state,
        model=model,
        catalogue=shop.catalogue,
        outcome=settings.outcome,
        members=membership(shop),
        opted_out=known.opted_out,
        minors=known.minors,
        special=settings.special_categories,
        exploration=settings.exploration,
        candidates=settings.candidates,
        nearest=settings.nearest,
        utc_offset_minutes=settings.utc_offset_minutes,
        static=reading(shop) if state.interests is not None else None,
        words=Words(knowing(shop)),
    )
    further = others(shop, there)
    blank = replace(blank, models={outcome: found for outcome, (found, _) in further.items()})
    named = {f"model-{outcome}": version for outcome, (_, version) in further.items()}
    return advertising(blank, blank.index, versions={**held, "model": name, **named})


def reading(shop: Shop) -> Static | None:
    """What reads queries in the space of the products; where it cannot be read itself, they are not."""
    try:
        return static.load(shop)
    except Corrupt as error:
        import structlog  # only where there is something to say

        structlog.get_logger("hawker").error("static_unusable", error=str(error))
        return None


def knowing(shop: Shop) -> Prior:
    """What is known of creatives beforehand; where it cannot be read, nothing."""
    try:
        return wordings.prior(shop)
    except Corrupt as error:
        import structlog  # only where there is something to say

        structlog.get_logger("hawker").error("prior_unusable", error=str(error))
        return Prior()


def hot(shop: Shop) -> Hot:
    """The hot state of a shop: in Redis where it names one, else in this process."""
    return InRedis(shop.shared) if shop.shared else InProcess()


def placements(shop: Shop) -> dict[str, Placement]:
    """The placements by name; where the shop wants it, with the floors learned where those are higher."""
    learned = floors.kept(shop) if shop.settings.learn_floors else {}
    return {
        place.name: msgspec.structs.replace(place, floor=max(place.floor, learned.get(place.name, 0)))
        for place in shop.settings.placements
    }


def advertising(held: World, compiled: index.AdIndex, *, versions: Mapping[str, str]) -> World:
    """The world with other ads, and all that follows from them."""
    strategies = auction.bidding(compiled.campaigns)
    caps = frequency.caps(compiled.advertisers.values(), compiled.campaigns, compiled.creatives.values())
    return replace(
        held,
        index=compiled,
        bidding=strategies,
        sales=bidding.sales(compiled, strategies, products=held.catalogue),
        caps=held.caps if held.caps == caps else caps,
        versions=versions,
    )


def unsellable(catalogue: Mapping[str, Product]) -> frozenset[str]:
    """The products that may not be advertised now."""
    return frozenset(name for name, product in catalogue.items() if not advertisable(product))


def versions(shop: Shop, control: Control) -> dict[str, str]:
    """The versions a world made now would have: of models, campaigns, and what tables and floors there are.

    A table's is a digest of its size and time of change.
    """
    found = {
        "model": next(iter(_line(shop, RANKER)), POPULAR),
        "campaigns": str(control.version()),
    }
    for outcome in PRICED:
        if outcome != shop.settings.outcome:
            for further in _line(shop, ranker(shop, outcome))[:1]:
                found[f"model-{outcome}"] = further
    made = {name: shop.table(name) for name in ("catalogue", "audiences", "segments", "flights")}
    made |= {"vectors": vectors.place(shop), "wordings": wordings.prior_file(shop)}
    if shop.settings.learn_floors:
        made["floors"] = floors.file(shop)
    for name, path in made.items():
        if path.is_file():
            stand = path.stat()
            found[name] = f"{zlib.crc32(f'{stand.st_size} {stand.st_mtime_ns}'.encode()):08x}"
    return found


def ranker(shop: Shop, outcome: str) -> str:
    """The name in the model store of what predicts an outcome: `ranker` for the shop's own."""
    return RANKER if outcome == shop.settings.outcome else f"{RANKER}-{outcome}"


def others(shop: Shop, there: Collection[str]) -> dict[str, tuple[Model, str]]:
    """The promoted models of outcomes beside the shop's own, and their versions."""
    found = {}
    for outcome in PRICED:
        made = None if outcome == shop.settings.outcome else _usable(shop, ranker(shop, outcome), there)
        if made is not None:
            found[outcome] = made
    return found


def promoted(shop: Shop, there: Collection[str]) -> tuple[Model, str]:
    """The model in service and its version; the popularity rule where none was promoted."""
    found = _usable(shop, RANKER, there)
    if found is None:
        return UNLEARNED.get(shop.settings.outcome, UNLEARNED["purchase"]), POPULAR
    return found


def _usable(shop: Shop, name: str, there: Collection[str]) -> tuple[Model, str] | None:
    """The model that serves; where it cannot be used, the last that served before and can be.

    It can where its files are whole and the features it asks for are `there`. None where none was
    promoted; raises what is wrong with the newest where none can be used.
    """
    store = ModelStore(shop.models)
    wrong: HawkerError | None = None
    for version in _line(shop, name) or store.line(name)[:1]:
        try:
            return _asking(ranking.load(store.path(name, version)), there, version), version
        except HawkerError as error:
            _UNUSABLE.add((str(shop.models), name, version))
            import structlog  # only where there is something to say

            structlog.get_logger("hawker").error(
                "model_unusable", name=name, version=version, error=str(error)
            )
            wrong = wrong or error
    if wrong is not None:
        raise wrong
    return None


def _asking(model: Model, there: Collection[str], version: str) -> Model:
    """The model, if all that it looks at is there."""
    gone = [name for name in model.names if name not in there]
    if gone:
        raise BadInput(
            f"The model {version} asks for {gone[:5]}, which is no feature of this shop any more.",
            remedy="Train anew (hawker train), or roll back: hawker evaluate --rollback",
        )
    return model


def _line(shop: Shop, name: str) -> tuple[str, ...]:
    """The promoted versions of a model, newest first, but for those that this process could not use."""
    promoted = ModelStore(shop.models).line(name)
    return tuple(one for one in promoted if (str(shop.models), name, one) not in _UNUSABLE)


def membership(shop: Shop) -> Membership:
    """Audiences and segments, by shopper. Shoppers who are in the same audiences share one set of them."""
    connection = tables.connect()
    naming = Naming(shop)
    audiences: dict[str, frozenset[str]] = {}
    if shop.table("audiences").is_file():
        found = tables.columns(
            connection,
            f"SELECT {naming.sql('shopper')} AS name, string_agg(audience, chr(31)) AS listed "
            f"FROM {tables.quoted(shop.table('audiences'))} GROUP BY name",
        )
        sets = {listed: frozenset(listed.split("\x1f")) for listed in set(found["listed"])}
        same = {held: held for held in sets.values()}  # whatever the order they were listed in
        for shopper, listed in zip(found["name"], found["listed"], strict=True):
            audiences[shopper] = same[sets[listed]]
    segments: dict[str, str] = {}
    if shop.table("segments").is_file():
        query = f"SELECT shopper, segment FROM {tables.quoted(shop.table('segments'))}"
        segments = dict(connection.execute(query).fetchall())
    return Membership(audiences, segments)


def _lived(shop: Shop) -> int:
    """The last moment at which a shop with a clock of its own received an event."""
    if not shop.settings.clock:
        return 0
    connection = tables.connect()
    EventLog(shop.events).view(connection)
    found = connection.execute("SELECT max(received) FROM events").fetchone()
    return int(found[0] or 0) if found else 0


def _billable(log: EventLog, *, since: int) -> Sequence[Event]:
    """Logged events that may make a charge due."""
    connection = tables.connect()
    log.view(connection)
    kinds = ", ".join(f"'{kind}'" for kind in DUE)
    names = [name for name in EVENT_COLUMNS if name != "attributes"]
    listed = ", ".join(f'"{name}"' for name in names)
    query = f"SELECT {listed} FROM events WHERE decision <> '' AND kind IN ({kinds}) AND received >= {since}"
    found = connection.execute(query).fetchall()
    return [msgspec.convert(dict(zip(names, row, strict=True)), Event) for row in found]
