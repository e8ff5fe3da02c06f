"""From brief to sheet: what passes, what is mended, what falls with its reason, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from tests.creative.scripted import AWAY, BREAD, BUSY, GOOD, HEAVY, OTHER, Mending, Scripted

from hawker import creative
from hawker.creative import prior, studio
from hawker.creative.draft import Extractive
from hawker.records.draft import Brief, Draft, Effort, Kind
from hawker.records.sheet import Standing

BRIEF = Brief(BREAD)


def test_what_the_gate_objects_to_falls_and_says_why() -> None:
    sheet = studio.write(Scripted([HEAVY, GOOD]), BRIEF, n=2, time=5, by="ann", advertiser="Oster")
    assert [one.draft.parts["title"][0] for one in sheet.accepted] == ["Rye bread"]
    fallen = sheet.rejected[0]
    assert (fallen.standing, fallen.objections[0].kind, fallen.objections[0].text) == (
        Standing.FALLEN,
        "ground",
        "750 g",
    )
    assert fallen.objections[0].message
    assert (sheet.reason, sheet.time, sheet.by, fallen.advertiser) == ("drafts_kept_back", 5, "ann", "Oster")
    assert [one.id for one in sheet.variants] == [f"v-{sheet.id[2:]}-00", f"v-{sheet.id[2:]}-01"]


def test_objections_are_in_the_readers_language() -> None:
    english, chinese = (
        studio.write(Scripted([HEAVY]), BRIEF, n=1, reader=reader).rejected[0].objections[0].message
        for reader in ("en", "zh")
    )
    assert english != chinese
    assert any("\u4e00" <= char <= "\u9fff" for char in chinese)


def test_a_writer_is_told_once_and_what_it_mended_is_on_record() -> None:
    writer = Mending([HEAVY], mends=[GOOD])
    one = studio.write(writer, BRIEF, n=1).variants[0]
    assert (one.standing, one.mended) == (Standing.WAITING, "repaired")
    assert [fault.text for fault in one.before] == ["750 g"]
    assert writer.told == [one.before]
    assert one.objections == ()


def test_what_is_not_mended_falls_after_one_try() -> None:
    writer = Mending([HEAVY], mends=[HEAVY, GOOD])
    one = studio.write(writer, BRIEF, n=1).variants[0]
    assert (one.standing, len(writer.told)) == (Standing.FALLEN, 1)


def test_single_faulty_lines_are_left_out_where_enough_are_left() -> None:
    class Many(Scripted):
        def draft(self, brief: Brief, *, n: int, seed: int) -> tuple[Draft, ...]:
            del seed
            lines = ("Rye bread", "Rye bread, 750 g", "Bread by Oster", "500 g of rye")
            parts = {
                "headline": lines[: 4 if n == 1 else 3],
                "description": ("Oster rye bread.", "A loaf of rye: 500 g."),
            }
            return (Draft(brief.product.id, brief.kind, "en", parts),)

    brief = Brief(BREAD, kind=Kind.RESPONSIVE)
    one = studio.write(Many(), brief, n=1).variants[0]
    assert (one.standing, one.mended) == (Standing.WAITING, "cut")
    assert one.draft.parts["headline"] == ("Rye bread", "Bread by Oster", "500 g of rye")
    assert [fault.line for fault in one.before] == [1]
    few = studio.write(Many(), brief, n=2).variants[0]
    assert (few.standing, len(few.draft.parts["headline"])) == (Standing.FALLEN, 3)


def test_a_part_that_no_such_copy_has_is_left_out() -> None:
    one = studio.write(Scripted([{**GOOD, "jingle": "La la"}]), BRIEF, n=1).variants[0]
    assert (one.mended, one.before[0].reason) == ("cut", "unknown_part")
    assert set(one.draft.parts) == set(GOOD)


def test_the_same_again_is_no_second_variant() -> None:
    sheet = studio.write(Scripted([GOOD, GOOD, OTHER]), BRIEF, n=3)
    assert len(sheet.accepted) == 2
    assert sheet.rejected[0].objections[0].kind == "duplicate"


def test_the_likeliest_to_be_clicked_comes_first() -> None:
    def score(headlines: Sequence[str], language: str) -> list[tuple[float, float]]:
        assert language == "en"
        return [(float(len(text)), 0.5) for text in headlines]

    sheet = studio.write(Scripted([GOOD, HEAVY, OTHER]), BRIEF, n=3, score=score)
    assert [one.draft.parts["title"][0] for one in sheet.variants] == [
        "Oster bakes rye",
        "Rye bread",
        "Rye bread, 750 g",
    ]
    assert [(one.score, one.deviation) for one in sheet.variants] == [(15.0, 0.5), (9.0, 0.5), (None, None)]


def test_where_the_prior_has_nothing_to_say_drafts_stay_in_their_order() -> None:
    sheet = studio.write(Scripted([GOOD, HEAVY, OTHER]), BRIEF, n=3, score=lambda _lines, _language: ())
    plain = studio.write(Scripted([GOOD, HEAVY, OTHER]), BRIEF, n=3)
    assert sheet == plain
    assert {one.score for one in sheet.variants} == {None}


def test_a_prior_that_knows_nothing_leaves_the_order_as_it_was_drafted() -> None:
    sheet = studio.write(Scripted([GOOD, OTHER]), BRIEF, n=2, score=lambda _lines, _language: ())
    assert [one.draft.parts["title"][0] for one in sheet.variants] == ["Rye bread", "Oster bakes rye"]
    assert {one.score for one in sheet.variants} == {None}
    by_words = studio.write(Scripted([GOOD, OTHER]), BRIEF, n=2, score=prior.scorer(1_000))
    scores = [one.score for one in by_words.variants]
    assert None not in scores
    assert scores == sorted(scores, key=lambda score: -(score or 0.0))


@pytest.mark.parametrize(
    ("script", "reason"),
    [([], "drafts_none"), ([GOOD], "drafts_few"), ([HEAVY], "drafts_all_kept_back"), ([GOOD, OTHER], "")],
)
def test_why_there_are_fewer_is_said(script: list[dict[str, str]], reason: str) -> None:
    assert studio.write(Scripted(script), BRIEF, n=2).reason == reason


@pytest.mark.parametrize("reason", ["not_json", "language", "echo", "empty", "slow", "garbage", "a new one"])
def test_what_a_model_did_not_bring_is_a_reason(reason: str) -> None:
    spent = Effort(reason, tokens_out=9, cost=2)
    sheet = studio.write(Scripted([spent, GOOD]), BRIEF, n=2)
    assert (sheet.rejected[0].objections[0].kind, sheet.rejected[0].objections[0].reason) == (
        "writer",
        reason,
    )
    assert len(sheet.accepted) == 1
    assert studio.unfinished(sheet) is None
    assert studio.effort(sheet).tokens_out == 9


def test_a_busy_writer_is_asked_again_for_what_is_missing() -> None:
    waited: list[float] = []
    writer = Scripted([GOOD, BUSY], [BUSY], [OTHER])

    def pause(seconds: float) -> bool:
        waited.append(seconds)
        return True

    sheet = studio.write(writer, BRIEF, n=2, seed=10, pause=pause)
    assert len(sheet.accepted) == 2
    assert waited == [30.0, 30.0]
    assert writer.asked == [("bread", 2, 10), ("bread", 1, 11), ("bread", 1, 11)]
    assert studio.unfinished(sheet) is None


@pytest.mark.parametrize("away", [AWAY, BUSY])
def test_a_writer_that_cannot_now_leaves_the_sheet_unfinished(away: Effort) -> None:
    assert studio.unfinished(studio.write(Scripted([GOOD, away]), BRIEF, n=2)) == away
    kept = studio.unfinished(studio.write(Mending([HEAVY], mends=[away]), BRIEF, n=1))
    assert kept is not None
    assert kept.reason == away.reason


def test_the_same_is_known_again_and_stock_alone_is_no_reason_to_write_anew() -> None:
    writer = Scripted()
    same = studio.key(writer, BRIEF, n=2, seed=1)
    assert studio.key(writer, Brief(replace(BREAD, stock=0)), n=2, seed=1) == same
    others = {
        studio.key(writer, Brief(replace(BREAD, price=1)), n=2, seed=1),
        studio.key(writer, Brief(BREAD, audience="bakers"), n=2, seed=1),
        studio.key(writer, BRIEF, n=3, seed=1),
        studio.key(writer, BRIEF, n=2, seed=2),
        studio.key(writer, BRIEF, n=2, seed=1, advertiser="Oster"),
        studio.key(Extractive(), BRIEF, n=2, seed=1),
        same,
    }
    assert len(others) == 7


def test_copy_in_one_call_from_a_products_own_words() -> None:
    brief = creative.Brief(BREAD, placement="home/top", audience="people who bake")
    sheet = creative.write("extractive", brief, n=3, seed=7)
    assert sheet == creative.write(Extractive(), brief, n=3, seed=7)
    assert len(sheet.accepted) >= 1
    assert "ye bread" in " ".join(line for lines in sheet.accepted[0].draft.parts.values() for line in lines)
    with pytest.raises(AttributeError, match="no 'sketch'"):
        _ = creative.sketch
