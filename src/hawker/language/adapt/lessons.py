"""A writer learns from a shop's copy: the shop's own text, what was approved, and what was preferred to what.

Three stages over one set of adapters: continued training on text, -log p(text); imitation of approved
answers, -log p(answer | told); preference, -log σ(β[log p(won)/p₀(won) - log p(lost)/p₀(lost)])
(Rafailov et al. 2023, arXiv 2305.18290) with p₀ the model as imitation left it, plus a share of the winner's
own loss, which keeps it from becoming unlikely together with the loser (Pang et al. 2024, arXiv 2404.19733).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hawker.errors import BadInput, extra
from hawker.language.adapt.author import Author, Turns
from hawker.language.adapt.course import Course, Keeping, Told, Walked, walk

BETA, ANCHOR = 0.1, 0.2
"""How far the preferred may move from where it began, and the share of the winner's own loss."""
RANK = 16
LEAST = 24
"""Answers to imitate, at least."""
_SET_ASIDE = 0.1
_FEWEST_ASIDE = 4
_PAIRS_LEAST = 12
_STATE = "adapters.safetensors"
COURSES = {
    "text": Course(epochs=1, batch=8, rate=3e-4, patience=1),
    "imitate": Course(epochs=2, batch=8, rate=5e-4, patience=1),
    "prefer": Course(epochs=1, batch=4, rate=1e-4, patience=1),
}
"""The stages in their order, and the course that each takes unless told otherwise."""


@dataclass(frozen=True)
class Example:
    """What a writer was told, an answer that was approved (or won), and perhaps one that was not."""

    told: Turns
    answer: str
    lost: str = ""


