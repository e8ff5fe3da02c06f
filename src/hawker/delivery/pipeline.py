"""The decision, pure: who may be shown, who is best, who wins, at what price and by what chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from hawker import auction
from hawker.delivery import wording
from hawker.delivery.bidding import bids
from hawker.delivery.fill import Filled, fill, named, paid, rules
from hawker.delivery.frequency import thinned
from hawker.delivery.looks import Looks
from hawker.delivery.people import allowed, left_alone
from hawker.delivery.record import Scored, beside, record
from hawker.delivery.world import World
from hawker.features.assemble import Moment, Sheet, sheet
from hawker.features.match import MATCH, match, nearness
from hawker.ranking import Model
from hawker.records.bid import FallbackReason, NoBidReason
from hawker.records.catalogue import Product
from hawker.records.charge import dearest
from hawker.records.consent import ConsentPath
from hawker.records.creative import Creative
from hawker.records.decision import Decision, Request, ShownAd, Slot, Wording
from hawker.records.preferences import Preferences
from hawker.retrieval.candidates import candidates
from hawker.retrieval.targeting import Capped, Eligible, eligible

Floats = NDArray[np.float64]
_NOTHING: Mapping[str, frozenset[str]] = {}
CONTEXT = ("affinity", "display", "mailer", *MATCH)
"""What comes with a candidate and not from the folds; the match only where products have vectors."""
_MATCHED = frozenset(MATCH)


@dataclass(frozen=True)
class Retrieved:
    """Candidates before they are scored: ads, their places (display, mailer) and their affinity.

    `page` is the vector of what the page is about, where that is known.
    """

    moment: Moment
    ads: NDArray[np.int32]
    marks: NDArray[np.int8]
    affinity: Floats
    page: NDArray[np.float32] | None = None

    def take(self, rows: NDArray[np.intp]) -> Retrieved:
        """Some of them, in that order."""
        return replace(self, ads=self.ads[rows], marks=self.marks[rows], affinity=self.affinity[rows])


def decide(
    request: Request,
    world: World,
    now: int,
    rng: np.random.Generator,
    *,
    seed: int = 0,
    without: frozenset[str] = frozenset(),
    capped: Capped | None = None,
    spared: Mapping[str, frozenset[str]] = _NOTHING,
) -> Decision:
    """Answer one request. Pure: the same arguments give the same decision, and nothing is changed.

    `seed` is what `rng` was made from and goes on record with the rest; `without` names campaigns
    whose reserve was just refused, `capped` whom this visitor has seen often enough, `spared` the ads
    left of an entity whose cap just refused. Raises `NotFound` for a placement the shop does not have.
    """
    blank = _blank(request, world, now, rng, seed=seed)
    if blank.path is ConsentPath.NONE:
        return msgspec.structs.replace(blank, fallback=FallbackReason.NO_ADS_ALLOWED)
    if left_alone(request, world, seed=seed):
        return msgspec.structs.replace(blank, fallback=FallbackReason.FEWER_ADS)
    seen = blank.request
    found = eligible(
        world.index,
        seen,
        now=now,
        members=world.members,
        page=world.placement(seen.placement).page,
        page_category=_page_category(seen, world),
        page_brand=_page_brand(seen, world),
        state=world.state,
        preferences=world.preferences.get(request.shopper, Preferences()),
        capped=capped,
        unpriced=world.unpriced,
        out_of_budget=world.out_of_budget,
        refused=without,
    )
    found = thinned(found, world.index, spared)
    if not len(found.ads):
        empty = FallbackReason.NOTHING_ELIGIBLE if len(world.index) else FallbackReason.NO_CAMPAIGNS
        return msgspec.structs.replace(blank, fallback=empty, excluded=found.excluded)
    barred = wording.barred(capped.creatives if capped else frozenset(), spared)
    asked = wording.asked(seen, world, barred=barred)
    return _settle(blank, world, found=found, scored=score(seen, world, found, now=now), rng=rng, asked=asked)


def refused(request: Request, world: World, now: int, rng: np.random.Generator, *, seed: int = 0) -> Decision:
    """The answer when no campaign's reserve could be had: nothing paid is shown, and the record says why."""
    blank = _blank(request, world, now, rng, seed=seed)
    return msgspec.structs.replace(blank, fallback=FallbackReason.RESERVE_REFUSED)


