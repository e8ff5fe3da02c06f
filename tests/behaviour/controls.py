"""What every control database does, wherever it lies. Subclass `ControlBehaviour`, give it `target`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hawker.errors import BadRecord
from hawker.records.advertiser import Advertiser
from hawker.records.campaign import Ad, AdGroup, Campaign, Pricing, Targeting
from hawker.records.creative import Creative
from hawker.records.preferences import Preferences
from hawker.storage import database
from hawker.storage.control import Control
from hawker.storage.preferences import Choices

CAMPAIGN = Campaign(
    id="c1",
    name="春季 'quoted' \\ and %s",
    pricing=Pricing.CPC,
    bid=250_000,
    daily_budget=5_000_000_000_000,
    targeting=Targeting(placements=("home",), not_segments=("lapsed",)),
)


class ControlBehaviour:
    """The tests; `target` is a place with no database in it yet."""

    def target(self, folder: Path) -> database.Target:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _control(self, tmp_path: Path) -> Iterator[None]:
        self.place = self.target(tmp_path)
        self.control = Control(self.place)
        yield
        self.control.close()

    def test_documents_of_every_kind_come_back_as_they_were_put(self) -> None:
        ads = [Ad(id=f"a{n:05d}", campaign="c1", product=f"p{n}", flighted=n % 2 == 0) for n in range(2_500)]
        assert self.control.put([Advertiser("acme"), CAMPAIGN, AdGroup("g", "c1"), *ads]) == 2_503
        assert self.control.put_creatives([Creative(id="k1", product="p1", headline="Warm & dry")]) == 1
        again = Control(self.place)
        assert (again.campaigns(), again.ads()) == ([CAMPAIGN], ads)
        assert (again.advertisers(), again.groups()) == ([Advertiser("acme")], [AdGroup("g", "c1")])
        again.close()

    def test_only_differences_are_changes_and_old_forms_stay(self) -> None:
        self.control.put_campaigns([CAMPAIGN], by="ann")
        assert self.control.put_campaigns([CAMPAIGN], by="bob") == 0
        cheaper = Campaign(id="c1", bid=1)
        assert self.control.put_campaigns([cheaper, Campaign(id="c2")], by="bob") == 2
        assert [(change.by, change.kind, change.ids) for change in self.control.changes()] == [
            ("ann", "campaign", ("c1",)),
            ("bob", "campaign", ("c1", "c2")),
        ]
        assert len(self.control.history("campaign", "c1")) == 2

    def test_one_unusable_id_keeps_none(self) -> None:
        with pytest.raises(BadRecord, match="campaign id"):
            self.control.put_campaigns([CAMPAIGN, Campaign(id="  ")])
        assert (self.control.campaigns(), self.control.version()) == ([], 0)

    def test_whoever_follows_the_changes_misses_none(self) -> None:
        """Several write at once while one reads: version n is never seen before version n - 1."""

        def write(name: int) -> None:
            mine = Control(self.place)
            for n in range(12):
                mine.put_campaigns([Campaign(id=f"c{name}-{n}")], by=str(name))
            mine.close()

        seen: list[int] = []
        with ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write, name) for name in range(3)]
            while len(seen) < 36:
                seen += [change.version for change in self.control.changes(after=seen[-1] if seen else 0)]
                if all(writer.done() for writer in writers):
                    _ = [writer.result() for writer in writers]
                    late = self.control.changes(after=seen[-1] if seen else 0)
                    seen += [change.version for change in late]
                    break
        assert len(seen) == len(set(seen)) == 36
        assert seen == sorted(seen)
        assert len(self.control.campaigns()) == 36

    def test_wishes_are_kept_beside_them(self) -> None:
        choices = Choices(self.place)
        choices.put("u", Preferences(fewer=True))
        choices.put("u", Preferences(fewer=True, not_products=("p",)))
        assert choices.all() == {"u": Preferences(fewer=True, not_products=("p",))}
        assert choices.remove("u")
        assert choices.all() == {}
        choices.close()
