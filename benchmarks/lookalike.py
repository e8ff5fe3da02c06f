"""Lookalikes, forecasts and suggested audiences on the campaigns that a grocer really sent.

    python -m benchmarks.lookalike --json [--folder DIR] [--until 2017-08-08]

Complete Journey as a shop, coupons used at the till kept with the purchases. At the start of every coupon
campaign from 8 August 2017 on, with what the log held before it and no more:

- `lookalike`: the seed is whoever had redeemed a coupon; all other households are ranked, and those who
  redeem one later are to be found. `over_visits` and `over_purchases` are mean average precision over that of
  ranking by the number of visits, and of purchases, before; whole households are drawn again, once for all
  cuts. The campaign's own list is not looked at: an audience is chosen before it is sent. `sent` is the same
  among those who were sent it, found by redeeming that campaign. `bare` leaves out what the till says of
  coupons.
- `predicted`: who buys in a category within seven days, and who stays away, judged on the last window before
  the middle cut beside the best simple rule.
- `suggest`: given the products of a campaign and money for as many visits as the retailer's list would make,
  which of the lists, segments, forecasts and lookalikes of that day to choose? `lift` is how much more often
  visits of the suggested held a purchase of these products in the campaign's time than everybody's did, the
  campaigns' rates levelled; `named` leaves out campaigns best left open; `foretold` is what was expected.

Tuned on the cuts before 8 August (`--until` judges such); RESULTS says how often the later ones were scored.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._answer import ended, kept
from hawker import Shop
from hawker.audience import judged, past, predicted, suggest
from hawker.audience.expected import record
from hawker.audience.judged import Ranked
from hawker.audience.lookalike import Lookalike, alike
from hawker.audience.moment import Moment
from hawker.audience.past import Asked
from hawker.audience.traits import HABIT, Traits, traits
from hawker.features.counters import DAY
from hawker.features.examples import microseconds
from hawker.features.profile import profiles
from hawker.features.replay import Replay
from hawker.features.segments import segments
from hawker.features.state import State
from hawker.ingest.datasets import complete_journey
from hawker.learning import replay
from hawker.records.audience import Outcome
from hawker.records.campaign import Campaign, Pricing
from hawker.records.catalogue import LEVELS, levels
from hawker.statistics import Estimate, bootstrap
from hawker.storage import database, tables
from hawker.storage.control import Control
from hawker.storage.event_log import EventLog

FIRST, CUT = "2017-04-03T04:00", "2017-08-08T04:00"
LEAST = 10
"""Later redeemers that a cut must have to count."""
CATEGORIES = ("GROCERY > SOFT DRINKS", "GROCERY > COFFEE", "GROCERY > FLUID MILK PRODUCTS", "MEAT", "PRODUCE")
SHARES = (0.1, 0.2)
_UNIT = 1_000_000


@dataclass(frozen=True)
class Known:
    """The shop's log and what is known of its campaigns: their products, lists and redemptions."""

    shop: Shop
    held: Replay
    campaigns: tuple[Campaign, ...]
    products: Mapping[str, tuple[str, ...]]
    lists: Mapping[str, frozenset[str]]
    redeemed: tuple[tuple[str, int, str], ...]

    def redeemers(self, since: int, until: int, campaign: str = "") -> set[str]:
        """Who redeemed a coupon in some time, of one campaign or of any."""
        return {who for who, at, of in self.redeemed if since <= at < until and campaign in ("", of)}


@dataclass
class Orders:
    """Orders of the same households under way, one entry a cut."""

    ours: list[Ranked] = field(default_factory=list)
    bare: list[Ranked] = field(default_factory=list)
    visits: list[Ranked] = field(default_factory=list)
    purchases: list[Ranked] = field(default_factory=list)

    def add(self, found: Lookalike, bare: Lookalike, known: Mapping[str, Any], later: set[str]) -> None:
        """Those who were ranked, and who of them was to be found; only with enough of these."""
        names = [name for name in found.shoppers if name in known["among"]]
        member = np.array([name in later for name in names], dtype=bool)
        if int(member.sum()) < LEAST:
            return
        scores = [dict(zip(one.shoppers, one.score.tolist(), strict=True)) for one in (found, bare)]
        columns = (*scores, known["visits"], known["purchases"])
        for ranked, column in zip((self.ours, self.bare, self.visits, self.purchases), columns, strict=True):
            ranked.append(Ranked(np.array(names), np.array([column[name] for name in names]), member))

    def told(self) -> dict[str, Any]:
        """Mean average precision of each order, and ours over the others'."""
        if not self.ours:
            return {"cuts": 0}
        return {
            "cuts": len(self.ours),
            "found": sum(int(one.member.sum()) for one in self.ours),
            "average_precision": {name: _figure(judged.mean(orders)) for name, orders in vars(self).items()},
            "base": round(float(np.mean([one.member.mean() for one in self.ours])), 4),
            "over_visits": _figure(judged.ratio(self.ours, self.visits)),
            "over_purchases": _figure(judged.ratio(self.ours, self.purchases)),
            "bare_over_visits": _figure(judged.ratio(self.bare, self.visits)),
        }


