"""Pictures of a network: where its codes lie, and what of a sequence it looks at. Views of it, never reasons.

Codes that lie together are treated alike; a heavy step of a sequence is one that was mixed in strongly.
Neither says what made a score what it is: `contributions` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, extra
from hawker.ranking import Blend, Calibrated, Cascade, Model, paper
from hawker.ranking.position import Placed

Names = Mapping[str, Mapping[float, str]]
Flat = NDArray[np.float64]

MOST_CODES, MOST_ROWS = 400, 8
_SIDE = 320
_WORDS = {
    "title": ("Pictures of the model", "模型视图"),
    "caution": (
        "These are pictures of the model, not reasons for any ad.",
        "以下为模型视图，并非展示任何广告的原因。",
    ),
    "codes": ("Embeddings of '{name}'", "“{name}”的嵌入"),
    "told": (
        "{count} codes in the two directions in which they differ most ({share} of the variance).",
        "{count} 个编码，投影到差异最大的两个方向（占方差 {share}）。",
    ),
    "sequence": ("Attention over '{name}'", "对“{name}”的注意力"),
    "latest": (
        "One line a row, the latest step first; the darker, the heavier. Weights need not sum to 1.",
        "每行一个样本，最近的一步在前；颜色越深权重越大。权重之和不必为 1。",
    ),
}
_STYLE = """
.dot { fill: var(--mark); fill-opacity: .6; } .step { fill: var(--mark); stroke: var(--faint); }
.caution { color: var(--ink); font-weight: 600; } svg.square { max-width: 380px; }
"""


def pictures(
    model: Model, *, rows: NDArray[np.float32] | None = None, names: Names | None = None, language: str = "en"
) -> str:
    """One HTML page: the embeddings of each code column, and attention over the sequences of some rows.

    `names` says what codes mean, by column. Raises `BadInput` for a model without a network in it.
    """
    chinese = language.lower().startswith("zh")

    def word(code: str, **values: object) -> str:
        return escape(_WORDS[code][chinese].format(**values))

    networks = [(net, x) for net, x in _networks(model, rows)]
    if not networks:
        raise BadInput("There is no network in this model, so there are no embeddings to draw.")
    parts = []
    for net, x in networks:
        for name, values, vectors in _embeddings(net):
            flat, share = flattened(vectors)
            known = (names or {}).get(name, {})
            labels = [known.get(float(value), f"{value:g}") for value in values]
            told = word("told", count=len(values), share=f"{share:.0%}")
            drawing = _scatter(flat, labels, word("codes", name=name))
            parts.append(f"<section><h2>{word('codes', name=name)}</h2>{drawing}<p>{told}</p></section>\n")
        for name, weights, steps in _attention(net, x):
            drawing = _strips(weights, steps, word("sequence", name=name))
            title = word("sequence", name=name)
            parts.append(f"<section><h2>{title}</h2>{drawing}<p>{word('latest')}</p></section>\n")
    caution = f'<span class="caution">{word("caution")}</span>'
    return paper.page(word("title"), [caution], "".join(parts), chinese=chinese, style=_STYLE)


def flattened(vectors: NDArray[np.float32]) -> tuple[Flat, float]:
    """Points in the two directions of most variance, and its share (principal components).

    >>> flat, share = flattened(np.float32([[0, 0, 1], [1, 0, 1], [2, 0, 1]]))
    >>> np.abs(flat[:, 0]).round(6).tolist(), round(share, 6)
    ([1.0, 0.0, 1.0], 1.0)
    """
    centred = np.asarray(vectors, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    flat = np.zeros((len(vectors), 2))
    kept = min(2, len(sizes))
    flat[:, :kept] = left[:, :kept] * sizes[:kept]
    total = float((sizes**2).sum())
    return flat, float((sizes[:kept] ** 2).sum()) / total if total else 1.0


def _networks(
    model: Model, rows: NDArray[np.float32] | None
) -> Iterator[tuple[Any, NDArray[np.float32] | None]]:
    """The networks inside a model, each with the rows as it sees them."""
    if hasattr(model, "attribute"):
        yield model, rows
    elif isinstance(model, Calibrated):
        yield from _networks(model.model, rows)
    elif isinstance(model, Placed):
        place = model.model.names.index(model.position)
        full = None if rows is None else np.insert(rows, place, np.float32(model.place), axis=1)
        yield from _networks(model.model, full)
    elif isinstance(model, Cascade):
        yield from _networks(model.heavy, None if rows is None else model.heavily(rows))
    elif isinstance(model, Blend):
        for inner in model.models:
            yield from _networks(inner, rows)


def _embeddings(net: Any) -> Iterator[tuple[str, NDArray[np.float32], NDArray[np.float32]]]:
    """By code column: its name, its known codes, and their vectors (codes, E)."""
    columns, wide = net.columns, net.network.embedding
    table = net.network.table.detach().numpy()
    for number, place in enumerate(columns.plan.codes[: len(columns.plan.codes) - columns.plan.binned]):
        values = columns.vocabularies[number][:MOST_CODES]
        if len(values) > 2 and not columns.plan.hashed:
            first = int(columns.first[number]) + 1  # before it the one of the unknown
            yield net.names[place], values, table[first : first + len(values), :wide]


def _attention(
    net: Any, rows: NDArray[np.float32] | None
) -> Iterator[tuple[str, NDArray[np.float32], NDArray[np.float32]]]:
    """By sequence with attention: its first column's name, and weights and codes (rows, L)."""
    if rows is None:
        return
    torch = extra("torch", "deep")
    network, plan = net.network.eval(), net.columns.plan
    some = np.ascontiguousarray(rows[:MOST_ROWS])
    codes = torch.from_numpy(net.columns(some).codes).long()
    with torch.no_grad():
        embedded = network.table[codes][:, :, : network.embedding]
        start = network.codes
        for encode, length, of, places in zip(
            network.encoders, network.lengths, network.of, plan.sequences, strict=True
        ):
            own = slice(start, start + length)
            start += length
            if hasattr(encode, "weigh"):
                weights = encode.weigh(embedded[:, own], codes[:, own] > 0, embedded[:, of])
                yield net.names[places[0]], weights.numpy(), some[:, list(places)]


def _scatter(flat: Flat, labels: Sequence[str], title: str) -> str:
    span = np.ptp(flat, axis=0).max() or 1.0
    places = 20 + (flat - flat.min(axis=0)) / span * _SIDE
    dots = "".join(
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{escape(label)}</title></circle>'
        for (x, y), label in zip(places, labels, strict=True)
    )
    side = _SIDE + 40
    return f'<svg class="square" viewBox="0 0 {side} {side}" role="img" aria-label="{title}">{dots}</svg>'


def _strips(weights: NDArray[np.float32], steps: NDArray[np.float32], title: str) -> str:
    most = float(np.abs(weights).max()) or 1.0
    cells = []
    for row, (line, codes) in enumerate(zip(weights, steps, strict=True)):
        for column, (weight, code) in enumerate(zip(line, codes, strict=True)):
            if np.isnan(code):
                continue
            shade = abs(float(weight)) / most
            cells.append(
                f'<rect class="step" x="{column * 22}" y="{row * 26}" width="20" height="22" '
                f'fill-opacity="{shade:.3f}"><title>{code:g}: {weight:+.3f}</title></rect>'
            )
    wide, high = weights.shape[1] * 22, len(weights) * 26
    return (
        f'<svg viewBox="0 0 {max(wide, 240)} {high}" role="img" aria-label="{title}">{"".join(cells)}</svg>'
    )
