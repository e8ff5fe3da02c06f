"""Two engines on one shop: what one is told, the other knows a moment later, once and in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from tests import shops

from hawker import Shop, delivery
from hawker.delivery import Engine
from hawker.features.examples import microseconds
from hawker.records.consent import ConsentPath
from hawker.records.decision import Request
from hawker.records.events import SECOND, Event, EventKind
from hawker.records.verdict import Status

HOME = Request(placement="home", shopper="u-1")


class Clock:
    """A clock that both engines read, and that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = microseconds(shops.CLOCK) + 60 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pair(tmp_path: Path, clock: Clock) -> Iterator[tuple[Engine, Engine]]:
    shop = shops.tiny(tmp_path / "shop", tolerance_ms=1_000)
    with ExitStack() as stack:
        made = [
            stack.enter_context(delivery.build(Shop(shop.folder), clock=clock, process=name, shared=True))
            for name in ("one", "two")
        ]
        yield made[0], made[1]


def view(name: str, moment: int, shopper: str = "u-1") -> Event:
    return Event(EventKind.VIEW, moment, id=name, shopper=shopper, product="jam")


def counts(engine: Engine, product: str) -> list[str]:
    """What the folds have counted of a product, to the last bit."""
    state = engine.world.state
    code = np.array([state.codes["product"].find(product)], dtype=np.int32)
    found = state.read("product", code, now=state.watermark)
    return [float(column[0]).hex() for column in found.values()]


def settle(clock: Clock, *engines: Engine) -> None:
    """Let the clock go on until everything heard has been folded."""
    for engine in engines:
        engine.hear()
    clock.now += 3 * SECOND
    for engine in engines:
        engine.decide(HOME)


def test_what_one_is_told_both_have_folded_alike(pair: tuple[Engine, Engine], clock: Clock) -> None:
    one, two = pair
    before = counts(two, "jam")
    for number in range(20):
        teller = pair[number % 2]
        clock.now += SECOND // 10
        assert teller.observe([view(f"v-{number}", clock.now)])[0].status is Status.ACCEPTED
    settle(clock, one, two)
    clock.now += SECOND
    one.decide(HOME), two.decide(HOME)
    assert counts(one, "jam") == counts(two, "jam") != before


def test_nothing_is_heard_twice_and_nothing_of_ones_own(pair: tuple[Engine, Engine], clock: Clock) -> None:
    one, two = pair
    one.observe([view("a", clock.now), view("b", clock.now)])
    assert (one.hear(), two.hear(), two.hear()) == (0, 2, 0)
    assert two.observe([view("a", clock.now)])[0].status is Status.DUPLICATE
    assert one.hear() == 0


def test_a_third_that_starts_meanwhile_knows_each_event_once(
    pair: tuple[Engine, Engine], clock: Clock
) -> None:
    one, two = pair
    for number in range(12):
        clock.now += SECOND
        one.observe([view(f"v-{number}", clock.now)])
    shop = Shop(one.shop.folder)
    with delivery.build(shop, clock=clock, process="three", shared=True) as three:
        one.observe([view("late", clock.now)])
        settle(clock, one, two, three)
        clock.now += SECOND
        for engine in (one, two, three):
            engine.decide(HOME)
        assert counts(three, "jam") == counts(two, "jam") == counts(one, "jam")


def test_an_event_whose_turn_has_passed_is_folded_later_and_not_lost(
    pair: tuple[Engine, Engine], clock: Clock
) -> None:
    one, two = pair
    before = counts(two, "jam")
    one.observe([view("v", clock.now)])
    clock.now += 30 * SECOND
    two.decide(HOME)
    assert two.world.state.watermark > clock.now - 2 * SECOND
    settle(clock, two)
    assert counts(two, "jam") != before


def test_an_opt_out_told_to_one_binds_the_other(pair: tuple[Engine, Engine], clock: Clock) -> None:
    one, two = pair
    assert two.decide(HOME).path is ConsentPath.PERSONALISED
    one.observe([Event(EventKind.OPT_OUT, clock.now, id="no", shopper="u-1")])
    two.hear()
    assert two.decide(HOME).path is ConsentPath.CONTEXTUAL


def test_what_one_decided_the_other_can_be_told_the_outcome_of(
    pair: tuple[Engine, Engine], clock: Clock
) -> None:
    one, two = pair
    shown = one.decide(HOME)
    event = Event(EventKind.AD_IMPRESSION, clock.now, id="i", ad="a-tea", decision=shown.id, slot=0)
    one.decision_log.flush()
    two.observe([event])
    one.hear()
    one.observe([event])
    assert [charge[:2] for charge in two.ledger.charges(0, 2**62)] == [(f"{shown.id}/0", "c-leaf")]
