"""A map of the shop as its vectors see it: products in two dimensions, and one shopper's interests on it.

Products that mean alike lie together (t-SNE of the vectors that serve, van der Maaten and Hinton 2008; by
principal components where scikit-learn is absent). Distances across the map mean little, neighbourhoods much.
Beside it, week by week, what the shopper turned to. A view of the shop, never the reason for an ad.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape

import numpy as np
from numpy.typing import NDArray

from hawker.delivery import restore
from hawker.errors import NotFound
from hawker.explain.pictures import flattened
from hawker.features import story
from hawker.features.story import Story
from hawker.ranking import paper
from hawker.records.catalogue import Product, levels
from hawker.records.events import DAY
from hawker.storage import vectors
from hawker.storage.shop import Shop

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]
MOST = 1_500
"""Products on a map; of larger catalogues a sample, with all that the shopper touched."""
WEEKS = 26
_COLOURS = (
    *("#2a78b5", "#e07b1a", "#2f9e5f", "#c2559d", "#cf3d3d"),
    *("#1aa6b8", "#7a5cc7", "#9a8f1f", "#8a5a3c", "#3f4fa8"),
)
_OTHER = "#9aa1a8"
_WIDE, _HIGH, _EDGE = 760, 560, 30
_NEAREST = 8
_WEEK = 7 * DAY
_BAR = 170
_WORDS = {
    "title": ("What this shop means", "语义地图"),
    "of": ("What {shopper} turns to", "{shopper} 的兴趣地图"),
    "told": (
        "{count:,} products by {encoder}: what lies together means alike; far distances mean little.",
        "{count:,} 件商品，由 {encoder} 编码：相邻者语义相近，远距离不代表差异大小。",
    ),
    "map": ("Products and interests", "商品与兴趣"),
    "weeks": ("Week by week", "逐周变化"),
    "rings": (
        "Dark rims: products they touched. Rings: their interests, as large as their share.",
        "深色边：该顾客接触过的商品；圆环：其兴趣，大小为占比。",
    ),
    "caution": (
        "This is a view of the shop, not the reason for any ad.",
        "本图仅供了解商品与兴趣，并非展示任何广告的原因。",
    ),
    "touches": ("What they touched each week, by department.", "每周接触的商品数（按部门）。"),
    "others": ("others", "其他"),
    "none": ("Nothing of this shopper may be shown, or nothing is known.", "该顾客无可展示的行为。"),
}
_STYLE = """
.label { font-size: 13px; font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 4px;
  fill: var(--ink); text-anchor: middle; }
.touched { stroke: var(--ink); stroke-width: 2.5; fill-opacity: 1; }
.interest { fill: var(--ink); fill-opacity: .07; stroke: var(--ink); stroke-width: 2; stroke-dasharray: 5 3; }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin: 0 5px 0 14px; }
.caution { color: var(--ink); font-weight: 600; }
"""


@dataclass(frozen=True)
class Interest:
    """One of a shopper's interests: where it points, and its share."""

    vector: NDArray[np.float32]
    share: float


@dataclass(frozen=True)
class View:
    """What a map shows: products with their places and departments, and what is known of one shopper."""

    products: tuple[Product, ...]
    places: Floats  # (n, 2), within the frame
    vectors: NDArray[np.float32]  # (n, d)
    departments: tuple[str, ...]  # of each product
    colours: Mapping[str, str]
    interests: tuple[Interest, ...] = ()
    told: Story = field(default_factory=lambda: Story(""))


