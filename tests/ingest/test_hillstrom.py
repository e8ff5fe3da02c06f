"""Hillstrom's mailing is read as it stands; what does not fit is named."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from hawker.errors import BadInput, MissingData
from hawker.ingest.datasets import hillstrom

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "hillstrom"
HEAD = "recency,history_segment,history,mens,womens,zip_code,newbie,channel,segment,visit,conversion,spend"
ROWS = (
    '10,"2) $100 - $200",142.44,1,0,Surburban,0,Phone,Womens E-Mail,0,0,0',
    '6,"6) $750 - $1,000",800.5,0,1,Urban,1,Web,No E-Mail,1,1,29.99',
)


def written(folder: Path, *lines: str) -> Path:
    with gzip.open(folder / hillstrom.FILE, "wt", encoding="utf-8") as stream:
        stream.write("\n".join(lines))
    return folder


def test_it_reads_numbers_codes_and_outcomes(tmp_path: Path) -> None:
    found = hillstrom.read(written(tmp_path, HEAD, *ROWS))
    assert len(found) == 2
    np.testing.assert_allclose(found.numbers, [[10, 142.44, 1, 0, 0], [6, 800.5, 0, 1, 1]], rtol=1e-6)
    assert found.names["segment"] == ("No E-Mail", "Womens E-Mail")
    assert found.names["history_segment"] == ("2) $100 - $200", "6) $750 - $1,000")
    assert found.codes.tolist() == [[0, 0, 0, 1], [1, 1, 1, 0]]
    assert (found.visited.tolist(), found.bought.tolist()) == ([0, 1], [0, 1])
    assert found.spent.tolist() == pytest.approx([0, 29.99])


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"no '.*hillstrom.csv.gz'"):
        hillstrom.read(tmp_path)
    with pytest.raises(BadInput, match=r"lacks .*spend"):
        hillstrom.read(written(tmp_path, HEAD.removesuffix(",spend"), ROWS[0].removesuffix(",0")))
    with pytest.raises(BadInput, match="lacks rows"):
        hillstrom.read(written(tmp_path, HEAD))
    with pytest.raises(BadInput, match=r"csv\.gz:3 has 11 fields, 12 are wanted"):
        hillstrom.read(written(tmp_path, HEAD, ROWS[0], ROWS[1].removesuffix(",29.99")))


@pytest.mark.skipif(not FOLDER.is_dir(), reason="shared/data/hillstrom is not on this machine")
def test_the_real_one_holds_what_is_known_of_it() -> None:
    found = hillstrom.read(FOLDER)
    assert len(found) == 64_000
    assert (int(found.visited.sum()), int(found.bought.sum())) == (9_394, 578)
    assert (found.bought <= found.visited).all()
    assert ((found.spent > 0) == (found.bought > 0)).all()
    np.testing.assert_array_equal(np.bincount(found.codes[:, 3].astype(int)), [21_307, 21_306, 21_387])
