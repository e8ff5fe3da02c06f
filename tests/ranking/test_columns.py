"""How rows enter a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker.features.examples import Examples, Field
from hawker.ranking.columns import PADDING, Columns


def history(rows: int = 400, *, seed: int = 0) -> Examples:
    """The toy shop with the last three kinds of each shopper, of growing length."""
    base = toy(rows, seed=seed)
    rng = np.random.default_rng(seed)
    past = rng.integers(0, 4, (rows, 3)).astype(np.float32)
    for i in range(3):
        past[np.arange(rows) % 4 <= i, i] = np.nan
    names = ("past 1", "past 2", "past 3")
    return replace(
        base,
        names=(*base.names, *names),
        x=np.hstack([base.x, past]),
        fields=(Field("past", "sequence", names, "kind"),),
    )


def test_codes_rarely_seen_share_the_row_of_the_unknown() -> None:
    rows = toy(400)
    rows.x[:3, 1] = 77
    rows.x[3, 1] = np.nan
    columns = Columns.of(rows, seen=5)
    codes = columns(rows.x).codes
    np.testing.assert_array_equal(columns.vocabularies[0], [0, 1, 2, 3])
    assert columns.rows == 1 + 1 + 4
    np.testing.assert_array_equal(codes[:4, 0], 1)
    np.testing.assert_array_equal(codes[4:, 0], rows.x[4:, 1] + 2)


@pytest.mark.parametrize("factor", [0.5, -1, 1e9])
def test_codes_may_be_any_numbers(factor: float) -> None:
    rows = toy(400)
    plain = Columns.of(rows, seen=5)(rows.x).codes
    rows.x[:, 1] *= np.float32(factor)
    known = np.unique(rows.x[:, 1])
    columns = Columns.of(rows, seen=5)
    codes = columns(rows.x).codes
    np.testing.assert_array_equal(columns.vocabularies[0], known)
    assert len(np.unique(np.stack([codes[:, 0], plain[:, 0]]), axis=1).T) == 4  # one to one
    rows.x[:, 1] = 12345.25
    np.testing.assert_array_equal(columns(rows.x).codes, 1)


def test_hashed_codes_need_no_vocabulary() -> None:
    rows = toy(400)
    rows.x[:, 1] = np.arange(400)
    columns = Columns.of(rows, seen=5, hashed=64)
    codes = columns(rows.x).codes[:, 0]
    assert columns.rows == 2 + 64
    assert codes.min() >= 2
    assert codes.max() < 66
    counts = np.bincount(codes, minlength=66)[2:]
    assert (counts > 0).sum() > 55
    strange = np.array([[0, np.nan, 0, 0], [0, -3e38, 0, 0]], np.float32)
    assert columns(strange).codes[0, 0] == 1
    assert 2 <= columns(strange).codes[1, 0] < 66


def test_quantities_are_standardised_logarithms_with_a_flag_where_some_are_unknown() -> None:
    rows = toy(4000)
    numbers = Columns.of(rows, seen=1)(rows.x).numbers
    quantities, unknown = numbers[:, :3], numbers[:, 3:]
    np.testing.assert_array_equal(unknown, np.isnan(rows.x[:, [2, 3]]))
    absent = np.isnan(rows.x[:, [0, 2, 3]])
    known = np.ma.masked_array(quantities, absent)
    np.testing.assert_allclose(known.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(known.std(axis=0), 1, atol=1e-4)
    assert (quantities[absent] == 0).all()


def test_a_column_without_spread_is_harmless() -> None:
    rows = toy(400)
    rows.x[:, 2] = 5
    numbers = Columns.of(rows, seen=1)(rows.x).numbers
    np.testing.assert_allclose(numbers[:, 1], 0, atol=1e-6)


def test_bins_hold_what_is_alike_and_the_unseen_joins_the_nearest() -> None:
    rows = toy(400)
    rows.x[:, 2] = np.tile([1, 1.2, 16, np.nan], 100)
    columns = Columns.of(rows, seen=5, bins=1)
    assert columns.plan.binned == 3
    assert columns(rows.x).numbers.shape == (400, 0)
    first, second, third, unknown = columns(rows.x).codes[:4, 2]
    assert first == second < third
    assert unknown == first - 1
    rows.x[:4, 2] = [1.9, 3.9, 9.0, 1e30]
    np.testing.assert_array_equal(columns(rows.x).codes[:4, 2], [first, first, third, third])


def test_a_sequence_uses_the_rows_of_what_it_is_a_sequence_of() -> None:
    rows = history()
    columns = Columns.of(rows, seen=5)
    codes = columns(rows.x).codes
    assert codes.shape == (400, 4)
    assert columns.groups == [[0, 1, 2, 3]]
    past = rows.x[:, 4:]
    np.testing.assert_array_equal(codes[:, 1:], np.where(np.isnan(past), PADDING, np.nan_to_num(past) + 2))
    rows.x[0, 4] = 99
    assert columns(rows.x).codes[0, 1] == 1


def test_a_vector_keeps_its_directions() -> None:
    base = toy(400)
    vectors = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32) * np.float32([3, 1])
    vectors[7] = np.nan
    names = ("text 1", "text 2")
    fields = (Field("text", "vector", names),)
    rows = replace(base, names=(*base.names, *names), x=np.hstack([base.x, vectors]), fields=fields)
    numbers = Columns.of(rows, seen=5)(rows.x).numbers[:, -2:]
    assert (numbers[7] == 0).all()
    np.testing.assert_allclose(numbers.std(axis=0)[0] / numbers.std(axis=0)[1], 3, rtol=0.1)


def test_columns_learned_in_parts_are_those_learned_at_once() -> None:
    rows = history(1000)
    whole = Columns.of(rows, seen=5)
    parts = Columns.of(rows, seen=5, parts=[rows.x[:137], rows.x[137:700], rows.x[700:]])
    assert parts.plan == whole.plan
    for left, right in zip(parts.vocabularies, whole.vocabularies, strict=True):
        np.testing.assert_array_equal(left, right)
    np.testing.assert_allclose(parts.centre, whole.centre, rtol=1e-6)
    np.testing.assert_allclose(parts.spread, whole.spread, rtol=1e-6)
