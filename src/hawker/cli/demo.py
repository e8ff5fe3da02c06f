"""`hawker demo`: a real shop from raw files to decided, recorded and measured ads, in one command."""

from __future__ import annotations

import resource
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hawker.cli import exchange, moving, recommend, shops, showing, stocking, understood, vectors
from hawker.cli.call import AsJson, Call, Progress, Quiet, call
from hawker.errors import BadSetting, Conflict

if TYPE_CHECKING:
    from hawker.ingest import BehaviourResult
    from hawker.learning.pipeline import Bench, Tested, Trained
    from hawker.learning.rehearsal import Rehearsal
    from hawker.measurement import Report
    from hawker.ranking import Evaluation
    from hawker.storage.shop import Shop

MARK = ".demo"
VISITS = 6_000
Which = Annotated[
    str, typer.Option("--shop", metavar="en|zh", help="A real grocer (en), or an invented shop (zh).")
]
Once = Annotated[bool, typer.Option("--once", help="Do everything but serve.")]
Where = Annotated[Path | None, typer.Option("--folder", help="Where the shop goes; else demo-shop-NAME.")]
Visits = Annotated[
    int | None, typer.Option("--visits", metavar="N", help="How many held-out visits to judge by.")
]
Quick = Annotated[bool, typer.Option("--quick", help="Learn from and judge by less: a first look.")]
Afresh = Annotated[bool, typer.Option("--fresh", help="Build the shop again even if it is there.")]
Port = Annotated[int, typer.Option("--port", help="Where to serve.")]


@dataclass
class Facts:
    """What the demo has found out so far, as it goes into the JSON."""

    ingest: dict[str, Any] = field(default_factory=dict)
    fold: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
    placement: dict[str, Any] = field(default_factory=dict)
    understood: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    recommender: dict[str, Any] = field(default_factory=dict)
    words: dict[str, Any] = field(default_factory=dict)