def landscape(
    shop: Shop,
    *,
    shopper: str = "",
    language: str = "",
    most: int = MOST,
    seed: int = 7,
    progress: Progress | None = None,
) -> str:
    """The map of a shop as one HTML page; with `shopper`, their interests on it and their weeks below.

    Raises `NotFound` where the shop has no vectors yet. Takes about 5 CPU seconds for 1,500 products.
    """
    tell = progress or (lambda _words, _share: None)
    chinese = (language or shop.settings.language).lower().startswith("zh")

    def word(code: str, **values: object) -> str:
        return escape(_WORDS[code][chinese].format(**values))

    tell("", 0.1)
    told, interests = _known(shop, shopper) if shopper else (Story(""), ())
    view = _view(shop, told, interests, most=most, seed=seed)
    tell("", 0.8)
    head = word("of", shopper=told.shopper) if shopper else word("title")
    held = vectors.products(shop)
    about = [word("told", count=len(view.products), encoder=held.about.encoder if held else "")]
    legend = _legend(view, word("others"))
    body = f"<section><h2>{word('map')}</h2>{_map(view, head)}<p>{legend}</p></section>\n"
    if interests:
        body = body.replace("</p></section>", f"</p><p>{word('rings')}</p></section>", 1)
    if told.deeds:
        chart = _weeks(view, told, word("weeks"), offset=shop.settings.utc_offset_minutes)
        body += f"<section><h2>{word('weeks')}</h2>{chart}<p>{word('touches')}</p></section>\n"
    elif shopper:
        about.append(word("none"))
    about.append(f'<span class="caution">{word("caution")}</span>')
    return paper.page(head, about, body, chinese=chinese, style=_STYLE)


def _known(shop: Shop, shopper: str) -> tuple[Story, tuple[Interest, ...]]:
    """A shopper's story and interests; nothing of one whose behaviour may be put to no use."""
    told = story.of(shop, shopper, most=0)
    if not told.deeds:
        return told, ()
    state, waiting = restore.state(shop)
    state.fold(waiting)
    if state.interests is None:
        return told, ()
    found, shares = state.interests.several(state.codes["shopper"].find(told.shopper))
    return told, tuple(Interest(one, float(share)) for one, share in zip(found, shares, strict=True))


def _view(shop: Shop, told: Story, interests: tuple[Interest, ...], *, most: int, seed: int) -> View:
    held = vectors.products(shop)
    if held is None:
        raise NotFound(
            "This shop has no vectors of its products yet.",
            remedy="Run: hawker train, which makes them first.",
        )
    catalogue = shop.catalogue
    known = [p for p, row in zip(held.ids, held.matrix, strict=True) if p in catalogue and row.any()]
    if len(known) > most:
        touched = {deed.product for deed in told.deeds} & set(known)
        drawn = np.random.default_rng(seed).permutation(len(known))[:most]
        chosen = touched | {known[place] for place in drawn}
        known = [product for product in known if product in chosen]
    products = tuple(catalogue[product] for product in known)
    matrix = held.of(known)
    departments = tuple((levels(product.category) or ("",))[0] for product in products)
    common = [name for name, _ in Counter(departments).most_common(len(_COLOURS)) if name]
    colours = dict(zip(common, _COLOURS, strict=False))
    return View(products, _laid_out(matrix, seed), matrix, departments, colours, interests, told)


def _laid_out(matrix: NDArray[np.float32], seed: int) -> Floats:
    """Two dimensions for vectors of unit length, within the frame."""
    flat, _ = flattened(matrix)
    if len(matrix) >= _NEAREST * 4:
        try:
            from sklearn.manifold import TSNE

            spread = min(30.0, len(matrix) / 4)
            tsne = TSNE(perplexity=spread, init="pca", metric="cosine", random_state=seed, n_jobs=1)
            flat = tsne.fit_transform(matrix).astype(np.float64)
        except ImportError:
            pass
    low, span = flat.min(axis=0, initial=0.0), np.ptp(flat, axis=0) if len(flat) else np.ones(2)
    frame = np.array([_WIDE - 2 * _EDGE, _HIGH - 2 * _EDGE])
    placed: Floats = _EDGE + (flat - low) / np.where(span > 0, span, 1.0) * frame
    return placed


def _map(view: View, title: str) -> str:
    touched = {deed.product for deed in view.told.deeds if deed.product}
    dots: list[str] = []
    rims: list[str] = []
    for product, department, (x, y) in zip(view.products, view.departments, view.places, strict=True):
        own = product.id in touched
        mark = 'class="touched" r="5.5"' if own else 'r="4" fill-opacity=".55"'
        drawn = (
            f'<circle {mark} cx="{x:.1f}" cy="{y:.1f}" fill="{view.colours.get(department, _OTHER)}">'
            f"<title>{escape(product.title)}</title></circle>"
        )
        (rims if own else dots).append(drawn)
    rings = "".join(_ring(view, one, number) for number, one in enumerate(view.interests, 1))
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{title}">'
        f"{''.join(dots)}{''.join(rims)}{rings}{_labels(view)}</svg>"
    )