def run(folder: Path, *, since: str = CUT, until: str = "2018-01-01") -> dict[str, Any]:
    """Build the shop and judge at every cut in between; the folder keeps the shop."""
    started = time.process_time()
    known = load(folder)
    first, last = microseconds(since), microseconds(until)
    end = min(last, known.held.end)
    cuts = sorted({one.start for one in known.campaigns if first <= one.start < last})
    everyone, sent = Orders(), Orders()
    rows, forecasts, foretold, suggested = [], {}, [], []
    for number, cut in enumerate(cuts):
        _say("cuts", number / len(cuts))
        moment = Moment(known.shop, known.held.to(cut), cut)
        seen = traits(moment)
        names = [moment.state.codes["shopper"].names[code] for code in seen.shoppers]
        seed = known.redeemers(0, cut)
        found = alike(seen, names, seed)
        bare = alike(_without_habits(seen), names, seed)
        about = {
            "visits": dict(zip(names, seen.column("visits").tolist(), strict=True)),
            "purchases": dict(zip(names, seen.column("purchases").tolist(), strict=True)),
        }
        everyone.add(found, bare, {**about, "among": set(names)}, known.redeemers(cut, end))
        for campaign in (one for one in known.campaigns if one.start == cut):
            own = known.redeemers(cut, end, campaign.id)
            sent.add(found, bare, {**about, "among": known.lists[campaign.id]}, own)
            told, row = _suggested(known, moment, campaign, found)
            rows += [row] if row else []
            if told.best is not None:
                foretold.append(told.best.lift.value)
                suggested.append({"campaign": campaign.id, "audience": told.best.audience or "everybody"})
        if number == len(cuts) // 2:
            forecasts = _forecasts(known, moment)
    return {
        "lookalike": everyone.told() | {"sent": sent.told()},
        "predicted": forecasts,
        "suggest": _lifts(rows) | {"foretold": round(float(np.mean(foretold)), 3), "chosen": suggested},
        "cpu_seconds": round(time.process_time() - started, 1),
    }


def load(folder: Path) -> Known:
    """The shop, made where it is not there yet, and its campaigns."""
    shop = Shop.create(folder, complete_journey.SETTINGS)
    if not database.exists(shop.control):
        complete_journey.build(shop, keep=("coupon_disc",), progress=_say)
    control = Control(shop.control)
    campaigns = [one for one in control.campaigns() if one.id != complete_journey.PROMOTIONS]
    products: dict[str, list[str]] = {}
    for ad in control.ads():
        products.setdefault(ad.campaign, []).append(ad.product)
    control.close()
    connection = tables.connect()
    lists: dict[str, set[str]] = {}
    query = f"SELECT audience, shopper FROM {tables.quoted(shop.table('audiences'))}"
    for audience, shopper in connection.execute(query).fetchall():
        lists.setdefault(audience, set()).add(shopper)
    EventLog(shop.events).view(connection)
    redeemed = connection.execute("SELECT shopper, time, campaign FROM events WHERE kind = 'conversion'")
    return Known(
        shop,
        replay.load(shop),
        tuple(sorted(campaigns, key=lambda one: one.start)),
        {name: tuple(found) for name, found in products.items()},
        {name: frozenset(found) for name, found in lists.items()},
        tuple(redeemed.fetchall()),
    )


def _without_habits(seen: Traits) -> Traits:
    """The same households without what the till says of coupons."""
    kept = [place for place, name in enumerate(seen.names) if not name.startswith(HABIT)]
    return replace(seen, names=tuple(seen.names[place] for place in kept), x=seen.x[:, kept])


def _forecasts(known: Known, moment: Moment) -> dict[str, Any]:
    """How each forecast does in the last week before a cut, and how much better than a simple rule."""
    silence = past.usual_silence(moment.state, now=moment.now)
    asked = [*(Asked(category=name) for name in CATEGORIES), Asked(Outcome.LAPSES, days=silence)]
    found = {}
    for one in asked:
        again = Replay(known.held.events, State(known.held.state.codes))
        told = predicted.forecast(again, one, now=moment.now)
        name = one.category or f"stays away {one.days} days"
        if told.judged is None or told.beside is None:
            found[name] = {"reason": told.reason}
            continue
        found[name] = {
            "auc": _figure(told.judged.auc),
            "over_rule": _figure(told.beside.auc),
            "rule": told.against,
            "calibration": _figure(told.judged.calibration),
        }
    return found


