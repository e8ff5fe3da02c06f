"""What a small local writer learns from approved copy: how much the gate lets pass, before and after.

    python -m benchmarks.copywriting [--products N] [--judged N] [--json]

1,000 English products. For 800 of them the extractive writer drafts, and what the gate lets pass counts as
approved; the model itself drafts for 80 of these, and what the gate keeps back is what it learns to avoid.
For the other 200 it drafts before and after, by llama.cpp, one draft each, nothing mended. The base is
SmolLM2-135M (`hawker models get smollm2`). Prints {before, after: {passed, unsupported, prior}, difference,
rows, scores, learning_cpu_s, cpu_s}: `passed` is the share of drafts without an objection, `unsupported` the
share with a claim that no field of the product supports, `prior` the mean log-odds of a click of headlines
that passed; `difference` is paired by product. The goal is 30 CPU minutes of learning; judging takes as long
again, so that this program alone needs more than ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks import planted
from benchmarks._answer import ended, estimate, peak_mb
from hawker.creative import prior, studio
from hawker.creative.draft import Extractive
from hawker.learning import copywriting
from hawker.records.draft import Brief, Kind
from hawker.records.sheet import Sheet, Standing
from hawker.storage.models import ModelStore

BASE = "smollm2"


def main() -> int:
    """Draft, teach, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--products", type=int, default=1_000, metavar="N")
    parser.add_argument("--judged", type=int, default=copywriting.JUDGED, metavar="N")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--curves", type=Path, default=None, metavar="FOLDER", help="for TensorBoard")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    return ended(lambda: _found(chosen), line=chosen.json)


def _found(chosen: argparse.Namespace) -> dict[str, Any]:
    copywriting.weights(BASE)
    sheets = _approved(chosen.products, chosen.seed)
    clicked = prior.load(encoders=())
    with tempfile.TemporaryDirectory() as folder:
        made = copywriting.taught_by(
            sheets,
            copywriting.Plan(
                base=BASE,
                judged=chosen.judged,
                score=lambda lines, language: clicked.score(list(lines), language=language).mean.tolist(),
                seed=chosen.seed,
            ),
            store=ModelStore(Path(folder) / "models"),
            folder=Path(folder) / "training",
            curves=chosen.curves,
            progress=_told(),
        )
    return {
        "before": _standings(made.before),
        "after": _standings(made.after),
        "difference": estimate(made.difference),
        "promoted": made.promoted,
        "reason": made.reason,
        "rows": made.rows,
        "scores": {name: [round(one, 4) for one in scores] for name, scores in made.scores.items()},
        "learning_cpu_s": round(made.learning_seconds, 1),
        "cpu_s": round(made.seconds, 1),
        "peak_mb": peak_mb(),
    }


def _approved(number: int, seed: int) -> list[Sheet]:
    """Sheets by the extractive writer, of which all that the gate lets pass is approved."""
    writer, sheets = Extractive(), []
    for product in planted.products("en")[:number]:
        sheet = studio.write(writer, Brief(product, kind=Kind.NATIVE), n=2, seed=seed)
        passed = tuple(
            replace(one, standing=Standing.APPROVED if one.standing is Standing.WAITING else one.standing)
            for one in sheet.variants
        )
        sheets.append(replace(sheet, variants=passed))
    return sheets


def _told() -> Any:
    last = -1

    def tell(words: str, share: float) -> None:
        nonlocal last
        if int(50 * share) != last:
            last = int(50 * share)
            print(f"{share:4.0%} {words}", file=sys.stderr, flush=True)

    return tell


def _standings(held: copywriting.Standings) -> dict[str, Any]:
    return {name: estimate(getattr(held, name)) for name in ("passed", "unsupported", "prior")}


if __name__ == "__main__":
    raise SystemExit(main())
