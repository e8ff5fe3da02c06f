"""Who buys is suggested where money is short, everybody where it is not; and luck is shrunk away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.audience.market import DAYS, END, START, moment, opened, shopper

from hawker.audience import expected
from hawker.audience.advice import WORDS, advice
from hawker.audience.suggest import EVERYBODY, Suggestion, Terms, suggest, weighed
from hawker.records.campaign import Campaign, Pricing, Strategy
from hawker.records.events import DAY

UNIT = 1_000_000
RUNNERS = frozenset(shopper(number) for number in range(0, 300, 3))
COOKS = frozenset(shopper(number) for number in range(1, 300, 3))
SHOES = Campaign("shoes", pricing=Pricing.CPM, bid=10 * UNIT, total_budget=2 * UNIT)


def weigh(folder: Path, campaign: Campaign = SHOES, **audiences: frozenset[str]) -> Suggestion:
    _, held = opened(folder)
    named = audiences or {"runners": RUNNERS, "cooks": COOKS, "few": frozenset(sorted(RUNNERS)[:20])}
    return weighed(held.events, held.state.codes, campaign, ("shoe",), named, now=END)


def test_money_for_200_visits_goes_to_those_who_buy(tmp_path: Path) -> None:
    told = weigh(tmp_path)
    assert told.best is not None
    assert told.best.audience == "runners"
    assert told.best.members == 100
    assert 0.5 < told.best.rate.value < 0.62
    assert told.best.lift.low > 0
    assert told.lead.low > 0
    assert told.best.cost.value == pytest.approx(2.0)
    assert told.best.net.value == pytest.approx(200 * told.best.rate.value * 80 - 2, rel=1e-6)
    assert [one.audience for one in told.choices] == ["runners", EVERYBODY, "cooks"]
    assert told.unjudged[0].reason == "fewer than 50 of its members came lately"


def test_money_for_all_leaves_it_open(tmp_path: Path) -> None:
    told = weigh(tmp_path, Campaign("shoes", pricing=Pricing.CPM, bid=10 * UNIT))
    assert told.best is not None
    assert told.best.audience == EVERYBODY
    assert told.best.paid == 1.0
    assert told.lead.value == 0.0


def test_a_campaign_that_pays_more_than_it_sells_loses_least_where_nothing_is_bought(tmp_path: Path) -> None:
    told = weigh(tmp_path, Campaign("shoes", pricing=Pricing.CPA, bid=200 * UNIT))
    assert told.best is not None
    assert told.best.audience == "cooks"
    assert told.choices[-1].net.value < 0


def test_what_a_visit_is_counts_by_hand(tmp_path: Path) -> None:
    _, held = opened(tmp_path)
    codes = held.state.codes
    wanted = np.zeros(len(codes["product"]), dtype=bool)
    wanted[codes["product"].find("shoe")] = True
    found = expected.record(held.events, codes, wanted, since=START, until=END)
    assert found.visits.sum() == len(held.events)
    assert found.converting.sum() * 80 == found.value.sum()
    assert found.days == DAYS
    assert not found.impressions.any()
    part = expected.record(held.events, codes, wanted, since=START, until=START + 10 * DAY)
    assert part.visits.sum() == held.events.before(START + 10 * DAY)


def test_luck_in_the_record_is_shrunk_away() -> None:
    rng = np.random.default_rng(0)
    trials = np.full(3000, 8.0)
    alike = rng.binomial(8, 0.1, 3000).astype(float)
    up, down = expected.beta(alike, trials)
    chosen = alike >= 3
    assert (alike[chosen] / 8).mean() > 0.35
    assert ((alike[chosen] + up) / (8 + up + down)).mean() == pytest.approx(0.1, abs=0.02)
    truth = rng.beta(1, 9, 3000)
    differ = rng.binomial(8, truth).astype(float)
    up, down = expected.beta(differ, trials)
    chosen = differ >= 3
    assert ((differ[chosen] + up) / (8 + up + down)).mean() == pytest.approx(truth[chosen].mean(), abs=0.02)
    visits = rng.poisson(rng.gamma(2.0, 3.0, 3000)).astype(float)
    shape, span = expected.gamma(visits, 28.0)
    assert shape == pytest.approx(2.0, rel=0.15)
    assert shape / span * 28 == pytest.approx(6.0, rel=0.05)
    assert expected.gamma(np.full(10, 4.0), 28.0)[1] == 1e6
    assert expected.gamma(np.zeros(0), 28.0)[0] > 0


def test_products_that_sell_too_little_are_judged_by_their_categories(tmp_path: Path) -> None:
    _, held = opened(tmp_path)
    early = START + 8 * DAY
    told = weighed(
        held.events, held.state.codes, SHOES, ("shoe",), {"runners": RUNNERS, "cooks": COOKS}, now=early
    )
    assert told.by == "categories"
    assert told.best is not None
    assert told.best.audience == "runners"


def test_clicks_without_a_rate_leave_costs_out(tmp_path: Path) -> None:
    told = weigh(tmp_path, Campaign("shoes", pricing=Pricing.CPC, bid=UNIT, total_budget=UNIT))
    assert not told.costed
    assert told.choices[0].cost.value == 0.0
    assert WORDS["en"]["no_costs"] in advice(told)


def test_the_terms_of_each_way_to_pay() -> None:
    def terms(**given: object) -> Terms:
        return Terms.of(Campaign("c", **given), days=10, value=20.0)  # type: ignore[arg-type]

    assert terms(pricing=Pricing.CPM, bid=5 * UNIT) == Terms(impression=0.005)
    assert terms(pricing=Pricing.CPC, bid=UNIT, daily_budget=2 * UNIT) == Terms(click=1.0, budget=20.0)
    assert terms(pricing=Pricing.CPA, bid=3 * UNIT, daily_budget=UNIT, total_budget=4 * UNIT) == Terms(
        conversion=3.0, budget=4.0
    )
    assert terms(strategy=Strategy.TARGET_CPA, target_cpa=2 * UNIT).conversion == 2.0
    assert terms(strategy=Strategy.TARGET_ROAS, target_roas=4.0).conversion == 5.0


@pytest.mark.parametrize(
    ("campaign", "products", "word"),
    [
        (Campaign("c", end=END - 1), ("shoe",), "over"),
        (Campaign("c"), ("gloves",), "none of its products"),
        (Campaign("c"), (), "none of its products"),
    ],
)
def test_what_cannot_be_judged_is_answered_with_the_reason(
    tmp_path: Path, campaign: Campaign, products: tuple[str, ...], word: str
) -> None:
    _, held = opened(tmp_path)
    told = weighed(held.events, held.state.codes, campaign, products, {}, now=END)
    assert told.best is None
    assert word in told.reason
    assert advice(told)[0].startswith("Nothing can be suggested")
    assert advice(told, language="zh-CN")[0].startswith("无法给出建议")


def test_too_little_history_and_too_few_shoppers_are_reasons(tmp_path: Path) -> None:
    _, held = opened(tmp_path)
    codes = held.state.codes
    assert "days of history" in weighed(held.events, codes, SHOES, ("shoe",), {}, now=START + 3 * DAY).reason
    told = weighed(held.events, codes, SHOES, ("shoe",), {}, now=END, least=1000)
    assert "shoppers came lately" in told.reason
    _, empty = opened(tmp_path / "empty", events=[])
    assert weighed(empty.events, empty.state.codes, SHOES, ("shoe",), {}, now=END).reason


def test_who_may_not_be_profiled_is_in_no_figure(tmp_path: Path) -> None:
    gone = frozenset(sorted(RUNNERS)[:30])
    told = suggest(moment(tmp_path, without=gone), SHOES, ("shoe",), {"runners": RUNNERS})
    assert told.best is not None
    assert told.best.members == 70
    assert next(one for one in told.choices if one.audience == EVERYBODY).members <= 270


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_advice_names_the_audience_and_says_why(tmp_path: Path, language: str) -> None:
    told = weigh(tmp_path)
    first, *rest = advice(told, language=language, names={"runners": "Trail folk"}, currency="EUR")
    assert "Trail folk" in first
    assert "EUR" in first
    assert WORDS[language]["caution"] in rest
    assert any("few" in line for line in rest)
    if language == "zh":
        assert not any(word in line for line in rest for word in ("members", "needed", "lately"))
    everyone = weigh(tmp_path / "all", Campaign("shoes", pricing=Pricing.CPM, bid=UNIT))
    assert advice(everyone, language=language)[0].startswith(WORDS[language]["open"][:4])
    assert set(WORDS["en"]) == set(WORDS["zh"])
