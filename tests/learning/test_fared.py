"""A shop's own clicks teach the click prior, where there are enough of them, and what serves goes by that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests import shops

from hawker import Shop
from hawker.creative import prior, prior_own
from hawker.creative.prior_blend import Blend
from hawker.errors import Corrupt
from hawker.learning import fared, variants
from hawker.records.catalogue import Product
from hawker.records.consent import ConsentPath
from hawker.records.creative import Creative
from hawker.records.decision import Decision, Request, ShownAd, Slot, Wording
from hawker.records.draft import Brief, Draft, Kind
from hawker.records.events import Event, EventKind
from hawker.records.sheet import Sheet, Standing, Variant
from hawker.storage.control import Control
from hawker.storage.decision_log import DecisionLog
from hawker.storage.drafts import Drafts
from hawker.storage.event_log import EventLog

PLAIN = prior.load(encoders=())
FIT = 0.4
TITLES = ("Cups of white porcelain", "Cups of white stoneware")


def drafted(shop: Shop, products: int) -> None:
    """Two creatives for each product: the first is near to what its audience looks at, the other is not."""
    sheets, made = [], []
    for number in range(products):
        name = f"p{number:02d}"
        held = [
            Variant(
                f"v-{name}-{place}",
                f"s-{name}",
                Draft(name, Kind.NATIVE, "en", {"title": (title,)}),
                Standing.APPROVED,
                fit=sign * FIT,
            )
            for place, (title, sign) in enumerate(zip(TITLES, (1, -1), strict=True))
        ]
        sheets.append(Sheet(f"s-{name}", Brief(Product(name, name)), "hand", "1", 2, 0, variants=tuple(held)))
        made += [Creative(one.id, name, one.draft.parts["title"][0], language="en") for one in held]
    drafts, control = Drafts(shop.control), Control(shop.control)
    drafts.keep(sheets)
    control.put_creatives(made)
    drafts.close()
    control.close()


def served(shop: Shop, products: int, *, slots: int, weight: float, rate: float = 0.1, seed: int = 1) -> None:
    """Decisions whose words were drawn, mostly the first's, and clicks by how near the words came."""
    rng, log, events = np.random.default_rng(seed), DecisionLog(shop.decisions), []
    for number in range(products * slots):
        name = f"p{number % products:02d}"
        ids = (f"v-{name}-0", f"v-{name}-1")
        first = float(rng.choice((0.9, 0.7)))
        place = int(rng.random() > first)
        wording = Wording(ids, (first, 1 - first), (0.0, 0.0), (0.1, 0.1))
        ad = ShownAd("a", "c", "Leaf", name, TITLES[place], creative=ids[place])
        slot = Slot(ad, 0, "cpm", 0, 1.0, 0.1, 0.0, wording=wording)
        path = ConsentPath.CONTEXTUAL if number % 2 else ConsentPath.PERSONALISED
        made = Decision(f"d-{number}", shops.NOW, Request("home"), path, "", (slot,))
        log.append(made)
        events.append(seen(made, EventKind.AD_IMPRESSION))
        if rng.random() < rate * np.exp(weight * FIT * (1 - 2 * place)):
            events.append(seen(made, EventKind.AD_CLICK))
    log.close()
    EventLog(shop.events).append(events)


def seen(made: Decision, kind: EventKind, **given: str) -> Event:
    return Event(
        kind, made.time, id=f"{made.id}.{kind}", decision=made.id, slot=0, received=made.time, **given
    )


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = shops.tiny(tmp_path_factory.mktemp("busy") / "shop")
    drafted(shop, 14)
    served(shop, 14, slots=400, weight=2.0)
    return shop


def test_clicks_that_favour_a_sign_move_its_weight_and_serve(busy: Shop) -> None:
    made = variants.learn(busy, prior=PLAIN)
    own = made.own
    assert own is not None
    assert (own.learned.reason, own.learned.groups) == ("", 14)
    fit = own.learned.weights["fit"]
    assert fit.low is not None
    assert fit.low > Blend().weights[1] + 0.5
    assert fit.value == pytest.approx(2.0, abs=0.4)
    assert prior_own.load(busy, PLAIN).blend.weights.tolist() == own.learned.blend.weights.tolist()
    scores, _ = variants.scored(busy, rivals(busy), prior=PLAIN)
    assert (scores[::2] > scores[1::2]).all()  # whose words came near
    assert fared.learn(busy, prior=PLAIN).version == own.version  # the same clicks, the same version


