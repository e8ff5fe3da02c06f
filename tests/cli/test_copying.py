"""The copy of a demo shop: for what may be shown now, what sells first, approved by the demo by name."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from tests import shops

from hawker.cli import copying
from hawker.cli.call import Call
from hawker.storage.control import Control
from hawker.storage.drafts import Drafts


def test_what_may_be_shown_is_written_for_and_the_demo_answers_for_it(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    control = Control(shop.control)
    held = {one.id: one for one in control.campaigns()}
    control.put_campaigns([replace(held["c-hill"], end=shops.NOW)])
    control.put_ads([replace(ad, flighted=True) for ad in control.ads() if ad.id == "a-jam"])
    asked = Call(shop.folder)
    done = copying.make(asked, shop, n=1, tell=lambda _step, _share: None)
    assert (done.wanted, done.written) == (2, 2)
    assert {one.product for one in control.creatives()} == {"tea", "pot"}
    drafts = Drafts(shop.control)
    ruled = [one.rulings[0] for one in drafts.all(standing="approved")]
    assert [(one.by, one.reason) for one in ruled] == [
        ("demo", "A demo has nobody to ask: it approves what the gate lets pass.")
    ] * len(ruled)
    drafts.close()
    control.close()


def test_what_sells_most_comes_first_and_nothing_is_written_twice(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    asked = Call(shop.folder)
    first = copying.make(asked, shop, n=1, most=1, tell=lambda _step, _share: None)
    control = Control(shop.control)
    assert [one.product for one in control.creatives()] == ["tea"] * first.approved
    rest = copying.make(asked, shop, n=1, tell=lambda _step, _share: None)
    assert (rest.skipped, rest.written) == (1, 3)
    control.close()
    copying.show(asked, shop, rest)
    assert copying.document(rest)["written"] == 3