def path_of(request: Request, world: World) -> tuple[ConsentPath, str]:
    """The path that consent, and what the page is about, allow a request; and why."""
    return allowed(request, world, page_category=_page_category(request, world))


def _blank(request: Request, world: World, now: int, rng: np.random.Generator, *, seed: int) -> Decision:
    """The record before anything is decided: the question, the path that consent allows, the versions."""
    placement = world.placement(request.placement)
    name = named(now, rng)
    path, reason = path_of(request, world)
    return Decision(
        id=name,
        time=now,
        request=request if path is ConsentPath.PERSONALISED else _unnamed(request),
        path=path,
        path_reason=reason,
        seed=seed,
        exploration=world.exploration,
        floor=max(placement.floor, request.floor),
        wanted=request.slots or placement.slots,
        most_per_advertiser=placement.most_per_advertiser,
        mechanism=world.mechanism,
        outcome=world.outcome,
        versions=dict(world.versions),
        watermark=world.state.watermark,
    )


def score(request: Request, world: World, found: Eligible, *, now: int) -> Scored:
    """Choose candidates among the eligible and value them: bid × probability of what is paid for."""
    kept = retrieve(request, world, found, now=now)
    looks = Looks(lambda places, names: rows(world, kept.take(places), names=names).settled())
    seen = replace(rows(world, kept, names=world.features).settled(), look=looks)
    chances = predict(world.models, seen)
    index, owners = world.index, world.index.campaign[kept.ads]
    offered = bids(world, kept.ads, click=chances.get("click"), purchase=chances.get("purchase"))
    rates = paid(index.pays[owners], chances)
    return Scored(
        ads=kept.ads,
        sheet=seen,
        chances=chances,
        bids=offered,
        rates=rates,
        values=auction.values(offered, rates, quality=index.quality[kept.ads]),
        owners=owners,
        looks=tuple(looks.taken),
    )


def predict(models: Mapping[str, Model], seen: Sheet) -> dict[str, Floats]:
    """The chance of each outcome, for every candidate."""
    return {outcome: model.serve(seen) for outcome, model in models.items()}


def retrieve(request: Request, world: World, found: Eligible, *, now: int) -> Retrieved:
    """The candidates among the eligible ads, and the moment as the features see it."""
    codes = world.state.codes
    moment = Moment(
        now=now,
        shopper=codes["shopper"].find(request.shopper),
        location=codes["location"].find(request.location),
        placement=codes["placement"].find(request.placement),
        utc_offset_minutes=world.utc_offset_minutes,
    )
    page, near = _page(request, world), None
    if world.nearest and len(found.ads) > world.candidates > 0:
        near = nearness(world.state, world.index.product[found.ads], shopper=moment.shopper, page=page)
    kept, rough = candidates(
        world.index,
        found,
        state=world.state,
        moment=moment,
        most=world.candidates,
        going=world.going,
        near=near,
        nearest=world.nearest,
    )
    return Retrieved(moment, found.ads[kept], found.marks[kept], rough, page=page)


def rows(world: World, kept: Retrieved, *, names: tuple[str, ...] | None = None) -> Sheet:
    """Feature rows of candidates: for serving, and, by the same call, for training."""
    products = world.index.product[kept.ads]
    given = context(world, kept, products, kept.affinity, marks=kept.marks, names=names)
    return sheet(world.state, kept.moment, products, context=given, names=names)


def context(
    world: World,
    kept: Retrieved,
    products: NDArray[np.int32],
    affinity: Floats,
    *,
    marks: NDArray[np.int8],
    names: tuple[str, ...] | None = None,
) -> dict[str, Floats]:
    """The columns of `CONTEXT` for some products: the match where it is asked for."""
    places = np.where(marks < 0, np.nan, marks)
    given = dict(zip(CONTEXT, (affinity, *places.T), strict=False))
    asked = world.state.interests is not None if names is None else not _MATCHED.isdisjoint(names)
    if asked:
        given |= match(world.interests, products, shopper=kept.moment.shopper, page=kept.page)
    return given


