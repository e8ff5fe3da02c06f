"""The curves of a training, for TensorBoard: losses and pace by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hawker.errors import extra


@contextmanager
def drawn(folder: str | Path | None) -> Iterator[Callable[[str, int, float], None] | None]:
    """What is to be told a curve's name, the step and the value; None where no folder is given.

    Look at them with `tensorboard --logdir folder`. Needs the package `tensorboard` alone, not torch.
    """
    if folder is None:
        yield None
        return
    writing = extra("tensorboard.summary.writer.event_file_writer", "deep")
    event = extra("tensorboard.compat.proto.event_pb2", "deep")
    summary = extra("tensorboard.compat.proto.summary_pb2", "deep")
    writer = writing.EventFileWriter(str(folder))

    def told(name: str, step: int, value: float) -> None:
        point = summary.Summary.Value(tag=name, simple_value=value)
        whole = summary.Summary(value=[point])
        writer.add_event(event.Event(wall_time=time.time(), step=step, summary=whole))

    try:
        yield told
    finally:
        writer.close()
