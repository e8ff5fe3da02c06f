"""What every hot state does, wherever it lies. Subclass `HotBehaviour`, give it `opened`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from hawker.records.campaign import Cap, Per
from hawker.storage.hot import HOLD, IDLE, MINUTE, SECOND, Hot

HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
NOON = 20_000 * DAY + DAY // 2
CAPS = {
    "campaign:c": (Cap(2, Per.HOUR),),
    "campaign:both": (Cap(1, Per.MINUTE, 10), Cap(3, Per.DAY, 2)),
    "advertiser:a": (Cap(3, Per.HOUR, 3),),
    "creative:k": (Cap(2, Per.LIFETIME),),
    "campaign:free": (),
}


class HotBehaviour:
    """The tests; `opened` makes a hot state with nothing in it."""

    def opened(self) -> Hot:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _state(self) -> Iterator[None]:
        self.hot = self.opened()
        self.hot.rule(CAPS)
        yield
        self.hot.close()

    def show(self, id: str, *entities: str, now: int, subject: str = "u") -> str:
        refused = self.hot.reserve(subject, entities, id=id, now=now)
        if not refused:
            self.hot.confirm(subject, entities, id=id, now=now)
        return refused

    def test_a_cap_holds_over_any_span_of_its_length(self) -> None:
        assert self.show("1", "campaign:c", now=NOON + 59 * MINUTE) == ""
        assert self.show("2", "campaign:c", now=NOON + 61 * MINUTE) == ""
        assert self.hot.capped("u", now=NOON + 62 * MINUTE) == {"campaign:c"}
        assert self.show("3", "campaign:c", now=NOON + 62 * MINUTE) == "campaign:c"
        assert self.show("3", "campaign:c", now=NOON + 119 * MINUTE - 1) == "campaign:c"
        assert self.hot.capped("u", now=NOON + 119 * MINUTE) == frozenset()
        assert self.show("3", "campaign:c", now=NOON + 119 * MINUTE) == ""

    def test_all_entities_of_a_slot_are_counted_or_none(self) -> None:
        for n in range(2):
            assert self.show(f"k{n}", "creative:k", now=NOON) == ""
        slot = ("advertiser:a", "campaign:c", "creative:k")
        assert self.show("s", *slot, now=NOON) == "creative:k"
        assert self.hot.capped("u", now=NOON) == {"creative:k"}
        for n in range(2):
            assert self.show(f"c{n}", "advertiser:a", "campaign:c", now=NOON) == ""
        assert self.show("a", "advertiser:a", "campaign:both", now=NOON) == ""
        assert self.hot.capped("u", now=NOON) == {*slot, "campaign:both"}

    def test_every_cap_of_an_entity_holds(self) -> None:
        shown = [
            n
            for n in range(0, 60 * 24 * 2, 7)
            if not self.show(f"{n}", "campaign:both", now=NOON + n * MINUTE)
        ]
        assert shown == [0, 14, 28]
        assert self.show("next", "campaign:both", now=NOON + 2 * DAY) == ""

    def test_a_reservation_counts_until_it_lapses(self) -> None:
        both = [self.hot.reserve("u", ["campaign:c"], id=f"r{n}", now=NOON) for n in range(3)]
        assert both == ["", "", "campaign:c"]
        assert self.hot.capped("u", now=NOON + HOLD - 1) == {"campaign:c"}
        assert self.hot.capped("u", now=NOON + HOLD) == frozenset()
        assert self.show("r3", "campaign:c", now=NOON + HOLD) == ""

    def test_an_impression_counts_from_when_it_was_seen(self) -> None:
        for n in range(2):
            assert self.hot.reserve("u", ["campaign:c"], id=f"r{n}", now=NOON) == ""
            self.hot.confirm("u", ["campaign:c"], id=f"r{n}", now=NOON + 20 * MINUTE)
        self.hot.confirm("u", ["campaign:c"], id="r1", now=NOON + 50 * MINUTE)
        assert self.hot.capped("u", now=NOON + 80 * MINUTE - 1) == {"campaign:c"}
        assert self.hot.capped("u", now=NOON + 80 * MINUTE) == frozenset()

    def test_a_late_impression_is_counted_when_it_comes(self) -> None:
        for n in range(2):
            self.hot.confirm("u", ["campaign:c"], id=f"late{n}", now=NOON)
        assert self.show("r", "campaign:c", now=NOON + MINUTE) == "campaign:c"

    def test_what_is_released_is_free_and_an_impression_is_not_released(self) -> None:
        for n in range(2):
            assert self.hot.reserve("u", ["campaign:c", "advertiser:a"], id=f"r{n}", now=NOON) == ""
        self.hot.release("u", ["campaign:c", "advertiser:a"], id="r0")
        assert self.show("r2", "campaign:c", now=NOON) == ""
        self.hot.release("u", ["campaign:c"], id="r2")
        assert self.hot.capped("u", now=NOON) == {"campaign:c"}

    def test_reserving_an_id_again_counts_once(self) -> None:
        for _ in range(5):
            assert self.hot.reserve("u", ["creative:k"], id="same", now=NOON) == ""
        assert self.hot.capped("u", now=NOON) == frozenset()

    def test_shoppers_do_not_count_for_each_other_nor_what_has_no_cap(self) -> None:
        for n in range(40):
            assert (
                self.show(f"r{n}", "campaign:c", "campaign:free", "campaign:new", now=NOON, subject=f"u{n}")
                == ""
            )
        assert self.show("r", "campaign:free", "campaign:new", now=NOON, subject="u0") == ""
        assert [self.show(f"n{n}", "creative:k", now=NOON, subject="") for n in range(4)] == [""] * 4

    def test_caps_that_change_bind_at_once(self) -> None:
        for n in range(2):
            assert self.show(f"r{n}", "campaign:c", now=NOON + n) == ""
        self.hot.rule({"campaign:c": (Cap(3, Per.HOUR),)})
        assert self.show("r2", "campaign:c", now=NOON + 2) == ""
        self.hot.rule({"campaign:c": (Cap(1, Per.HOUR),)})
        assert self.hot.capped("u", now=NOON + 3) == {"campaign:c"}
        self.hot.rule({})
        assert self.hot.capped("u", now=NOON + 3) == frozenset()
        assert self.show("r3", "campaign:c", now=NOON + 3) == ""

    def test_a_token_is_claimed_once(self) -> None:
        assert [self.hot.claim("t", now=NOON, until=NOON + MINUTE) for _ in range(3)] == [True, False, False]
        assert self.hot.claim("other", now=NOON, until=NOON + MINUTE)
        assert not self.hot.claim("past", now=NOON, until=NOON)

    def test_counts_are_by_key_and_window(self) -> None:
        minute = NOON - NOON % MINUTE
        assert [self.hot.count("ip", window=MINUTE, now=minute + n) for n in range(3)] == [1, 2, 3]
        assert self.hot.count("other", window=MINUTE, now=minute) == 1
        assert self.hot.count("ip", window=MINUTE, now=minute + MINUTE) == 1

    def test_a_forgotten_shopper_is_a_stranger(self) -> None:
        assert [self.show(f"r{n}", "creative:k", now=NOON) for n in range(3)] == ["", "", "creative:k"]
        assert self.hot.forget("u")
        assert not self.hot.forget("u")
        assert self.show("again", "creative:k", now=NOON) == ""

    def test_tidying_changes_no_answer(self) -> None:
        self.show("old", "campaign:c", "creative:k", now=NOON - 2 * HOUR)
        self.show("new", "campaign:c", "creative:k", now=NOON)
        self.hot.reserve("u", ["campaign:c"], id="held", now=NOON)
        before = self.hot.capped("u", now=NOON)
        self.hot.tidy(now=NOON)
        assert self.hot.capped("u", now=NOON) == before == {"campaign:c", "creative:k"}


@dataclass
class Reference:
    """The same by brute force: every reservation and impression ever made, searched from end to end."""

    made: list[tuple[str, str, str, int, int]] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def count(self, subject: str, entity: str, cap: Cap, *, now: int) -> int:
        span = {Per.MINUTE: MINUTE, Per.HOUR: HOUR, Per.DAY: DAY}.get(cap.per, 100_000 * DAY) * cap.count
        counted = 0
        for who, what, id, at, _ in self.made:
            if (who, what) != (subject, entity) or id in self.dropped:
                continue
            counted += self.seen[id] > now - span if id in self.seen else at + HOLD > now
        return counted

    def full(self, subject: str, entity: str, *, now: int) -> bool:
        return any(self.count(subject, entity, cap, now=now) >= cap.most for cap in CAPS[entity])


def random_life(hot: Hot, seed: int, *, steps: int) -> int:
    """Live through a random sequence beside the reference; every answer equal, no cap ever exceeded.

    Returns the number of impressions.
    """
    dice, reference, now, open = (
        random.Random(seed),
        Reference(),
        NOON,
        list[tuple[str, list[str], str, int]](),
    )
    hot.rule(CAPS)
    entities = [name for name, caps in CAPS.items() if caps]
    shoppers = [f"u{seed}", f"v{seed}"]
    for step in range(steps):
        now += dice.choice((SECOND, MINUTE, 9 * MINUTE, 31 * MINUTE, 7 * HOUR))
        subject, id = dice.choice(shoppers), f"{seed}-{step}"
        act = dice.random()
        if act < 0.6:
            slot = dice.sample(entities, dice.randint(1, 3))
            expected = next((name for name in slot if reference.full(subject, name, now=now)), "")
            assert hot.reserve(subject, slot, id=id, now=now) == expected, (seed, step)
            if not expected:
                reference.made += [(subject, name, id, now, step) for name in slot]
                open.append((subject, slot, id, now))
        elif open:
            subject, slot, id, at = open.pop(dice.randrange(len(open)))
            if act < 0.9 and at + HOLD > now:
                hot.confirm(subject, slot, id=id, now=now)
                reference.seen[id] = now
            elif at + HOLD > now:
                hot.release(subject, slot, id=id)
                reference.dropped.add(id)
        expected_capped = {name for name in entities if reference.full(subject, name, now=now)}
        assert hot.capped(subject, now=now) == expected_capped, (seed, step)
    _never_exceeded(reference)
    return len(reference.seen)


def _never_exceeded(reference: Reference) -> None:
    """No span as long as a cap's, ending at any impression, holds more than its most."""
    for subject, entity in {(who, what) for who, what, *_ in reference.made}:
        moments = sorted(
            reference.seen[id]
            for who, what, id, *_ in reference.made
            if (who, what) == (subject, entity) and id in reference.seen
        )
        for cap in CAPS[entity]:
            span = {Per.MINUTE: MINUTE, Per.HOUR: HOUR, Per.DAY: DAY}.get(cap.per, 100_000 * DAY) * cap.count
            for end in moments:
                assert sum(end - span < moment <= end for moment in moments) <= cap.most


__all__ = ["CAPS", "HOLD", "IDLE", "NOON", "HotBehaviour", "random_life"]
