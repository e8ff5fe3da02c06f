"""The space of a catalogue: what differs most comes first, and what is asked has a middle of its own."""

from __future__ import annotations

import numpy as np
import pytest

from hawker.language import space
from hawker.language.care import unit

CHANCE = np.random.default_rng(5)
FOUND = unit(CHANCE.normal(size=(300, 100)) * np.linspace(3, 0.1, 100) + 2.0)
ASKED = unit(FOUND[:80] + 0.5 * np.eye(100)[0])


def test_the_middle_of_passages_and_of_queries_is_nowhere() -> None:
    made = space.fit(FOUND, asked=ASKED, encoder="e-1")
    assert made.name.startswith("e-1/64-")
    assert (FOUND - made.mean).mean(axis=0) == pytest.approx(np.zeros(100), abs=1e-6)
    turned, asked = made.project(FOUND), made.asked(ASKED)
    assert turned.shape == (300, 64)
    assert np.linalg.norm(turned, axis=1) == pytest.approx(np.ones(300), abs=1e-5)
    assert (asked * turned[:80]).sum(axis=1).mean() > 0.9
    assert (asked * made.project(ASKED)).sum(axis=1).mean() < (asked * turned[:80]).sum(axis=1).mean()


def test_neighbours_stay_neighbours() -> None:
    made = space.fit(FOUND, asked=ASKED, encoder="e-1")
    centred = unit(FOUND - made.mean)
    before, after = centred @ centred.T, made.project(FOUND) @ made.project(FOUND).T
    np.fill_diagonal(before, -1)
    near = before.argmax(axis=1)
    rank = (after > after[np.arange(300), near][:, None]).sum(axis=1)
    assert np.median(rank) <= 5


def test_zeros_stay_zeros_and_few_texts_are_no_obstacle() -> None:
    with_zeros = np.vstack([FOUND, np.zeros((1, 100), dtype=np.float32)])
    made = space.fit(with_zeros, asked=ASKED, encoder="e-1")
    assert made.name == space.fit(FOUND, asked=ASKED, encoder="e-1").name
    assert not made.project(with_zeros)[-1].any()
    for few in (0, 1, 2, 5):
        held = space.fit(FOUND[:few], asked=ASKED[:few], encoder="e-1")
        assert held.project(FOUND[:few]).shape == (few, 64)
        assert np.linalg.norm(held.project(FOUND[:few]), axis=1) == pytest.approx(np.ones(few), abs=1e-4)


def test_the_name_changes_with_what_it_was_made_of() -> None:
    one = space.fit(FOUND, asked=ASKED, encoder="e-1").name
    assert one == space.fit(FOUND, asked=ASKED, encoder="e-1").name
    assert one != space.fit(FOUND[1:], asked=ASKED, encoder="e-1").name
    assert one != space.fit(FOUND, asked=ASKED[1:], encoder="e-1").name
