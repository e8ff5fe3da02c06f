"""What is in the log only because of the outcome is found; habits, however strong, are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.learning.grocer import HOUR, MONDAY, PRODUCTS, grocer
from tests.learning.test_pipeline import SPLIT

from hawker import Shop, ranking
from hawker.errors import BadInput
from hawker.learning import honest, pipeline
from hawker.ranking import leaks
from hawker.records.events import DAY, Event, EventKind

ONE = pipeline.Course((ranking.Linear(bits=12, epochs=1),), most=400, negatives=8)


def fickle(folder: Path, *, carts: int) -> Shop:
    """Shoppers without habits; whatever they buy is put into a cart so many microseconds before."""
    rng = np.random.default_rng(0)
    made = []
    for shopper in range(40):
        for visit in range(20):
            moment = MONDAY + (visit * 4 + shopper % 4) * DAY + (8 + shopper % 9) * HOUR + shopper
            product = str(rng.choice(PRODUCTS))
            said = {"shopper": f"u{shopper}", "product": product, "location": f"store-{shopper % 2}"}
            name = f"{shopper}-{visit}"
            made.append(Event(EventKind.CART, moment - carts, id=f"cart-{name}", **said))
            made.append(
                Event(
                    EventKind.PURCHASE,
                    moment,
                    id=name,
                    session=f"s{name}",
                    value=2_000_000,
                    currency="USD",
                    **said,
                )
            )
    return grocer(folder, sorted(made, key=lambda event: event.time))


def found(shop: Shop) -> tuple[ranking.Leak, ...]:
    held = pipeline.bench(shop, split=SPLIT)
    rows = pipeline.training_rows(held, ONE, seed=7)
    return honest.check(shop, rows, start=SPLIT.start, end=SPLIT.test, negatives=8, seed=7)


def test_a_cart_filled_with_the_purchase_itself_is_refused(tmp_path: Path) -> None:
    shop = fickle(tmp_path, carts=60_000_000)
    with pytest.raises(BadInput, match=r"own_interest.*a day before it tells far less.*--trust own_"):
        pipeline.train(shop, on=pipeline.bench(shop, split=SPLIT), how=ONE)


def test_a_cart_filled_days_before_is_knowledge(tmp_path: Path) -> None:
    assert found(fickle(tmp_path, carts=2 * DAY)) != ()


def test_habits_are_left_alone(tmp_path: Path) -> None:
    shop = grocer(tmp_path)
    suspect = {leak.feature for leak in found(shop)}
    assert "own_count" in suspect  # in the corner shop what was bought before tells everything
    rows = pipeline.training_rows(pipeline.bench(shop, split=SPLIT), ONE, seed=7)
    assert suspect == {leak.feature for leak in leaks(rows, seed=7)}
