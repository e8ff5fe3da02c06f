"""EASE: every item as a weighed sum of the others, in closed form (Steck 2019), solved once.

B = I − P / diag(P), P = (XᵀX + λI)⁻¹, where X (shoppers, items) says who took what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hawker.errors import BadSetting, extra
from hawker.recommend.histories import Histories
from hawker.recommend.links import LENGTH, Links, strongest


@dataclass(frozen=True)
class Ease:
    """`penalty` is λ. Only the `top` items most taken take part: the cost is their number cubed, once.

    `most` links an item are kept; at scoring what was taken n baskets before the last weighs `fade`ⁿ.
    """

    penalty: float = 100.0
    top: int = 4000
    most: int = 200
    fade: float = 0.6
    length: int = LENGTH

    def fit(self, histories: Histories) -> Links:
        """Solve for the items that take part; the others have no links."""
        if not self.penalty > 0:
            raise BadSetting("EASE needs a penalty above 0.", remedy="100 to 1000 is usual.")
        linalg = extra("scipy.linalg", "train")
        items = np.argsort(-histories.counts, kind="stable")[: self.top]
        items = np.sort(items[histories.counts[items] > 0])
        gram = self._gram(histories, items)
        diagonal = np.arange(len(items))
        gram[diagonal, diagonal] += self.penalty
        factor, lower = linalg.cho_factor(gram, overwrite_a=True, check_finite=False)
        inverse = linalg.cho_solve((factor, lower), np.eye(len(items), dtype=np.float32), check_finite=False)
        weights = (-inverse / inverse[diagonal, diagonal]).astype(np.float32)
        sizes = np.zeros(len(histories.names), dtype=np.int64)
        to, value = [], []
        for start in range(0, len(items), 512):
            many, codes, found = strongest(weights[start : start + 512], most=self.most, first=start)
            sizes[items[start : start + 512]] = many
            to.append(items[codes])
            value.append(found)
        start_of = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        held = np.concatenate(to or [items]).astype(np.int32)
        values = np.concatenate(value or [np.empty(0, np.float32)])
        return Links(start_of, held, values, len(histories.names), self.fade, self.length)

    def _gram(self, histories: Histories, items: Any) -> Any:
        """How many shoppers took both: (top, top)."""
        sparse = extra("scipy.sparse", "train")
        place = np.full(len(histories.names), -1, dtype=np.int64)
        place[items] = np.arange(len(items))
        column = place[histories.items]
        row = np.repeat(np.arange(len(histories)), histories.sizes)
        shape = (len(histories), len(items))
        taken = sparse.csr_matrix((np.ones(len(row), np.float32), (row, np.maximum(column, 0))), shape=shape)
        if (column < 0).any():
            kept = column >= 0
            taken = sparse.csr_matrix(
                (np.ones(kept.sum(), np.float32), (row[kept], column[kept])), shape=shape
            )
        taken.sum_duplicates()
        taken.data[:] = 1.0
        return np.ascontiguousarray((taken.T @ taken).toarray())