def _page(request: Request, world: World) -> NDArray[np.float32] | None:
    """What the page is about, as a vector: its query, else its product; None where nothing is known."""
    interests = world.interests
    if interests is None or not (request.query or request.product):
        return None
    if request.query and world.reading is not None:
        return world.reading.vector(request.query)
    code = world.state.codes["product"].find(request.product)
    return interests.of_products(np.array([code], dtype=np.int32))[0] if code >= 0 else None


def _settle(
    blank: Decision,
    world: World,
    *,
    found: Eligible,
    scored: Scored,
    rng: np.random.Generator,
    asked: wording.Asked,
) -> Decision:
    """Draw the slots, clear the auction, choose the words, and write the answer down."""
    index = world.index
    held = beside(index, scored.ads, scored.owners, chance=scored.chances[world.outcome])
    drawn = fill(
        scored.bids,
        scored.rates,
        values=scored.values,
        advertisers=index.advertiser[scored.owners],
        rules=rules(blank),
        rng=rng,
        beside=held,
    )
    words = [wording.chosen(index, int(scored.ads[row]), world.words, asked, rng) for row in drawn.order]
    filled = tuple(_slot(world, scored, drawn, place=at, words=one) for at, one in enumerate(words))
    return msgspec.structs.replace(
        blank,
        slots=filled,
        fallback="" if filled else FallbackReason.NOTHING_CLEARED,
        eligible=len(found.ads),
        excluded=_excluded(found, scored, drawn.reasons),
        candidates=record(index, scored, held, outcome=world.outcome),
        runner_up=index.ids[scored.ads[drawn.runner_up]] if drawn.runner_up >= 0 else "",
        synthetic=any(index.campaigns[scored.owners[row]].synthetic for row in drawn.order),
    )


def _excluded(found: Eligible, scored: Scored, lost: dict[NoBidReason, int]) -> dict[str, int]:
    """Everyone who was not shown, by reason: not eligible, not a candidate, or beaten."""
    excluded = dict(found.excluded)
    unseen = len(found.ads) - len(scored.ads)
    for reason, count in (*lost.items(), (NoBidReason.NOT_RETRIEVED, unseen)):
        if count:
            excluded[reason] = excluded.get(reason, 0) + count
    return excluded


def _slot(
    world: World,
    scored: Scored,
    drawn: Filled,
    *,
    place: int,
    words: tuple[Creative | None, Wording | None],
) -> Slot:
    index, row, rival = world.index, drawn.order[place], drawn.rivals[place]
    price, pricing = drawn.prices[place], index.campaigns[scored.owners[row]].pricing
    return Slot(
        ad=_shown(world, int(scored.ads[row]), words[0]),
        price=price,
        pricing=pricing,
        charge=dearest(price, pricing),
        propensity=drawn.odds[place],
        probability=float(scored.chances[world.outcome][row]),
        value=float(scored.values[row]),
        explored=drawn.by_chance[place],
        runner_up=index.ids[scored.ads[rival]] if rival >= 0 else "",
        wording=words[1],
    )


def _shown(world: World, ad: int, creative: Creative | None) -> ShownAd:
    """The words and picture of an ad: its creative's, else the product's own."""
    index = world.index
    campaign = index.campaigns[index.campaign[ad]]
    product = world.catalogue.get(index.product_names[ad]) or Product(index.product_names[ad], title="")
    seller = index.advertisers.get(campaign.advertiser)
    return ShownAd(
        id=index.ids[ad],
        campaign=campaign.id,
        advertiser=campaign.advertiser,
        product=product.id,
        headline=creative.headline if creative else product.title,
        description=creative.description if creative else product.description[:140],
        image=(creative.image if creative else "") or product.image,
        link=product.link,
        creative=creative.id if creative else "",
        call_to_action=creative.call_to_action if creative else "",
        behalf=seller.name if seller else "",
        payer=seller.payer if seller else "",
    )


def _unnamed(request: Request) -> Request:
    """The request as the contextual path may see it: the page, but nobody in particular."""
    return msgspec.structs.replace(request, shopper="", session="")


def _page_category(request: Request, world: World) -> str:
    """What the page is about: its category, or that of its product."""
    if request.category or not request.product:
        return request.category
    product = world.catalogue.get(request.product)
    return product.category if product else ""


def _page_brand(request: Request, world: World) -> str:
    """The brand of the product that the page is about."""
    product = world.catalogue.get(request.product) if request.product else None
    return product.brand if product else ""
