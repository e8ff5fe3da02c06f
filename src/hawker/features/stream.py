"""Training rows larger than memory: a folder of Parquet parts, read as a shuffled stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hawker.errors import BadInput, BadSetting, NotFound
from hawker.features import table
from hawker.features.examples import Examples


class Stream:
    """The parts (`*.parquet`) of a folder, all with the same columns.

    A pass reads the parts in an order drawn from seed and epoch, into a buffer of `buffer` rows; half of
    it, drawn at random, comes out whenever it is full. So memory is bounded by buffer and part (about
    three times the rows of one buffer and one part), whatever the length of the log.

    Raises `NotFound` where there are no parts, `BadInput` where their columns differ.
    """

    def __init__(self, folder: str | Path, *, buffer: int = 200_000) -> None:
        from hawker.storage import tables

        if buffer < 2:
            raise BadSetting(f"Stream: 'buffer' must be at least 2, not {buffer}.")
        self.folder = Path(folder)
        self.buffer = buffer
        self.files = tuple(sorted(self.folder.glob("*.parquet")))
        if not self.files:
            raise NotFound(
                f"There are no training rows in '{folder}'.", remedy="Write them with learning.parts.write."
            )
        self._through = tables.connect(threads=1)
        self._through.execute("SET enable_external_file_cache = false")  # else it keeps what it has read
        self.about, *others = table.about(self.files, through=self._through)
        for file, other in zip(self.files[1:], others, strict=True):
            if other != self.about:
                raise BadInput(
                    f"'{file}' has other columns than '{self.files[0].name}'.",
                    remedy="Write all parts with the same features.",
                )
        self.names: tuple[str, ...] = tuple(self.about["names"])
        listed = ", ".join(tables.quoted(file) for file in self.files)
        query = f"SELECT count(*), sum(y), min(time), max(time) FROM read_parquet([{listed}])"
        found = self._through.execute(query).fetchone() or (0, 0, 0, 0)
        self.rows, self.positives, self.first, self.last = (int(value or 0) for value in found)

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[Examples]:
        """The parts as they were written, in order."""
        return (table.read(file, through=self._through) for file in self.files)

    def parts(self, *, seed: int, epoch: int) -> Iterator[Examples]:
        """One shuffled pass: every row once, buffer by buffer; the same seed and epoch read the same."""
        rng = np.random.default_rng((seed, epoch))
        held: list[Examples] = []
        for place in rng.permutation(len(self.files)).tolist():
            held.append(table.read(self.files[place], through=self._through))
            while sum(map(len, held)) >= self.buffer:
                full = table.stacked(held)
                order = rng.permutation(len(full))
                half = self.buffer // 2
                held = [full.take(order[half:])]
                out = full.take(order[:half])
                del full
                yield out
        if held and sum(map(len, held)):
            rest = table.stacked(held)
            yield rest.take(rng.permutation(len(rest)))

    def sample(self, *, seed: int = 0, most: int | None = None) -> Examples:
        """About `most` rows (default: as many as the buffer) drawn evenly from all parts, in order."""
        share = min((most or self.buffer) / max(self.rows, 1), 1.0)
        drawn = []
        for place, part in enumerate(self):
            if share == 1:
                drawn.append(part)
            else:
                drawn.append(part.take(np.random.default_rng((seed, place)).random(len(part)) < share))
        return table.stacked(drawn)
