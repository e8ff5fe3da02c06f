"""Real clicks: 8,000 display ads, raw hashed fields; the rankers learn, and calibration holds."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from hawker import ranking
from hawker.features.examples import Examples

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "criteo_8k"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="shared/data/criteo_8k is not on this machine")


@pytest.fixture(scope="module")
def slices() -> list[Examples]:
    """7,200 rows to learn from and 800 to judge on; codes are numbered by their order."""
    parts = [FOLDER / f"criteo_{name}.tsv.gz" for name in ("train", "dev", "test")]
    query = "SELECT * FROM read_csv(?, delim='\t', header=false, all_varchar=true, quote='')"
    table = np.array(
        [row for part in parts for row in duckdb.execute(query, [str(part)]).fetchall()], dtype=object
    )
    columns = [np.array([np.nan if v is None else float(v) for v in table[:, c]]) for c in range(1, 14)]
    for c in range(14, 40):
        known = np.unique(table[:, c].astype(str), return_inverse=True)[1].astype(np.float64)
        columns.append(np.where(table[:, c] == None, np.nan, known))  # noqa: E711
    names = tuple(f"count {i}" for i in range(13)) + tuple(f"code {i}" for i in range(26))
    n = len(table)
    index = np.arange(n, dtype=np.int64)
    x, y = np.column_stack(columns).astype(np.float32), table[:, 0].astype(np.float32)
    rows = Examples(names, x, y, index, index, index, np.ones(n), categorical=names[13:])
    return [rows.take(index < 7200), rows.take(index >= 7200)]


@pytest.mark.parametrize(
    "estimator", [ranking.Linear(), ranking.Trees(trees=60, threads=1)], ids=["linear", "trees"]
)
def test_it_learns_real_clicks(slices: list[Examples], estimator: ranking.Estimator) -> None:
    learn, test = slices
    assert len(learn) == 7200
    assert learn.y.mean() == pytest.approx(0.216, abs=0.01)
    judged = ranking.evaluate(ranking.train(estimator, learn), test)
    assert judged.auc.value is not None
    assert judged.auc.value > 0.70
    assert judged.normalised_entropy.high is not None
    assert judged.normalised_entropy.high < 1
    assert judged.calibration.low is not None
    assert judged.calibration.high is not None
    assert judged.calibration.low < 1.1
    assert judged.calibration.high > 0.9


def test_none_of_its_fields_knows_the_click(slices: list[Examples]) -> None:
    assert ranking.leaks(slices[0]) == ()