def _suggested(
    known: Known, moment: Moment, campaign: Campaign, found: Lookalike
) -> tuple[suggest.Suggestion, dict[str, NDArray[np.float64]] | None]:
    """What is suggested at a campaign's start, and what then happened, by shopper code."""
    events, codes = known.held.events, moment.state.codes
    products = known.products[campaign.id]
    advertised = np.zeros(len(codes["product"]), dtype=bool)
    advertised[[code for one in products if (code := codes["product"].find(one)) >= 0]] = True
    since = max(moment.now - int(suggest.LOOK_BACK * DAY), int(events.time[0]))
    before = record(events, codes, advertised, since=since, until=moment.now)
    a_day = before.visits.sum() / max((before.visits > 0).sum(), 1) / before.days
    room = len(known.lists[campaign.id]) * a_day * (campaign.end - campaign.start) / DAY
    paying = Campaign(
        campaign.id,
        pricing=Pricing.CPM,
        bid=_UNIT,
        total_budget=int(room * _UNIT / 1000),
        start=campaign.start,
        end=campaign.end,
    )
    audiences = _audiences(known, moment, products, found)
    told = suggest.weighed(events, codes, paying, products, audiences, now=moment.now)
    after = record(events, codes, advertised, since=moment.now, until=min(campaign.end, known.held.end))
    if told.best is None or not after.converting.any():
        return told, None
    inside = np.ones(len(after.visits))
    if told.best.audience:
        chosen = [codes["shopper"].find(one) for one in audiences[told.best.audience]]
        inside = np.isin(np.arange(len(after.visits)), chosen).astype(np.float64)
    level = after.visits.sum() / after.converting.sum()
    named = np.full(len(inside), float(told.best.audience != ""))
    return told, {
        "visits": after.visits,
        "bought": after.converting * level,
        "inside": inside,
        "named": named,
    }


def _audiences(
    known: Known, moment: Moment, products: Sequence[str], found: Lookalike
) -> dict[str, Collection[str]]:
    """What could be chosen that day: lists already sent, segments, lookalikes, likely buyers."""
    now, state = moment.now, moment.state
    made: dict[str, Collection[str]] = {
        one.id: known.lists[one.id] for one in known.campaigns if one.start < now and one.id in known.lists
    }
    names = np.array(state.codes["shopper"].names, dtype=object)
    divided = segments(state, now=now)
    columns, matrix = profiles(state, moment.shoppers, now=now, departments=divided.departments)
    active = matrix[:, columns.index("visits")] > 0
    which = divided.assign(columns, matrix)
    for place, segment in enumerate(divided.segments):
        made[f"segment {segment.name}"] = set(names[moment.shoppers[active & (which == place)]])
    for share in SHARES:
        made[f"alike {share:.0%}"] = {found.shoppers[i] for i in found.scores.chosen(share=share)}
    shelves = Counter(
        LEVELS.join(levels(known.shop.catalogue[one].category)[:2])
        for one in products
        if one in known.shop.catalogue
    )
    asked = Asked(category=shelves.most_common(1)[0][0])
    again = Replay(known.held.events, State(state.codes))
    scores = predicted.forecast(again, asked, now=now).scores(moment)
    for share in SHARES:
        likely = {scores.shoppers[i] for i in scores.chosen(share=share)}
        made |= {f"likely to buy {asked.category} {share:.0%}": likely} if likely else {}
    return made


def _lifts(rows: Sequence[Mapping[str, NDArray[np.float64]]]) -> dict[str, Any]:
    """How much more often visits of the suggested held a purchase than everybody's; households resampled."""
    if not rows:
        return {"campaigns": 0}
    who = np.concatenate([np.arange(len(row["visits"])) for row in rows])
    whole = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    visits, bought, inside = whole["visits"], whole["bought"], whole["inside"]

    def lift(kept: NDArray[np.float64]) -> Estimate:
        columns = [bought * inside * kept, visits * inside * kept, bought * kept, visits * kept]
        return bootstrap.clustered(
            who, columns, statistic=lambda sums: (sums[:, 0] / sums[:, 1]) / (sums[:, 2] / sums[:, 3]) - 1
        )

    return {
        "campaigns": len(rows),
        "left_open": sum(int(not row["named"][0]) for row in rows),
        "lift": _figure(lift(np.ones(len(who)))),
        "named": _figure(lift(whole["named"])),
    }


def _figure(found: Estimate) -> dict[str, Any]:
    if found.value is None or found.low is None or found.high is None:
        return {"reason": found.reason}
    return {"value": round(found.value, 4), "low": round(found.low, 4), "high": round(found.high, 4)}


def _say(step: str, share: float) -> None:
    if step and sys.stderr.isatty():
        print(f"\r{step:<30} {share:4.0%}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Run from the command line; exit 2 where the data or an extra is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=None, help="keep the shop here and use it again")
    parser.add_argument("--until", default="", help="judge the cuts before this date, for tuning")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    spans = {"since": FIRST, "until": given.until} if given.until else {}
    with kept(given.folder) as folder:
        return ended(lambda: run(folder, **spans), line=given.json)


if __name__ == "__main__":
    sys.exit(main())
