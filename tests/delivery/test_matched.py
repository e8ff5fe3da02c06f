"""The match in a decision: of whom may be known, of the page for everybody, never of two encoders at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from tests import shops
from tests.delivery.test_pipeline import decide, world

from hawker.delivery.record import features
from hawker.delivery.world import World
from hawker.features.interests import Interests
from hawker.features.match import MADE_OF, MATCH, made_of
from hawker.ranking import Rule
from hawker.records.consent import Consent, ConsentPath
from hawker.records.decision import Decision, Request

SPACE = np.array([[1.0, 0.0], [0.6, 0.8], [0.8, -0.6], [0.0, 0.0]], dtype=np.float32)
IDS = ("tea", "pot", "jam", "sock")
RULE = Rule(MATCH, {"interest_long": 1.0, "page_match": 1.0})
HOME = Request("home", shopper="u-1")


def known(space: NDArray[np.float32] = SPACE, *, name: str = "toy", **rest: Any) -> World:
    """The tiny shop, whose u-1 has bought tea, with vectors."""
    made = world(**{"model": RULE, **rest})
    made.state.adopt(Interests(space, name=name, ids=IDS))
    made.state.fold(made.state.codes.encode(shops.BOUGHT))
    made.state.advance(shops.NOW)
    return made


def seen(decision: Decision, column: str) -> dict[str, float]:
    """A feature's values on record, by ad."""
    place = decision.candidates.feature_names.index(column)
    values = features(decision.candidates)[:, place].tolist()
    return dict(zip(decision.candidates.ads, values, strict=True))


def test_a_known_shopper_is_matched_by_what_they_bought() -> None:
    found = seen(decide(HOME, known()), "interest_long")
    assert found["a-tea"] == pytest.approx(1.0)
    assert found["a-pot"] == pytest.approx(0.6)
    assert found["a-jam"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    "request_",
    [
        msgspec.structs.replace(HOME, consent=Consent(gpc=True)),
        Request("home"),
        Request("home", shopper="u-2"),
    ],
)
def test_whom_nothing_is_or_may_be_known_of_has_no_interest(request_: Request) -> None:
    decision = decide(request_, known())
    for column in MATCH:
        assert np.isnan(list(seen(decision, column).values())).all(), column


def test_the_page_counts_without_consent() -> None:
    asked = Request("home", shopper="u-1", product="pot", consent=Consent(gpc=True))
    decision = decide(asked, known())
    assert decision.path is ConsentPath.CONTEXTUAL
    found = seen(decision, "page_match")
    assert found["a-pot"] == pytest.approx(1.0)
    assert found["a-tea"] == pytest.approx(0.6)
    assert np.isnan(list(seen(decision, "interest_long").values())).all()


def test_a_query_is_read_by_the_static_table() -> None:
    class Table:
        name = "toy"

        def vector(self, query: str) -> NDArray[np.float32]:
            return SPACE[2] if query == "plum" else np.zeros(2, dtype=np.float32)

    made = replace(known(), static=Table())
    assert seen(decide(Request("home", query="plum"), made), "page_match")["a-jam"] == pytest.approx(1.0)
    assert np.isnan(seen(decide(Request("home", query="bolts"), made), "page_match")["a-jam"])
    elsewhere = replace(made, static=type("Other", (Table,), {"name": "toy-2"})())
    assert np.isnan(seen(decide(Request("home", query="plum"), elsewhere), "page_match")["a-jam"])
    both = seen(decide(Request("home", query="plum", product="pot"), made), "page_match")
    assert both["a-jam"] == pytest.approx(1.0)  # what is asked for before what is looked at


def test_to_a_model_of_other_vectors_the_match_is_unknown() -> None:
    made = known()
    assert made.interests is not None
    learned = Rule(MATCH, {"interest_long": 1.0}, recipe=made_of(made.interests, MATCH))
    assert learned.recipe == {MADE_OF: made.interests.space}
    same = replace(made, model=learned, models={})
    assert seen(decide(HOME, same), "interest_long")["a-tea"] == pytest.approx(1.0)
    other = known(SPACE[:, ::-1].copy(), name="newer", model=learned)
    assert np.isnan(seen(decide(HOME, other), "interest_long")["a-tea"])
    assert made_of(made.interests, ("affinity",)) == {}
    assert made_of(None, MATCH) == {}


def test_without_vectors_a_model_that_asks_for_the_match_still_serves() -> None:
    decision = decide(HOME, world(model=RULE))
    assert decision.slots
    assert np.isnan(seen(decision, "interest_best")["a-tea"])
