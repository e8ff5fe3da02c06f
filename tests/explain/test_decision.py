"""An explanation executes the record again, and says so when the two do not agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests import shops

from hawker import Shop, delivery, ranking
from hawker.delivery.build import RANKER
from hawker.delivery.record import features
from hawker.errors import BadSetting, NotFound
from hawker.explain import Explanation, explain
from hawker.explain.again import again
from hawker.features.examples import Examples
from hawker.features.match import MATCH
from hawker.language import annotate
from hawker.ranking import Model
from hawker.records.bid import FallbackReason, NoBidReason
from hawker.records.campaign import Ad, Campaign, Pricing
from hawker.records.catalogue import Product
from hawker.records.consent import Consent
from hawker.records.decision import Decision, Request
from hawker.records.placement import Placement
from hawker.storage import vectors
from hawker.storage.control import Control
from hawker.storage.models import ModelStore
from hawker.storage.tables import write_products

NAMES = ("own_count", "product_units_28", "product_price", "hour")
PLACES = (
    Placement("home", slots=4, most_per_advertiser=2),
    Placement("strict", slots=3, floor=40_000),
)


def learned(estimator: Any) -> Model:
    """A calibrated model of purchases: who bought the product before buys it again."""
    rng = np.random.default_rng(3)
    x = np.abs(rng.normal(2.0, 2.0, (2000, len(NAMES)))).astype(np.float32)
    y = (rng.random(2000) < np.where(x[:, 0] > 2, 0.4, 0.1)).astype(np.float32)
    row = np.arange(2000, dtype=np.int64)
    examples = Examples(NAMES, x, y, row, row, row, np.ones(2000))
    return ranking.calibrate(ranking.train(estimator, examples, seed=1), examples, method="platt")


def staged() -> Model:
    """The linear model chooses six by how much the product sells, trees score those by all features."""
    light = ranking.Rule(NAMES[1:2], {"product_units_28": 1e-6})
    return ranking.Cascade(light, learned(ranking.Trees(trees=12, leaves=8, threads=1)), keep=6)


MODELS = {
    "linear": lambda: learned(ranking.Linear(bits=12, epochs=1)),
    "trees": lambda: learned(ranking.Trees(trees=12, leaves=8, threads=1)),
    "fm": lambda: learned(ranking.Factorised(bits=12, epochs=1)),
    "cascade": staged,
}


def busy(folder: Path, **settings: Any) -> Shop:
    """The tiny shop with forty products more, of five advertisers with three kinds of pricing."""
    shop = shops.tiny(folder, placements=PLACES, **settings)
    more = [Product(f"p{n}", f"Product {n}", category=f"Kind {n % 4}") for n in range(40)]
    write_products(shop.table("catalogue"), [*shops.PRODUCTS, *more])
    kinds = (Pricing.CPA, Pricing.CPM, Pricing.CPC)
    control = Control(shop.control)
    control.put_campaigns(
        [
            Campaign(f"c{n}", advertiser=f"A{n % 5}" if n else "", pricing=kinds[n % 3], bid=(n + 1) * 30_000)
            for n in range(9)
        ]
    )
    control.put_ads(
        [Ad(f"x{n}", f"c{n % 9}", f"p{n}", quality=1 + (n % 3) / 10, bid=None) for n in range(40)]
    )
    control.put_ads([Ad("x-tea", "c3", "tea")])
    control.close()
    return shop


def promoted(shop: Shop, model: Model) -> str:
    store = ModelStore(shop.models)
    version = store.save(RANKER, model.save, model.recipe)
    store.promote(RANKER, version)
    return version


@pytest.mark.parametrize("kind", MODELS)
def test_decisions_reproduce_bit_for_bit_from_the_record(tmp_path: Path, kind: str) -> None:
    shop = busy(tmp_path / "shop", exploration=0.4)
    version = promoted(shop, MODELS[kind]())
    with delivery.build(shop) as engine:
        made = [
            engine.decide(Request(place, shopper=shopper, slots=slots))
            for place in ("home", "strict")
            for shopper in ("u-1", "nobody", "")
            for slots in (0, 1, 9, 60)
        ]
        assert {decision.versions["model"] for decision in made} == {version}
        assert any(slot.explored for decision in made for slot in decision.slots)
    for decision in made:  # from the folder alone: no engine, no state, no index
        told = explain(shop, decision.id)
        assert told.reproduction.differences == ()
        assert told.reproduced is True


def known(decision: Decision, feature: str) -> bool:
    """Whether any candidate's value of a feature is on record."""
    place = decision.candidates.feature_names.index(feature)
    return bool(np.isfinite(features(decision.candidates)[:, place]).any())