def demo(
    ctx: typer.Context,
    shop: Which = "en",
    once: Once = False,
    folder: Where = None,
    visits: Visits = None,
    quick: Quick = False,
    fresh: Afresh = False,
    port: Port = 8000,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """See a whole shop at work: ingest, learn, decide, measure, serve."""
    started = time.perf_counter()
    asked = call(ctx, as_json=as_json, quiet=quiet)
    if shop not in ("en", "zh"):
        raise BadSetting(f"There is no demo shop '{shop}'.", remedy="Use --shop en or --shop zh.")
    target = (folder or Path(f"demo-shop-{shop}")).resolve()
    asked.folder, asked.named = folder or Path(f"demo-shop-{shop}"), True
    ready = (target / MARK).is_file() and (target / MARK).read_text("utf-8") == "ready"
    if once or fresh or not ready:
        facts = _built(asked, target, which=shop, visits=visits, quick=quick)
        seconds = time.perf_counter() - started
        asked.answer(_document(facts, seconds))
        asked.say(f"\n{asked.word('demo_done', seconds=seconds, gigabytes=_peak() / 1024)}", style="dim")
    else:
        asked.say(asked.word("demo_there", folder=asked.folder))
    if once:
        asked.then("demo", "--shop", shop, why=asked.word("demo_serve_why"))
        return
    _serve(asked, port)


def _built(asked: Call, target: Path, *, which: str, visits: int | None, quick: bool) -> Facts:
    """Make the shop from nothing and take it all the way."""
    from hawker.delivery import restore
    from hawker.learning import pipeline

    _clear(target)
    facts = Facts()
    with asked.progress() as tell:
        made = shops.grocer if which == "en" else shops.invented
        shop, split, course, result = made(asked, target, tell, quick=quick)
        asked.__dict__.pop("language", None)
        asked.__dict__.update(shop=shop)
        facts.ingest = _ingested(asked, result)
        _checked(asked, shop)
        vectors.show(asked, vectors.make(asked, tell=tell, by="tfidf" if quick else None))
        held = pipeline.bench(shop, split=split, progress=tell)
        trained = pipeline.train(shop, on=held, how=course, progress=tell)
        facts.train = {
            "model": trained.name,
            "seconds": round(trained.seconds, 2),
            "log_loss": trained.evaluation.log_loss.value,
            "group_auc": trained.evaluation.group_auc.value,
            "rivals": {name: _lost(rival) for name, rival in trained.rivals.items()},
        }
        _say_trained(asked, trained)
        _segments(asked, shop, held, tell)
        tested = _judged(asked, shop, held, visits=_judges(visits, which, quick), tell=tell)
        facts.placement = tested.outcome.as_json() | _served(tested)
        tell("folds", 0.9)
        held.replay.to(held.replay.end)
        facts.fold = {"rows": held.replay.position, "rows_per_s": round(held.replay.rate)}
        restore.keep(shop, held.replay.state)
        facts.understood = understood.show(asked, held.replay.state, tell)
        exchange.policies(shop, which)
        facts.asked = exchange.show(asked, which, tell)
        facts.recommender = _recommender(asked, tell, quick=quick)
    (target / MARK).write_text("ready", "utf-8")
    facts.words = _decide(asked, shop)
    return facts


def _judges(visits: int | None, which: str, quick: bool) -> int | None:
    """How many held-out visits judge: of the grocer's a sample, of the invented shop's all."""
    if visits is not None or which == "zh":
        return visits
    return VISITS // 10 if quick else VISITS


def _clear(target: Path) -> None:
    """Only a folder that a demo made is ever removed."""
    if (target / MARK).is_file():
        shutil.rmtree(target)
    elif target.exists() and any(target.iterdir()):
        raise Conflict(
            f"'{target.name}' is not empty and no demo shop.", remedy="Name another place with --folder."
        )
    target.mkdir(parents=True, exist_ok=True)
    (target / MARK).write_text("building", "utf-8")


def _ingested(asked: Call, result: BehaviourResult) -> dict[str, Any]:
    asked.say(
        asked.word(
            "events_kept",
            events=result.events,
            duplicates=result.duplicates,
            set_aside=result.set_aside,
            rate=result.events_per_s,
        )
    )
    return {
        "events": result.events,
        "set_aside": result.set_aside,
        "seconds": round(result.seconds, 2),
        "events_per_s": round(result.events_per_s),
    }


def _checked(asked: Call, shop: Shop) -> None:
    from hawker import ingest

    found = ingest.check(shop)
    asked.findings(found.findings)
    asked.say("")


def _say_trained(asked: Call, trained: Trained) -> None:
    asked.say(asked.word("demo_trained", model=trained.name, rows=trained.rows, seconds=trained.seconds))
    asked.say(str(trained.evaluation), style="dim")
    for name, rival in trained.rivals.items():
        told = {"order": f"{rival.group_auc:.4f}", "loss": f"{rival.log_loss:.4f}"}
        asked.say(asked.word("demo_rival", model=name, **told), style="dim")


def _judged(asked: Call, shop: Shop, held: Bench, *, visits: int | None, tell: Progress) -> Tested:
    """Judge on held-out visits through `decide()`, promote or say why not, and write the report."""
    from hawker.learning import pipeline, rehearsal

    rehearsed = rehearsal.Rehearsal(held.replay.state.codes)
    tested = pipeline.evaluate(shop, on=held, most=visits, watch=rehearsed.watch, progress=tell)
    asked.say(asked.word(f"demo_task_{shop.settings.outcome}", visits=tested.outcome.visits))
    showing.policies(asked, tested.outcome)
    asked.say(asked.word("method_bootstrap"), style="dim")
    if tested.better:
        pipeline.promote(shop, tested.version)
    lift = f"{tested.outcome.lifts['own_history']:+.1%}"
    asked.say(asked.word("demo_promoted" if tested.better else "demo_lost", lift=lift) + "\n")
    tell("report", 0.95)
    _write(asked, shop, _report(shop, held, rehearsed))
    return tested


def _lost(rival: Evaluation) -> dict[str, float | None]:
    """By what a rival lost: how it orders requests, and how well it predicts."""
    return {"group_auc": rival.group_auc.value, "log_loss": rival.log_loss.value}


def _served(tested: Tested) -> dict[str, Any]:
    """Whether the model serves from now on, and the figure with it and without."""
    values = tested.outcome.values
    figures = {"with": values["hawker"].value, "without": values["own_history"].value}
    return {"promoted": tested.better, "per_impression": figures}


def _write(asked: Call, shop: Shop, report: Report) -> None:
    """The report in every form, and its first screenful here."""
    from hawker import measurement
    from hawker.storage import files

    language = shop.settings.language
    files.write(shop.reports / "report.html", measurement.html(report, language=language))
    files.write(shop.reports / "report.json", measurement.as_json(report, language=language))
    files.write(shop.reports / "report.csv", measurement.csv(report, language=language).encode("utf-8-sig"))
    asked.say(_head(measurement.terminal(report, language=language)))
    asked.say(asked.word("written", file=asked.folder / "reports" / "report.html") + "\n", style="dim")


def _report(shop: Shop, held: Bench, rehearsed: Rehearsal) -> Report:
    """What the shop's log says of its ads, or, where it logged none, what the rehearsal says."""
    from hawker import measurement
    from hawker.storage.control import Control

    if shop.settings.outcome != "click":
        return rehearsed.report(shop, start=held.split.test, end=held.split.end)
    control = Control(shop.control)
    names = {campaign.id: campaign.name for campaign in control.campaigns()}
    control.close()
    return measurement.report(shop, names={"campaign": names})


def _head(text: str, lines: int = 20) -> str:
    """The first screenful of a report: its notes and totals."""
    return "\n".join(text.splitlines()[:lines])


def _segments(asked: Call, shop: Shop, held: Bench, tell: Progress) -> None:
    """Group the shoppers as they were before the test, and show one of them."""
    from hawker.features import segments
    from hawker.features.interest_words import Background, Terms
    from hawker.features.profile import profile

    tell("segments", 0.5)
    state = held.replay.state
    found = segments.segments(state, now=state.watermark, language=shop.settings.language)
    segments.save(shop, state, found, now=state.watermark)
    asked.say(f"\n{found}\n")
    beside = Background(state, Terms(shop.catalogue, language=shop.settings.language))
    first = state.codes["shopper"].names[0]
    asked.say(f"{profile(state, first, now=state.watermark, background=beside)}\n")


def _recommender(asked: Call, tell: Progress, *, quick: bool) -> dict[str, Any]:
    """Fit what recommends and show it at work; a first look goes without, and the shop shows what trends."""
    made = None if quick else stocking.make(asked, seed=7, tell=tell)
    if made is not None:
        stocking.show(asked, made)
    shopper = shops.request(asked.shop).shopper
    asked.say("")
    asked.say(asked.word("demo_recommended", shopper=shopper), style="bold")
    kind = "next_purchase" if asked.shop.settings.outcome == "purchase" else "for_you"
    answer = recommend.answered(asked, f"/v1/recommend?shopper={shopper}&kind={kind}&number=5")
    recommend.show(asked, answer)
    asked.say("")
    return {} if made is None else stocking.document(made)


def _decide(asked: Call, shop: Shop) -> dict[str, Any]:
    """One live decision, recorded, as a page would get it; and how choosing among creatives goes on."""
    from hawker import delivery

    with delivery.build(shop, process="demo") as engine:
        decision = engine.decide(shops.request(shop), seed=7)
        moved = moving.make(engine)
    asked.say(asked.word("demo_decided", id=decision.id, eligible=decision.eligible))
    showing.decision(asked, decision)
    moving.show(asked, moved)
    return moving.document(moved)


def _serve(asked: Call, port: int) -> None:
    """Serve the shop until stopped, after saying what to open and what to try."""
    from hawker import server

    shop = asked.shop
    request = shops.request(shop)
    query = f"placement=home&shopper={request.shopper}" + (
        f"&location={request.location}" if request.location else ""
    )
    base = f"http://127.0.0.1:{port}"
    asked.say(asked.word("demo_open"))
    for address in (
        f"{base}/docs",
        f"{base}/v1/decide?{query}",
        f"{base}/v1/report?format=html",
        f"{base}/metrics",
    ):
        asked.say(f"  {address}")
    asked.say(asked.word("demo_try"))
    for line in (
        "report",
        f"explain --shopper {request.shopper}",
        "check",
        f'serve --get "/v1/decide?{query}"',
    ):
        asked.say(f"  hawker -C {asked.folder} {line}")
    sys.stdout.flush()
    server.run(shop, host="127.0.0.1", port=port)


def _document(facts: Facts, seconds: float) -> dict[str, Any]:
    return {
        "ingest": facts.ingest,
        "fold": facts.fold,
        "train": facts.train,
        "placement": facts.placement,
        "understood": facts.understood,
        "asked": facts.asked,
        "recommender": facts.recommender,
        "words": facts.words,
        "peak_rss_mb": round(_peak()),
        "seconds": round(seconds, 1),
    }


def _peak() -> float:
    """The most memory this process has held, in megabytes.

    Linux says so by itself; `getrusage` would also count what the parent held before it started us.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
