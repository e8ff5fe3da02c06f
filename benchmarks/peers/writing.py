"""What language models write beside the extractive writer: the same small model in two runtimes.

`local`: SmolLM2 (`hawker models get smollm2`) by llama.cpp, held to the product's phrases, one native ad a
product: the share that passes the gate as drafted and after one repair, and tokens a CPU second, prompts
included. `transformers`: the same weights by `generate` in an environment of its own, told the same facts in
the same words, free, five samples of 50 tokens: the share of samples (first line, at most 90 characters)
that the gate lets through, of products with one that passes, and tokens a CPU second. `lines` of `local` are
its descriptions by that same rule. One thread each. The products: 100 drawn by SEED from all rows but 100
to 199, which prompts and word lists were tried on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._answer import estimate
from benchmarks.peers import environment, run
from hawker.creative import gate
from hawker.creative.layout import width
from hawker.creative.prompted import Prompted
from hawker.creative.prompted_asked import prompts
from hawker.creative.prompted_phrases import sentences
from hawker.language import writer, writer_weights
from hawker.records.catalogue import Product
from hawker.records.draft import Brief, Draft, Objection
from hawker.records.finding import Severity
from hawker.records.writing import WriterRules
from hawker.statistics import proportion

REQUIREMENTS = ("torch>=2.6,<2.14", "transformers>=5.2,<6", "gguf>=0.17", "accelerate>=1.1")
PRODUCTS, SAMPLES, TOKENS, WARMTH, SEED, WIDEST = 100, 5, 50, 0.7, 17, 90
TRIED = range(100, 200)
_SHOWN = 3


def measure(products: Sequence[Product], *, most: int = PRODUCTS) -> dict[str, Any]:
    """Both, on the same products, side by side; the model is fetched if it is not there."""
    path = writer_weights.fetch("smollm2")
    drawn = chosen(products, most)
    with ThreadPoolExecutor(1) as beside:  # it waits for the peer's process, which has a core of its own
        theirs = beside.submit(_transformers, drawn, path)
        ours = _local(drawn)
    return {"local": ours, "transformers": theirs.result()}


def chosen(products: Sequence[Product], most: int) -> list[Product]:
    """So many products, drawn by SEED, none of those that were tried on."""
    order = np.random.default_rng(SEED).permutation(len(products)).tolist()
    return [products[row] for row in order if row not in TRIED][:most]


def _local(products: Sequence[Product]) -> dict[str, Any]:
    by = Prompted(writer("local:smollm2", rules=WriterRules(threads=1)))
    before, after, lines, tokens, cpu = 0, 0, 0, 0, 0.0
    for place, product in enumerate(products):
        brief = Brief(product)
        begun = time.process_time()
        (draft,) = by.draft(brief, n=1, seed=SEED)
        cpu += time.process_time() - begun
        tokens += draft.effort.tokens_out
        found = _wrong(draft, brief)
        before += not found
        lines += any(_passes(line, product) for line in draft.parts.get("description", ()))
        if found:
            begun = time.process_time()
            draft = by.repair(draft, found, brief, seed=SEED)
            cpu += time.process_time() - begun
            tokens += draft.effort.tokens_out
        after += not found or not _wrong(draft, brief)
        if place % 10 == 0:
            print("local", place, draft.parts, file=sys.stderr, flush=True)
    return {
        "passed_before_repair": _share(before, len(products)),
        "passed_after_repair": _share(after, len(products)),
        "lines_passed": _share(lines, len(products)),
        "tokens_per_s": round(tokens / cpu, 1),
        "ads_per_s": round(len(products) / cpu, 2),
        "cpu_seconds": round(cpu, 1),
        "products": len(products),
        "version": by.version,
    }


def _transformers(products: Sequence[Product], model: Path) -> dict[str, Any]:
    settings = {
        "prompts": [_told(product) for product in products],
        "samples": SAMPLES,
        "tokens": TOKENS,
        "temperature": WARMTH,
        "seed": SEED,
    }
    told = run(
        environment("transformers", REQUIREMENTS), Path(__file__).with_name("written.py"), model, settings
    )
    passed = [
        [_passes(_first(text), product) for text in texts]
        for product, texts in zip(products, told["texts"], strict=True)
    ]
    return {
        "lines_passed": _share(sum(map(sum, passed)), SAMPLES * len(products)),
        "products_with_one": _share(sum(map(any, passed)), len(products)),
        "tokens_per_s": round(told["tokens"] / told["writing_seconds"], 1),
        "cpu_seconds": told["writing_seconds"],
        "rss_mb": told["rss_mb"],
        "version": told["version"],
    }


def _told(product: Product) -> list[dict[str, str]]:
    """The words that the held model is told, without the pattern that holds it."""
    words = prompts("en")
    given, answered = words["small"]["example"]
    facts = "\n".join(f"- {text}" for text in sentences(Brief(product), language="en")[:_SHOWN])
    turns = (
        ("system", words["small_system"]),
        ("user", words["small_facts"].format(facts=f"- {given}")),
        ("assistant", answered),
        ("user", words["small_facts"].format(facts=facts)),
    )
    return [{"role": role, "content": text} for role, text in turns]


def _first(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _passes(line: str, product: Product) -> bool:
    """Whether a line could stand as a description: not empty, not too wide, nothing against it."""
    if not 0 < width(line) <= WIDEST:
        return False
    return all(one.severity is not Severity.ERROR for one in gate.text(line, product, language="en"))


def _wrong(draft: Draft, brief: Brief) -> list[Objection]:
    return [one for one in gate.check(draft, brief) if one.severity is Severity.ERROR]


def _share(count: int, of: int) -> dict[str, Any]:
    return estimate(proportion(count, of))