def _ring(view: View, interest: Interest, number: int) -> str:
    """An interest where the products that suit it best lie, by how well they do."""
    x, y = where(interest.vector, view)
    radius = 12 + 34 * np.sqrt(interest.share)
    return (
        f'<circle class="interest" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
        f"<title>{number}: {interest.share:.0%}</title></circle>"
        f'<text class="label" x="{x:.1f}" y="{y + radius + 14:.1f}">{interest.share:.0%}</text>'
    )


def where(vector: NDArray[np.float32], view: View) -> tuple[float, float]:
    """The place on the map of a vector: among its nearest products, near the one that suits it best."""
    alike = view.vectors @ vector
    nearest = np.argsort(-alike, kind="stable")[:_NEAREST]
    best = view.places[nearest[0]]
    close = np.hypot(*(view.places[nearest] - best).T) < _WIDE / 8  # a cluster torn in two has no middle
    x, y = np.average(view.places[nearest[close]], axis=0, weights=np.maximum(alike[nearest[close]], 1e-3))
    return float(x), float(y)


def _labels(view: View) -> str:
    """Each department's name at the middle of its products, lower where another stands already."""
    named: list[tuple[float, float, str]] = []
    names = np.array(view.departments, dtype=object)
    for department in view.colours:
        x, y = np.median(view.places[names == department], axis=0)
        x, wide = float(np.clip(x, 70, _WIDE - 70)), 90
        while any(abs(x - left) < wide and abs(y - top) < 17 for left, top, _ in named):
            y += 17
        named.append((x, float(y), department))
    return "".join(
        f'<text class="label" x="{x:.1f}" y="{y:.1f}">{escape(name)}</text>' for x, y, name in named
    )


def _legend(view: View, others: str) -> str:
    pairs = list(view.colours.items())
    if set(view.departments) - set(view.colours):
        pairs.append((others, _OTHER))
    return "".join(
        f'<span class="swatch" style="background:{colour}"></span>{escape(name)}' for name, colour in pairs
    )


def _weeks(view: View, told: Story, title: str, *, offset: int) -> str:
    """One bar a week, stacked by department: how many products were touched."""
    department = dict(zip((product.id for product in view.products), view.departments, strict=True))
    last = told.deeds[-1].time // _WEEK
    first = max(told.deeds[0].time // _WEEK, last - WEEKS + 1)
    counts: dict[int, Counter[str]] = {week: Counter() for week in range(first, last + 1)}
    for deed in told.deeds:
        if deed.product and deed.time // _WEEK >= first:
            name = department.get(deed.product, "")
            counts[deed.time // _WEEK][name if name in view.colours else ""] += deed.times
    most = max(1, *(sum(held.values()) for held in counts.values()))
    step = (_WIDE - 2 * _EDGE) / max(len(counts), 8)
    parts = []
    for place, (week, held) in enumerate(counts.items()):
        x = _EDGE + place * step
        parts.append(_bar(view, held, x=x, wide=step * 0.82, scale=_BAR / most))
        if place % max(1, len(counts) // 8) == 0:
            parts.append(f'<text class="tick" x="{x:.1f}" y="216">{_day(week * _WEEK, offset)}</text>')
    rule = f'<line class="grid" x1="{_EDGE}" x2="{_WIDE - _EDGE}" y1="200" y2="200"/>'
    top = f'<text class="tick" x="4" y="{204 - _BAR}">{most}</text>'
    return f'<svg viewBox="0 0 {_WIDE} 226" role="img" aria-label="{title}">{rule}{top}{"".join(parts)}</svg>'


def _bar(view: View, held: Counter[str], *, x: float, wide: float, scale: float) -> str:
    y, parts = 200.0, []
    for name in (*view.colours, ""):
        if held[name]:
            y -= held[name] * scale
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{held[name] * scale - 0.8:.1f}" '
                f'rx="1.5" fill="{view.colours.get(name, _OTHER)}">'
                f"<title>{escape(name)}: {held[name]}</title></rect>"
            )
    return "".join(parts)


def _day(time: int, offset: int) -> str:
    return (datetime.fromtimestamp(time / 1e6, UTC) + timedelta(minutes=offset)).strftime("%m-%d")
