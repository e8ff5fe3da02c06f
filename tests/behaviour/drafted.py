"""What every record of drafts does, wherever it lies. Subclass `DraftsBehaviour`, give it `target`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from hawker.errors import Conflict, NotFound
from hawker.records.catalogue import Product
from hawker.records.draft import Brief, Draft, Kind, Objection
from hawker.records.sheet import Ruling, Sheet, Standing, Variant
from hawker.storage import database
from hawker.storage.drafts import Drafts

TEA = Product("tea", "Green tea", description="Leaves of spring.")


def sheet(name: str, *, product: str = "tea", advertiser: str = "", number: int = 2) -> Sheet:
    """A sheet whose first variant waits and whose others fell."""
    draft = Draft(product, Kind.NATIVE, "zh", {"title": ("春茶 'quoted' \\ %s",)}, prompt="p-1")
    found = (Objection("ground", "number", "100", part="title", start=3, end=6, clause="§ 8"),)
    variants = tuple(
        Variant(
            f"{name}-{n}",
            name,
            draft,
            Standing.FALLEN if n else Standing.WAITING,
            objections=found if n else (),
            advertiser=advertiser,
            score=0.1 * n,
        )
        for n in range(number)
    )
    brief = Brief(replace(TEA, id=product))
    return Sheet(name, brief, "local:m", "v1", number, 7, advertiser=advertiser, variants=variants)


class DraftsBehaviour:
    """The tests; `target` is a place with no database in it yet."""

    def target(self, folder: Path) -> database.Target:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _drafts(self, tmp_path: Path) -> Iterator[None]:
        self.place = self.target(tmp_path)
        self.drafts = Drafts(self.place)
        yield
        self.drafts.close()

    def test_sheets_come_back_whole_with_what_was_held_against_each_variant(self) -> None:
        kept = sheet("s-1")
        assert self.drafts.keep([kept, sheet("s-2", number=0)], prompts={"p-1": "Write.\n写。"}) == 2
        again = Drafts(self.place)
        assert again.sheet("s-1") == kept
        assert again.sheet("s-2").variants == ()
        assert again.get("s-1-1") == kept.variants[1]
        assert again.prompt("p-1") == "Write.\n写。"
        again.close()

    def test_what_was_decided_survives_the_same_sheet_put_again(self) -> None:
        self.drafts.keep([sheet("s-1")])
        ruling = Ruling(Standing.APPROVED, 5, "ann", "reads well")
        self.drafts.change(
            "s-1-0", lambda one: replace(one, standing=ruling.standing, rulings=(*one.rulings, ruling))
        )
        assert self.drafts.keep([sheet("s-1"), sheet("s-1"), sheet("s-3")], prompts={}) == 1
        assert self.drafts.get("s-1-0").rulings == (ruling,)
        assert self.drafts.counts() == {
            Standing.FALLEN: 2,
            Standing.WAITING: 1,
            Standing.APPROVED: 1,
            Standing.REFUSED: 0,
        }
        assert self.drafts.counts(standing="waiting")[Standing.WAITING] == 1

    def test_more_sheets_than_a_statement_takes_are_found_again(self) -> None:
        many = [sheet(f"s-{n:04d}", product=f"p-{n}", number=1) for n in range(1_100)]
        assert self.drafts.keep(many) == 1_100
        names = [one.id for one in many]
        assert self.drafts.written([*names, "never"]) == set(names)
        assert [one.sheet for one in self.drafts.all()] == names
        assert self.drafts.keep(many) == 0

    def test_a_list_is_narrowed_and_read_page_by_page(self) -> None:
        self.drafts.keep([sheet("s-1", advertiser="Leaf"), sheet("s-2", product="pot")])
        assert [one.id for one in self.drafts.page(limit=3)] == ["s-1-0", "s-1-1", "s-2-0"]
        assert [one.id for one in self.drafts.page(after="s-2-0")] == ["s-2-1"]
        assert [one.id for one in self.drafts.all(advertiser="Leaf", standing="fallen")] == ["s-1-1"]
        assert [one.id for one in self.drafts.all(product="pot", kind="native")] == ["s-2-0", "s-2-1"]
        assert list(self.drafts.all(product="jam")) == []

    def test_two_who_decide_at_once_decide_one_after_the_other(self) -> None:
        self.drafts.keep([sheet("s-1")])

        def once(variant: Variant) -> Variant:
            if variant.standing is not Standing.WAITING:
                raise Conflict("It has been decided.")
            return replace(variant, standing=Standing.APPROVED)

        def decide(_: int) -> bool:
            try:
                self.drafts.change("s-1-0", once)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(decide, range(8))) == 1

    def test_what_is_not_there_is_named(self) -> None:
        for look in (self.drafts.get, self.drafts.sheet, self.drafts.prompt):
            with pytest.raises(NotFound, match="'nowhere'"):
                look("nowhere")
        with pytest.raises(NotFound, match="'nowhere'"):
            self.drafts.change("nowhere", lambda one: one)
