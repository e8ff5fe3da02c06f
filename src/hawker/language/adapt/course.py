"""The one loop that every task of adapting takes: the library's trainer, told what to do in our words.

transformers' `Trainer` brings schedules, accumulation, mixed precision, and checkpoints from which a killed
training is taken up. A task says what a row is, what the loss is, and how good the model is by now.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from hawker.errors import BadInput, BadSetting, extra, nearest

Told = Callable[[str, float], None]
Keeping = Callable[[], AbstractContextManager[None]]
"""What checkpoints are written within; it may refuse."""
_PRECISIONS = ["auto", "fp32", "bf16", "fp16"]
_SCHEDULES = ["cosine", "linear", "constant"]
_OF = "of.json"


@dataclass(frozen=True)
class Course:
    """How long and how fast: at most `epochs` passes, ended after `patience` of them without gain.

    The rate rises over the `warm` share of all steps and falls as the schedule says; `accumulate` batches are
    one step. `precision` "auto" is half where the hardware has it. `lora` is the rank of adapters that are
    trained instead of the whole (0: the whole). `still` first layers stay as they are.
    """

    epochs: int = 6
    batch: int = 64
    rate: float = 3e-4
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warm: float = 0.05
    accumulate: int = 1
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    patience: int = 2
    lora: int = 0
    still: int = 0

    def __post_init__(self) -> None:
        for given, known in ((self.schedule, _SCHEDULES), (self.precision, _PRECISIONS)):
            if given not in known:
                raise BadSetting(f"'{given}' is not known here.", remedy=nearest(given, known))
        for name in ("epochs", "batch", "accumulate", "patience"):
            if getattr(self, name) < 1:
                raise BadSetting(f"'{name}' is at least 1, not {getattr(self, name)}.")
        if not 0 <= self.warm < 1 or self.rate <= 0 or self.lora < 0 or self.still < 0:
            raise BadSetting("'warm' is a share below 1, 'rate' above 0, 'lora' and 'still' at least 0.")


class Task(Protocol):
    """What is learned: rows, what a batch of them is, the loss of a batch, and how good the model is."""

    @property
    def module(self) -> Any:
        """What is trained: called with a batch it answers {"loss": …}; it holds the encoder."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int) -> dict[str, Any]: ...

    def collate(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Rows as one batch of tensors."""

    def score(self) -> float:
        """How good the model is on rows set aside; more is better."""


@dataclass(frozen=True)
class Walked:
    """How it went: the score after each pass, and the pass (from 1) whose weights stay; 0 is the start."""

    scores: tuple[float, ...]
    best: int
    resumed: bool


def walk(
    task: Task,
    course: Course,
    folder: Path,
    *,
    of: dict[str, Any],
    seed: int = 7,
    progress: Told | None = None,
    curves: Path | None = None,
    keeping: Keeping = nullcontext,
) -> Walked:
    """Train a task's module; the weights of the best pass stay.

    `folder` holds the checkpoints; what is there of the same training (`of` says which) is taken up, what is
    there of another is removed. `curves` is a folder for TensorBoard. Where `keeping` refuses, the training
    ends with what it raises.
    """
    library = extra("transformers", "adapt")
    known = json.loads(json.dumps({**of, "course": asdict(course), "seed": seed}))
    last = _laid_down(folder, known)
    callbacks: list[Any] = [library.EarlyStoppingCallback(early_stopping_patience=course.patience)]
    callbacks += [_telling(progress)] if progress else []
    callbacks += [_drawing(curves)] if curves else []
    settings = _settings(library, course, folder, seed=seed)
    trainer = _trainer(library)(
        model=task.module,
        args=settings,
        data_collator=task.collate,
        train_dataset=_dataset(task),
        eval_dataset=_dataset(task),  # asked for; `Judged.evaluate` does not look at it
        callbacks=callbacks,
    )
    trainer.task, trainer.keeping = task, keeping
    trainer.remove_callback(library.PrinterCallback)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, of its own doing
        trainer.train(resume_from_checkpoint=last)
    scores = tuple(one["eval_score"] for one in trainer.state.log_history if "eval_score" in one)
    if not scores or not all(loss == loss for loss in scores):
        raise BadInput(
            "The training diverged: the model's score is no number.", remedy="Train with a smaller rate."
        )
    shutil.rmtree(folder, ignore_errors=True)
    return Walked(scores, max(range(len(scores)), key=scores.__getitem__) + 1, last is not None)


def half(precision: str) -> str:
    """The precision that is meant: of "auto" the half that this machine multiplies in itself, if any."""
    torch = extra("torch", "adapt")
    on_gpu = torch.cuda.is_available()
    products = torch.ops.mkldnn
    has = torch.cuda.is_bf16_supported() if on_gpu else products._is_mkldnn_bf16_supported()
    if precision == "auto":
        return "bf16" if has else "fp16" if on_gpu else "fp32"
    if (precision == "bf16" and not has) or (precision == "fp16" and not on_gpu):
        raise BadSetting(
            f"This {'GPU' if on_gpu else 'processor'} has no {precision} arithmetic.",
            remedy="Train with precision='fp32'.",
        )
    return precision


def _settings(library: Any, course: Course, folder: Path, *, seed: int) -> Any:
    precision = half(course.precision)
    torch = extra("torch", "adapt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return library.TrainingArguments(
            output_dir=str(folder),
            num_train_epochs=course.epochs,
            per_device_train_batch_size=course.batch,
            gradient_accumulation_steps=course.accumulate,
            learning_rate=course.rate,
            lr_scheduler_type=course.schedule,
            warmup_steps=course.warm,
            weight_decay=0.01,
            bf16=precision == "bf16",
            fp16=precision == "fp16",
            eval_strategy="epoch",
            save_strategy="epoch",
            save_total_limit=1,
            load_best_model_at_end=True,
            metric_for_best_model="eval_score",
            greater_is_better=True,
            logging_strategy="steps",
            logging_steps=5,
            train_sampling_strategy="group_by_length",
            remove_unused_columns=False,
            disable_tqdm=True,
            report_to=[],
            seed=seed,
            use_cpu=not torch.cuda.is_available(),
            dataloader_pin_memory=False,
        )


def _trainer(library: Any) -> type:
    """The library's trainer, with our score as its evaluation, and our leave before anything is kept."""

    class Judged(library.Trainer):  # type: ignore[misc]
        task: Task
        keeping: Keeping

        def _save_checkpoint(self, *given: Any, **named: Any) -> None:
            with self.keeping():
                super()._save_checkpoint(*given, **named)

        def evaluate(self, *_given: Any, **_named: Any) -> dict[str, float]:
            found = {"eval_score": self.task.score()}
            self.log(found)
            control = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
            self.control: Any = control
            return found

    return Judged


def _dataset(task: Task) -> Any:
    """The task as torch wants its rows."""

    class Listed(extra("torch.utils.data", "adapt").Dataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return len(task)

        def __getitem__(self, place: int) -> dict[str, Any]:
            return task[place]

    return Listed()


def _telling(progress: Told) -> Any:
    class Telling(extra("transformers", "adapt").TrainerCallback):  # type: ignore[misc]
        loss = ""

        def on_log(self, _args: Any, _state: Any, _control: Any, logs: Any = None, **_rest: Any) -> None:
            if logs and "loss" in logs:
                self.loss = f", loss {float(logs['loss']):.4f}"

        def on_step_end(self, _args: Any, state: Any, _control: Any, **_rest: Any) -> None:
            progress(f"train{self.loss}", state.global_step / max(state.max_steps, 1))

    return Telling()


def _drawing(folder: Path) -> Any:
    writing = extra("torch.utils.tensorboard", "adapt").SummaryWriter(str(folder))
    return extra("transformers.integrations", "adapt").TensorBoardCallback(writing)


def _laid_down(folder: Path, known: dict[str, Any]) -> str | None:
    """The last whole checkpoint of this training, if there is one; of another, nothing stays."""
    said = folder / _OF
    if said.is_file() and json.loads(said.read_text("utf-8")) == known:
        found = [one for one in folder.glob("checkpoint-*") if (one / "trainer_state.json").is_file()]
        return str(max(found, key=lambda one: int(one.name.rpartition("-")[2]))) if found else None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    said.write_text(json.dumps(known), "utf-8")
    return None