def test_decisions_by_the_match_reproduce_when_other_vectors_serve(tmp_path: Path) -> None:
    shop = busy(tmp_path / "shop", exploration=0.4, candidates=20, nearest=5)
    annotate.products(shop, "tfidf")
    promoted(shop, ranking.Rule(MATCH, {"interest_long": 2.0, "interest_best": 1.0, "page_match": 1.0}))
    with delivery.build(shop) as engine:
        assert engine.world.interests is not None
        made = [
            engine.decide(Request("home", shopper=shopper, query=query, slots=9))
            for shopper in ("u-1", "nobody", "")
            for query in ("", "green tea", "product 7")
        ]
    assert [known(made[place], "interest_long") for place in (0, 3)] == [True, False]
    assert [known(made[place], "page_match") for place in (0, 1)] == [False, True]
    vectors.place(shop).unlink()
    for decision in made:
        assert explain(shop, decision.id).reproduction.differences == ()


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("price", lambda slot: msgspec.structs.replace(slot, price=slot.price + 1)),
        ("propensity", lambda slot: msgspec.structs.replace(slot, propensity=0.123)),
        ("probability", lambda slot: msgspec.structs.replace(slot, probability=slot.probability * 1.0000001)),
        ("runner_up", lambda slot: msgspec.structs.replace(slot, runner_up="x39")),
        ("value", lambda slot: msgspec.structs.replace(slot, value=slot.value + 1e-6)),
    ],
)
def test_a_record_that_was_changed_is_found_out(tmp_path: Path, part: str, change: Any) -> None:
    with delivery.build(busy(tmp_path / "shop")) as engine:
        decision = engine.decide(Request("home", shopper="u-1"))
        forged = msgspec.structs.replace(decision, slots=(change(decision.slots[0]), *decision.slots[1:]))
        assert again(decision, engine)[0].reproduced is True
        assert again(forged, engine)[0].differences == (part,)
        told = explain(engine, forged)
        assert (told.reproduced, told.reproduction.differences) == (False, (part,))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"seed": 99}, "id"),
        ({"floor": 10**9}, "slots"),
        ({"runner_up": ""}, "best of the others"),
        ({"excluded": {"outranked": 1}}, "excluded: outranked"),
    ],
)
def test_so_is_a_record_whose_terms_were_changed(tmp_path: Path, change: dict[str, Any], part: str) -> None:
    with delivery.build(busy(tmp_path / "shop")) as engine:
        decision = engine.decide(Request("home", shopper="u-1"))
        assert part in again(msgspec.structs.replace(decision, **change), engine)[0].differences


def test_a_model_in_stages_is_told_more_of_those_it_keeps(tmp_path: Path) -> None:
    shop = busy(tmp_path / "shop", exploration=0.4)
    promoted(shop, staged())
    with delivery.build(shop) as engine:
        decision = engine.decide(Request("home", shopper="u-1", slots=60))
        found = decision.candidates
        (look,) = found.looks
        assert (found.feature_names, look.feature_names) == (NAMES[1:2], NAMES)
        kept = set(look.rows)
        assert len(kept) == 6 < len(found.ads)
        low = min(found.probabilities[row] for row in kept)
        assert all(p < low for row, p in enumerate(found.probabilities) if row not in kept)
        _, executed = again(decision, engine)
        assert executed is not None
        assert np.isnan(executed.x).any(axis=1).sum() >= len(found.ads) - 6
        told = {found.ads.index(ad.ad): ad for ad in explain(engine, decision).ads}
    assert {row for row, ad in told.items() if ad.method == "tree_shapley"} <= kept
    assert {row for row in told if row not in kept}, "chance draws among the fallen, too"
    for row, ad in told.items():
        assert row in kept or {reason.code for reason in ad.reasons} <= {"popularity"}


def test_a_look_that_was_changed_is_found_out(tmp_path: Path) -> None:
    shop = busy(tmp_path / "shop")
    promoted(shop, staged())
    with delivery.build(shop) as engine:
        decision = engine.decide(Request("home", shopper="u-1"))
        found = decision.candidates
        (look,) = found.looks
        assert again(decision, engine)[0].reproduced is True
        features = np.frombuffer(look.features, dtype="<f4") + np.float32(50.0)
        for changed in (
            msgspec.structs.replace(look, features=features.tobytes()),
            msgspec.structs.replace(look, rows=tuple(range(20, 26))),
        ):
            forged = msgspec.structs.replace(
                decision, candidates=msgspec.structs.replace(found, looks=(changed,))
            )
            assert "probabilities" in again(forged, engine)[0].differences


def test_a_model_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    with delivery.build(busy(tmp_path / "shop")) as engine:
        decision = engine.decide(Request("home"))
        old = msgspec.structs.replace(decision, versions={"model": "20200101T000000000000-00000000"})
        told = explain(engine, old)
        assert told.reproduced is None
        assert "has no version" in told.reproduction.reason
        assert len(told.ads) == len(decision.slots)
        assert explain(engine, msgspec.structs.replace(decision, versions={})).reproduced is None