def test_what_is_learned_is_against_what_serves(tmp_path: Path) -> None:
    """Where clicks avoid a sign, its weight goes below nothing, and the order of creatives turns."""
    shop = shops.tiny(tmp_path / "shop")
    drafted(shop, 12)
    served(shop, 12, slots=350, weight=-2.0, rate=0.15)
    assert fared.learn(shop, prior=PLAIN).learned.blend.weights[1] < -1.0
    scores, _ = variants.scored(shop, rivals(shop), prior=PLAIN)
    assert (scores[::2] < scores[1::2]).all()


def rivals(shop: Shop) -> list[Creative]:
    control = Control(shop.control)
    try:
        return variants.rivals(control.creatives())
    finally:
        control.close()


def test_how_each_fared_stands_with_the_odds_that_it_was_drawn_by(busy: Shop) -> None:
    found = fared.results(busy)
    assert sum(one.shown for one in found) == 14 * 400
    assert {(one.headline, one.propensity) for one in found} == {
        (TITLES[0], 0.9),
        (TITLES[0], 0.7),
        (TITLES[1], 0.1),
        (TITLES[1], 0.3),
    }
    assert {(one.headline, one.fit) for one in found} == {(TITLES[0], FIT), (TITLES[1], -FIT)}
    assert {(one.group, one.language) for one in found} == {(f"p{n:02d}@home", "en") for n in range(14)}


@pytest.mark.parametrize(("products", "slots"), [(9, 400), (14, 10)])
def test_too_few_products_or_clicks_leave_the_packaged_prior(
    tmp_path: Path, products: int, slots: int
) -> None:
    shop = shops.tiny(tmp_path / "shop")
    drafted(shop, products)
    served(shop, products, slots=slots, weight=2.0)
    own = fared.learn(shop, prior=PLAIN)
    assert "10 are needed" in own.learned.reason
    assert own.version == ""
    assert prior_own.blend(shop) is None
    assert prior_own.load(shop, PLAIN) is PLAIN


def test_only_true_sights_of_words_that_were_drawn_count(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    drafted(shop, 1)
    served(shop, 1, slots=5, weight=0.0, rate=0.0)
    log = DecisionLog(shop.decisions)
    bare, drawn = log.read("d-0"), log.read("d-1")
    alone = msgspec.structs.replace(bare.slots[0], wording=None)
    more = [
        msgspec.structs.replace(bare, id="x-alone", slots=(alone,)),
        msgspec.structs.replace(drawn, id="x-robot"),
        msgspec.structs.replace(drawn, id="x-unseen"),
        msgspec.structs.replace(drawn, id="x-clicked"),
    ]
    for one in more:
        log.append(one)
    log.close()
    robot = "invalid: robot"
    sights = [
        seen(more[0], EventKind.AD_IMPRESSION),
        seen(more[1], EventKind.AD_IMPRESSION, reason=robot),
        seen(more[1], EventKind.AD_CLICK, reason=robot),
        seen(more[3], EventKind.AD_CLICK),
        msgspec.structs.replace(seen(drawn, EventKind.AD_IMPRESSION), id="again"),
    ]
    EventLog(shop.events).append(sights)
    found = fared.results(shop)
    assert (sum(one.shown for one in found), sum(one.clicked for one in found)) == (6, 1)


def test_weights_that_cannot_be_read_are_named_and_nothing_is_scored_by_them(busy: Shop) -> None:
    learned = fared.learn(busy, prior=PLAIN).learned
    strange = replace(learned, blend=Blend(np.ones(2), np.eye(2)))
    prior_own.keep(busy, strange)
    with pytest.raises(Corrupt, match="other signs"):
        prior_own.load(busy)
    assert "other signs" in variants.scored(busy, rivals(busy), prior=PLAIN)[1]
    prior_own.keep(busy, learned)
    assert prior_own.load(busy, PLAIN).blend.rest == learned.blend.rest