@dataclass(frozen=True)
class Lessons:
    """All that a writer learns from: texts of the shop, and answers."""

    texts: tuple[str, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Taught:
    """How each stage went (absent where there was nothing for it), and out of how many rows."""

    stages: dict[str, Walked]
    rows: dict[str, int]


class Loaded(NamedTuple):
    """What the trainer asks after it has loaded a state."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Reading:
    """Rows of which every asked token is to be guessed: the first two stages."""

    def __init__(self, author: Author, rows: Sequence[dict[str, list[int]]], *, valid: Sequence[Any]) -> None:
        self.author, self.rows, self.valid = author, rows, valid
        self.module = _module(author, self._loss)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> dict[str, Any]:
        return self.rows[place]

    def collate(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """A batch of tensors."""
        return {"batch": self.author.padded(rows)}

    def score(self) -> float:
        """Less what a token set aside costs."""
        sums = self.author.measured(self.valid).sum(axis=0)
        return float(sums[0] / sums[1])

    def _loss(self, batch: dict[str, Any]) -> Any:
        sums, counts = self.author.likelihoods(batch)
        return -(sums.sum() / counts.sum())


class Preferring:
    """Pairs of rows, the won and the lost. The score is less what pairs set aside cost."""

    def __init__(self, author: Author, pairs: Sequence[Any], *, valid: Sequence[Any]) -> None:
        self.author, self.pairs, self.valid = author, pairs, valid
        self.before, self.before_valid = (self._measured(listed) for listed in (pairs, valid))
        self.module = _module(author, self._loss)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> dict[str, Any]:
        won, lost = self.pairs[place]
        return {"input_ids": won["input_ids"], "won": won, "lost": lost, "before": self.before[place]}

    def collate(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The won above the lost, and what both were worth before."""
        torch = extra("torch", "adapt")
        batch = self.author.padded([row[side] for side in ("won", "lost") for row in rows])
        batch["before"] = torch.tensor(np.array([row["before"] for row in rows]), dtype=torch.float32)
        return {"batch": batch}

    def score(self) -> float:
        """Less the loss of pairs set aside."""
        gained = self._measured(self.valid) - self.before_valid
        return -float(np.mean(np.logaddexp(0.0, -BETA * (gained[:, 0] - gained[:, 1]))))

    def _measured(self, pairs: Sequence[Any]) -> Any:
        """The log-probabilities of won and lost: (pairs, 2)."""
        flat = self.author.measured([one for pair in pairs for one in pair])[:, 0]
        return flat.reshape(-1, 2)

    def _loss(self, batch: dict[str, Any]) -> Any:
        torch = extra("torch", "adapt")
        sums, counts = self.author.likelihoods(batch)
        half = len(sums) // 2
        before = batch["before"].to(sums.device)
        margin = (sums[:half] - before[:, 0]) - (sums[half:] - before[:, 1])
        own = -(sums[:half] / counts[:half]).mean()
        return -torch.nn.functional.logsigmoid(BETA * margin).mean() + ANCHOR * own


def learn(
    author: Author,
    lessons: Lessons,
    save: Path,
    *,
    folder: Path,
    courses: dict[str, Course] | None = None,
    rank: int = RANK,
    seed: int = 7,
    of: dict[str, Any] | None = None,
    progress: Told | None = None,
    curves: Path | None = None,
    keeping: Keeping = nullcontext,
) -> Taught:
    """Take the stages one after another and write the adapters to `save`; the model stays as it was.

    `folder` keeps what a killed run had reached: whole stages, and the last pass of the one it was in.
    Raises `BadInput` where there is too little to learn from.
    """
    if len(lessons.examples) < LEAST:
        raise BadInput(
            f"{len(lessons.examples)} approved answers are too few to learn from; {LEAST} are the least.",
            remedy="Write and approve more: hawker write --approve",
        )
    tell = progress or (lambda _words, _share: None)
    stages: dict[str, Walked] = {}
    rows: dict[str, int] = {}
    with author.adapters(rank, seed=seed):
        for number, (name, made) in enumerate(_STAGES.items()):
            task = made(author, lessons, seed=seed)
            if task is None:
                continue
            rows[name] = len(task)
            stages[name] = _stage(
                task,
                name,
                folder=folder,
                course=(courses or COURSES)[name],
                of={"stage": name, "base": author.path.name, "rank": rank, "rows": len(task), **(of or {})},
                seed=seed,
                progress=lambda words, share, n=number, s=name: tell(f"{s}: {words}", (n + share) / 3),
                curves=curves / name if curves else None,
                keeping=keeping,
            )
        with keeping():
            author.save(save)
    shutil.rmtree(folder, ignore_errors=True)
    return Taught(stages, rows)


def _stage(task: Any, name: str, *, folder: Path, course: Course, **named: Any) -> Walked:
    """One stage; one that a killed run had finished is opened as it was left."""
    done = folder / f"{name}.done"
    if (found := _finished(done, task, named["of"])) is not None:
        return found
    walked = walk(task, course, folder / name, **named)
    with named["keeping"]():
        _finish(done, task, walked, of=named["of"])
    return walked


def _finished(done: Path, task: Any, of: dict[str, Any]) -> Walked | None:
    said = done / "of.json"
    if not said.is_file():
        return None
    held = json.loads(said.read_text("utf-8"))
    if held["of"] != json.loads(json.dumps(of)):
        shutil.rmtree(done)
        return None
    tensors = extra("safetensors.torch", "adapt").load_file(str(done / _STATE))
    task.module.load_state_dict(tensors)
    return Walked(tuple(held["scores"]), held["best"], resumed=True)


def _finish(done: Path, task: Any, walked: Walked, *, of: dict[str, Any]) -> None:
    done.mkdir(parents=True, exist_ok=True)
    extra("safetensors.torch", "adapt").save_file(task.module.state_dict(), str(done / _STATE))
    said = {"of": of, "scores": walked.scores, "best": walked.best}
    (done / "of.json").write_text(json.dumps(said), "utf-8")


def _module(author: Author, loss: Callable[[dict[str, Any]], Any]) -> Any:
    """What the trainer trains: only the adapters are its state."""

    class Adapted(extra("torch.nn", "adapt").Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.held = author.model

        def forward(self, batch: dict[str, Any]) -> dict[str, Any]:
            return {"loss": loss(batch)}

        def state_dict(self, *_given: Any, **_named: Any) -> dict[str, Any]:
            named = self.named_parameters()
            return {name: one.detach().clone() for name, one in named if one.requires_grad}

        def load_state_dict(self, state: Any, *_given: Any, **_named: Any) -> Any:
            held = dict(self.named_parameters())
            for name, tensor in state.items():
                held[name].data.copy_(tensor)
            return Loaded([], [])

    return Adapted()


def _texts(author: Author, lessons: Lessons, *, seed: int) -> Reading | None:
    rows = [author.row([author.end], author.answered(text)[-160:]) for text in lessons.texts if text]
    return _reading(author, rows, seed=seed)


def _imitation(author: Author, lessons: Lessons, *, seed: int) -> Reading | None:
    rows = [author.row(author.told(one.told), author.answered(one.answer)) for one in lessons.examples]
    return _reading(author, rows, seed=seed)


def _preference(author: Author, lessons: Lessons, *, seed: int) -> Preferring | None:
    pairs = []
    for one in lessons.examples:
        if one.lost and one.lost != one.answer:
            told = author.told(one.told)
            pairs.append([author.row(told, author.answered(said)) for said in (one.answer, one.lost)])
    if len(pairs) < _PAIRS_LEAST:
        return None
    learned, aside = _split(pairs, seed=seed)
    return Preferring(author, learned, valid=aside)


def _reading(author: Author, rows: Sequence[Any], *, seed: int) -> Reading | None:
    if len(rows) < LEAST:
        return None
    learned, aside = _split(rows, seed=seed)
    return Reading(author, learned, valid=aside)


def _split(rows: Sequence[Any], *, seed: int) -> tuple[list[Any], list[Any]]:
    order = np.random.default_rng(seed).permutation(len(rows))
    aside = max(_FEWEST_ASIDE, round(_SET_ASIDE * len(rows)))
    return [rows[place] for place in order[aside:]], [rows[place] for place in order[:aside]]


_STAGES: dict[str, Callable[..., Any]] = {"text": _texts, "imitate": _imitation, "prefer": _preference}