def test_what_decided_is_what_is_said(tmp_path: Path) -> None:
    shop = busy(tmp_path / "shop")
    promoted(shop, MODELS["linear"]())
    with delivery.build(shop) as engine:
        told = {
            ad.ad: ad for ad in explain(engine, engine.decide(Request("home", shopper="u-1", slots=60))).ads
        }
        paid_by_thousand = [ad for ad in told.values() if "per thousand" in ad.price]
        assert told["x-tea"].reasons[0].code == "own"
        assert told["x-tea"].reasons[0].weight > 0
        assert "what you have bought yourself counts for it" in told["x-tea"].why
        assert paid_by_thousand
        for ad in paid_by_thousand:  # the model had no say in these
            assert ad.reasons == ()
            assert "bids" in ad.why


def test_the_tiny_shop_in_two_languages(tmp_path: Path) -> None:
    with delivery.build(shops.tiny(tmp_path / "shop")) as engine:
        decision = engine.decide(Request("home", shopper="u-1"))
        english, chinese = (explain(engine, decision, language=name) for name in ("en", "zh-CN"))
    tea, pot = english.ads
    assert tea.statement == "This is an advertisement, shown on behalf of Leaf."
    assert tea.price == (
        "It pays the least that keeps its place above 'a-jam': 3.00 USD per thousand impressions, "
        "never more than its bid."
    )
    assert pot.price == tea.price
    assert [(left.reason, left.count) for left in english.left_out] == [
        ("no_model_for_pricing", 1),
        ("outranked", 1),
    ]
    assert (english.eligible, english.considered) == (3, 3)
    assert english.parameters == ("what the advertiser bids",)
    assert chinese.ads[0].label == "广告"
    assert chinese.ads[0].statement == "这是一则广告，由Leaf投放。"
    assert not mixed(chinese)


def mixed(told: Explanation) -> list[str]:
    """Sentences of a Chinese explanation that hold no Chinese."""
    said = [told.path_text, *told.choices, *told.parameters]
    said += [text for ad in told.ads for text in (ad.statement, ad.why, ad.price)]
    said += [left.text for left in told.left_out]
    return [text for text in said if not any("\u4e00" <= sign <= "\u9fff" for sign in text)]


@pytest.mark.parametrize(
    ("consent", "path", "choice"),
    [
        (Consent(), "personalised", "Refuse personalised ads"),
        (Consent(gpc=True), "contextual", "Nothing of yours was used"),
        (Consent(minor=True), "contextual", "Nothing of yours was used"),
    ],
)
def test_the_path_and_what_the_shopper_can_change(
    tmp_path: Path, consent: Consent, path: str, choice: str
) -> None:
    with delivery.build(shops.tiny(tmp_path / "shop")) as engine:
        told = explain(engine, engine.decide(Request("home", shopper="u-1", consent=consent)))
        assert told.path == path
        assert told.choices[0].startswith(choice)
        assert all(reason.code not in {"own", "category"} for ad in told.ads for reason in ad.reasons)


def test_an_answer_without_ads_is_explained_too(tmp_path: Path) -> None:
    with delivery.build(shops.tiny(tmp_path / "shop")) as engine:
        none = explain(engine, engine.decide(Request("home", consent=Consent(no_ads=True))))
        assert (none.reproduced, none.fallback_text) == (True, "No ads may be shown.")
        assert none.choices == ()
        barred = explain(engine, engine.decide(Request("home", organic=("tea", "pot", "jam"))))
        assert barred.fallback == FallbackReason.NOTHING_ELIGIBLE
        assert {left.reason: left.count for left in barred.left_out}[NoBidReason.ORGANIC] == 3


def test_chance_is_named_where_it_drew(tmp_path: Path) -> None:
    with delivery.build(shops.tiny(tmp_path / "shop", exploration=1.0)) as engine:
        told = explain(engine, engine.decide(Request("home")))
        assert all(ad.explored and "Chance put it here" in ad.why for ad in told.ads)


def test_every_reason_has_words_in_both_languages() -> None:
    from hawker.explain.words import left_out, unfilled

    for language in ("en", "zh"):
        assert all(left_out(reason, language) != reason for reason in NoBidReason)
        assert all(unfilled(reason, language) != reason for reason in FallbackReason)


def test_what_is_not_there_or_not_spoken(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    with pytest.raises(NotFound, match="d-nothing"):
        explain(shop, "d-nothing")
    with pytest.raises(BadSetting, match="'eo'"):
        explain(shop, "d-nothing", language="eo")


def test_a_record_from_before_the_rules_were_on_it_still_loads() -> None:
    golden = Path(__file__).parents[1] / "golden" / "exemplary" / "decision-home.json"
    old = msgspec.json.decode(golden.read_bytes(), type=Decision)
    assert (old.wanted, old.mechanism, old.most_per_advertiser) == (0, "gsp", None)
