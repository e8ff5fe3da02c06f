"""What the server counts and times, in Prometheus' form; no shopper in any label."""

from __future__ import annotations

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from hawker import __version__
from hawker.delivery import Engine
from hawker.delivery.traffic import REASONS
from hawker.records.decision import Decision
from hawker.records.verdict import Verdict

KIND = CONTENT_TYPE_PLAIN_0_0_4
BUCKETS = (
    *(50e-6, 100e-6, 200e-6, 350e-6, 500e-6, 750e-6),
    *(1e-3, 2e-3, 3.5e-3, 5e-3, 7.5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 1.0, 5.0),
)


class Metrics:
    """The counters of one application, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._decide = Histogram(
            "hawker_decide_seconds",
            "Time to decide: candidates, scores, auction, reserve and record.",
            buckets=BUCKETS,
            registry=registry,
        )
        self._request = Histogram(
            "hawker_request_seconds",
            "Time from the first byte of a request to the last of its answer.",
            ["route"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._answers = Counter(
            "hawker_answers", "Answers by route and status.", ["route", "status"], registry=registry
        )
        self._decisions = Counter(
            "hawker_decisions",
            "Decisions by placement, path and what came of them ('filled' or the fallback's reason).",
            ["placement", "path", "outcome"],
            registry=registry,
        )
        self._ads = Counter(
            "hawker_ads_shown", "Ads handed to pages, by placement.", ["placement"], registry=registry
        )
        self._exchange = Counter(
            "hawker_openrtb",
            "Bid requests by what was answered, and notices by what they reported.",
            ["what"],
            registry=registry,
        )
        self._events = Counter("hawker_events", "Events by verdict.", ["status"], registry=registry)
        self._invalid = Counter(
            "hawker_invalid_events", "Events marked as invalid traffic, by rule.", ["rule"], registry=registry
        )
        self._counted: dict[str, int] = {}
        self._live = Gauge("hawker_ads_live", "Ads in the index.", registry=registry)
        self._lag = Gauge(
            "hawker_watermark_lag_seconds", "How far the folds are behind the clock.", registry=registry
        )
        self._about = Gauge(
            "hawker_build_info", "1, with versions as labels.", ["version", "model"], registry=registry
        )

    def decided(self, decision: Decision, *, since: float) -> None:
        """Count a decision that was begun at `since` (of `perf_counter`)."""
        self._decide.observe(perf_counter() - since)
        placement = decision.request.placement
        self._decisions.labels(placement, decision.path, decision.fallback or "filled").inc()
        if decision.slots:
            self._ads.labels(placement).inc(len(decision.slots))

    def exchanged(self, what: str) -> None:
        """Count an answer to an exchange, or a notice of its."""
        self._exchange.labels(what).inc()

    def judged(self, verdicts: list[Verdict]) -> None:
        """Count the verdicts of a batch."""
        for verdict in verdicts:
            self._events.labels(verdict.status).inc()

    def answered(self, route: str, status: int, *, since: float) -> None:
        """Count an answer and its time."""
        self._request.labels(route).observe(perf_counter() - since)
        self._answers.labels(route, str(status)).inc()

    def text(self, engine: Engine | None) -> bytes:
        """Everything, as a scraper reads it."""
        if engine is not None:
            self._live.set(len(engine.world.index))
            self._lag.set(max(engine.tick() - engine.world.state.watermark, 0) / 1e6)
            for rule in REASONS:  # a mark of another system's making is counted under none
                more = engine.door.broken[rule] - self._counted.get(rule, 0)
                self._invalid.labels(rule).inc(max(more, 0))
                self._counted[rule] = engine.door.broken[rule]
            self._about.clear()
            self._about.labels(__version__, engine.world.versions.get("model", "")).set(1)
        return generate_latest(self._registry)
