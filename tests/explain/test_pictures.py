"""Pictures show the network's own numbers, and say that they are no reasons."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput
from hawker.explain.pictures import flattened, pictures
from hawker.features.examples import Examples, Field

pytestmark = pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")


def visited(rows: int = 600) -> Examples:
    """The toy shop, and the last three kinds that were looked at."""
    base = toy(rows)
    seen = np.random.default_rng(1).integers(0, 4, (rows, 3)).astype(np.float32)
    seen[::3, 1:] = np.nan
    names = (*base.names, "seen 1", "seen 2", "seen 3")
    x = np.column_stack([base.x, seen]).astype(np.float32)
    return replace(base, names=names, x=x, fields=(Field("seen", "sequence", names[4:], of="kind"),))


@pytest.fixture(scope="module")
def model() -> ranking.Model:
    rows = visited()
    net = ranking.Net(hidden=(8,), embedding=4, sequence="attention", epochs=1, batch=64)
    return ranking.calibrate(ranking.train(net, rows, seed=1), rows)


def test_a_dot_a_code_and_a_cell_a_step(model: ranking.Model) -> None:
    rows = visited().x[:6]
    page = pictures(model, rows=rows, names={"kind": {2.0: "shoes & socks"}})
    assert "not reasons for any ad" in page
    assert "http" not in page
    drawings = [part.partition("</svg>")[0] + "</svg>" for part in page.split("<svg")[1:]]
    roots = [ElementTree.fromstring(f"<svg{drawing}") for drawing in drawings]
    assert len(roots[0].findall("circle")) == 4
    assert "shoes & socks" in {title.text for title in roots[0].iter("title")}
    assert len(roots[1].findall("rect")) == int((~np.isnan(rows[:, 4:])).sum())
    shades = [float(cell.attrib["fill-opacity"]) for cell in roots[1].findall("rect")]
    assert max(shades) == 1.0
    assert "并非展示任何广告的原因" in pictures(model, rows=rows, language="zh")


def test_what_a_wide_net_knows_of_a_code_alone_is_no_part_of_its_place() -> None:
    rows = visited()
    net = ranking.Net(hidden=(8,), embedding=4, wide=True, epochs=1, batch=64)
    model = ranking.train(net, rows, seed=1)
    before = pictures(model)
    table = model.network.table.detach().numpy()  # type: ignore[attr-defined]
    assert table.shape[1] > 4
    table[:, 4:] += np.random.default_rng(0).normal(size=(len(table), 1)).astype(np.float32) * 50
    assert pictures(model) == before
    table[:, :4] *= -3.0
    table[::2, :4] += 1.0
    assert pictures(model) != before


def test_two_directions_keep_the_distances_of_a_plane() -> None:
    plane = np.random.default_rng(0).normal(size=(20, 2)) @ np.random.default_rng(1).normal(size=(2, 6))
    flat, share = flattened(plane.astype(np.float32))
    assert share == pytest.approx(1)
    expected = np.linalg.norm(plane[:, None] - plane[None], axis=2)
    np.testing.assert_allclose(np.linalg.norm(flat[:, None] - flat[None], axis=2), expected, atol=1e-5)


def test_without_a_network_there_is_nothing_to_draw() -> None:
    with pytest.raises(BadInput, match="no network"):
        pictures(ranking.Rule(("bought",), {"bought": 1.0}))
