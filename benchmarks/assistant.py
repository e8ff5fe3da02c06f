"""Does the shop assistant say what the records say, own up where they say nothing, and obey nobody else?

    python -m benchmarks.assistant [--questions N] [--seed N] [--facts] [--json]

The questions are those of `benchmarks.asked`, half of them English (994 real titles, with facts drawn by
seed), half Chinese (the invented shop): 300 with a known answer, by kind, 100 that no record answers, 100
beside an order planted in a page or in the question. Without a language model. Prints
{exact, cited, abstain_unanswerable, false_abstain, injections_obeyed, p95_ms, unseen, by_kind, missed,
jddc, faq}: shares with Wilson intervals; `cited` is the share of answers whose every sentence with a figure
or the fact asked for cites a record that was asked about, `unseen` the exact share of kinds kept out of all
tuning. `jddc` and `faq` are the share of questions for which the right answer comes first among 1,000, as
the assistant ranks passages and by its BM25 alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmarks import asked
from benchmarks._answer import ended, estimate
from benchmarks.asked import Asked
from hawker import answers
from hawker.answers.passages import Passages
from hawker.ingest.datasets import dialogues, titles
from hawker.statistics import intervals
from hawker.storage.shop import Shop

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
AMONG, SAMPLE = 1_000, 250
LATER = 2_000
"""Of JDDC's dialogues the last so many: earlier ones were looked at while the ranking was made."""
Judged = list[tuple[Asked, Any]]
"""Questions with the answers given."""


def main() -> int:
    """Ask, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--questions", type=int, default=300, metavar="N", help="how many with an answer")
    parser.add_argument("--seed", type=int, default=7, help="of the questions; 7 is the one that is scored")
    parser.add_argument("--seen", action="store_true", help="leave out the kinds kept out of tuning")
    parser.add_argument("--facts", action="store_true", help="leave out the ranking of passages")
    parser.add_argument("--show", action="store_true", help="print what was missed, with --seen only")
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    return ended(lambda: _found(chosen), line=chosen.json)


def _found(chosen: argparse.Namespace) -> dict[str, Any]:
    known: Judged = []
    unknown: Judged = []
    planted: Judged = []
    taken: list[float] = []
    for language in ("en", "zh"):
        half = chosen.questions // 2
        goods = asked.goods(language, seed=chosen.seed)
        which: dict[str, Any] = {"language": language, "seed": chosen.seed}
        with tempfile.TemporaryDirectory() as folder:
            shop = asked.shop(Path(folder) / "shop", goods, **which)
            questions = asked.questions(goods, **which, number=half)
            known += _answered(shop, [one for one in questions if not (chosen.seen and one.unseen)], taken)
            unknown += _answered(shop, asked.unanswerable(goods, **which, number=half // 3), taken)
        orders, spoilt = asked.injections(goods, **which, number=half // 3)
        with tempfile.TemporaryDirectory() as folder:
            planted += _answered(asked.shop(Path(folder) / "shop", spoilt, **which), orders, taken)
    if chosen.show and chosen.seen:
        _show(known, unknown, planted)
    found = _shares(known, unknown, planted)
    found["p95_ms"] = round(float(np.percentile(taken, 95)) * 1e3, 2)
    if not chosen.facts:
        beside = titles.amazon(chosen.data / "amazon_products")
        found["jddc"] = _ranked(dialogues.jddc(chosen.data / "jddc")[-LATER:])
        found["faq"] = _ranked(dialogues.faq(chosen.data / "faq_en"), beside=beside)
    return found


def _answered(shop: Shop, questions: Sequence[Asked], taken: list[float]) -> Judged:
    """Each question in a conversation of its own, after what was asked before it; seconds into `taken`."""
    assistant = answers.build(shop)
    found = []
    for number, question in enumerate(questions):
        talk = None
        for earlier in question.earlier:
            talk = assistant.ask(earlier, conversation=talk).conversation
        begun = time.process_time()
        answer = assistant.ask(question.text, conversation=talk)
        taken.append(time.process_time() - begun)
        found.append((question, answer))
        if number % 50 == 49:
            print(f"{number + 1} of {len(questions)} asked", file=sys.stderr)
    return found


def _shares(known: Judged, unknown: Judged, planted: Judged) -> dict[str, Any]:
    right = [asked.exact(*pair) for pair in known]
    told = [pair for pair in known if not asked.declined(pair[1])]
    missed = Counter(one.kind for (one, _), well in zip(known, right, strict=True) if not well)
    counts = Counter(one.kind for one, _ in known)
    return {
        "exact": _share(right),
        "cited": _share(not asked.uncited(*pair) for pair in told),
        "abstain_unanswerable": _share(asked.declined(answer) for _, answer in unknown),
        "false_abstain": _share(asked.declined(answer) for _, answer in known),
        "injections_obeyed": sum(asked.obeyed(*pair) for pair in planted),
        "injections": len(planted),
        "unseen": _share(well for (one, _), well in zip(known, right, strict=True) if one.unseen),
        "by_kind": {kind: round(1 - missed[kind] / counts[kind], 4) for kind in sorted(counts)},
    }


def _share(verdicts: Iterable[bool]) -> dict[str, Any]:
    all_of_them = list(verdicts)
    return estimate(intervals.proportion(sum(all_of_them), len(all_of_them)))


def _ranked(pairs: Sequence[dialogues.Pair], *, beside: Sequence[str] = ()) -> dict[str, Any]:
    """How often the right answer comes first among 1,000, reranked and by words alone."""
    rng = Random(7)
    drawn = rng.sample(list(pairs), min(AMONG, len(pairs)))
    texts = [answer for _, answer in drawn]
    texts += rng.sample(list(beside), AMONG - len(texts)) if len(texts) < AMONG else []
    passages = Passages(texts)
    ask = drawn[:SAMPLE]
    found: dict[str, Any] = {"among": len(texts)}
    for name, rerank in (("recall1", True), ("bm25", False)):
        first = [passages.rank(question, most=1, rerank=rerank) for question, _ in ask]
        found[name] = _share(
            bool(places) and texts[places[0].place] == answer
            for places, (_, answer) in zip(first, ask, strict=True)
        )
    return found


def _show(known: Judged, unknown: Judged, planted: Judged) -> None:
    for question, answer in known:
        if not asked.exact(question, answer) or asked.uncited(question, answer):
            print(f"missed {question.kind}: {question.text}\n    {answer.text}", file=sys.stderr)
    for question, answer in unknown:
        if not asked.declined(answer):
            print(f"answered {question.kind}: {question.text}\n    {answer.text}", file=sys.stderr)
    for question, answer in planted:
        if asked.obeyed(question, answer):
            print(f"obeyed: {question.text}\n    {answer.text}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
