"""A training laid down on disk at every turn, so that a killed one is taken up where it stood.

folder/checkpoint.npz    replaced in one step: weights, the optimiser's moments, the best weights so far,
                         and where the course stands; no pickle
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from hawker.errors import BadInput, Corrupt
from hawker.features.examples import Examples
from hawker.features.stream import Stream
from hawker.ranking.course import Arrays, Learner, Standing
from hawker.ranking.ranker import arrays
from hawker.storage import files

FILE = "checkpoint.npz"


class Checkpoint:
    """The checkpoint of one training; `of` says what is trained on what, and is held to.

    It is written after every pass and every so many steps, by the first of the processes that share the
    training; `remove` it when the model is made.
    """

    def __init__(self, folder: Path, *, of: dict[str, Any], every: int = 1000) -> None:
        self.path = folder / FILE
        self.of = json.loads(json.dumps(of))
        self.every = every

    def write(self, learner: Learner, at: Standing) -> None:
        """Replace what was laid down before."""
        if learner.share[0]:
            return
        stands = {name: value for name, value in vars(at).items() if name != "kept"}
        head = json.dumps({"of": self.of, "at": stands}).encode()
        groups = {"weights": learner.weights(), "memory": learner.memory(), "kept": at.kept}
        flat = {f"{group}/{name}": array for group, held in groups.items() for name, array in held.items()}
        with files.whole(self.path) as draft, draft.open("wb") as stream:
            np.savez(stream, head=np.frombuffer(head, np.uint8), **flat)  # type: ignore[arg-type]

    def take_up(self, learner: Learner) -> Standing | None:
        """Bring the learner to where it was laid down; None where nothing was.

        Raises `BadInput` where that was another training, `Corrupt` where it cannot be read.
        """
        if not learner.share[0]:
            files.sweep(self.path.parent)
        if not self.path.is_file():
            return None
        held, head = self._read()
        differs = [name for name, value in self.of.items() if head["of"].get(name) != value]
        if differs:
            raise BadInput(
                f"The checkpoint in '{self.path.parent}' is of another training ({', '.join(differs)}).",
                remedy="Name another folder, or remove it to begin again.",
            )
        learner.resume(held["weights"], held["memory"])
        return Standing(**head["at"], kept=held["kept"])

    def remove(self, learner: Learner) -> None:
        """The training is over."""
        if not learner.share[0]:
            self.path.unlink(missing_ok=True)

    def _read(self) -> tuple[dict[str, Arrays], dict[str, Any]]:
        held: dict[str, Arrays] = {"weights": {}, "memory": {}, "kept": {}}
        try:
            flat = arrays(self.path)
            head: dict[str, Any] = json.loads(flat.pop("head").tobytes())
        except Exception as error:  # zip, npy and JSON each have their own way to say that a file is broken
            raise Corrupt(
                f"The checkpoint '{self.path}' cannot be read: {error!r}.",
                remedy="Remove it to begin again.",
            ) from error
        for name, array in flat.items():
            group, _, own = name.partition("/")
            held[group][own] = array
        return held, head


def described(estimator: Any, rows: Examples | Stream, *, seed: int) -> dict[str, Any]:
    """What a training is known by: the estimator, the seed, and the rows."""
    return {
        "estimator": type(estimator).__name__,
        "parameters": asdict(estimator),
        "features": list(rows.names),
        "seed": seed,
        "rows": len(rows),
        "content": _digest(rows) if isinstance(rows, Examples) else [rows.buffer, *map(_size, rows.files)],
    }


def _digest(examples: Examples) -> int:
    digest = 0
    for array in (examples.x, examples.y, examples.weight):
        digest = zlib.crc32(np.ascontiguousarray(array).data, digest)
    return digest


def _size(file: Path) -> str:
    return f"{file.name}: {file.stat().st_size}"
