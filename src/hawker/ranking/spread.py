"""One training over several processes, as `torchrun` starts them: each takes a part of every batch.

Every process holds the whole network and ends with the same weights. After a batch the gradients of the
layers are averaged over all rows, and of the embeddings everyone hears what the others' rows touched, so
that a step is that of the whole batch. (Batch normalisation sees each part by itself.)
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadSetting, extra


class Spread:
    """This process among those that train together; alone, everything stays as it is."""

    def __init__(self, share: tuple[int, int] = (0, 1)) -> None:
        self.share = share

    @property
    def alone(self) -> bool:
        """Whether nobody else takes part."""
        return self.share[1] == 1

    def rows(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's part of a batch."""
        number, of = self.share
        return batch[number::of]

    def averaged(self, tensors: Sequence[Any], part: float) -> None:
        """Replace tensors by their mean over the processes, each counting by its `part` of the rows."""
        torch = extra("torch", "deep")
        if self.alone or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors]) * part
        torch.distributed.all_reduce(flat)
        start = 0
        for tensor in tensors:
            tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()

    def gathered(self, own: NDArray[Any], batch: int, *, part: float | None = None) -> NDArray[Any]:
        """What all processes hold of one batch, a row each, in their order; `part` scales one's own."""
        if self.alone:
            return own
        own = own if part is None else own * own.dtype.type(part)
        torch = extra("torch", "deep")
        most = -(-batch // self.share[1])
        padded = np.zeros((most, *own.shape[1:]), own.dtype)
        padded[: len(own)] = own
        all_ = [torch.empty(padded.shape, dtype=torch.from_numpy(padded).dtype) for _ in range(self.share[1])]
        torch.distributed.all_gather(all_, torch.from_numpy(padded))
        sizes = [len(range(number, batch, self.share[1])) for number in range(self.share[1])]
        return np.concatenate([rows[:size].numpy() for rows, size in zip(all_, sizes, strict=True)])


def joined() -> Spread:
    """The processes that `torchrun` started (by their environment), or this one alone.

    Once joined they stay so: those who part and meet again may read each other's old addresses.
    """
    of = int(os.environ.get("WORLD_SIZE", "1"))
    if of == 1:
        return Spread()
    torch = extra("torch", "deep")
    if not torch.distributed.is_available():
        raise BadSetting("This torch cannot train over several processes.", remedy="Start a single one.")
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo")
        atexit.register(torch.distributed.destroy_process_group)
    return Spread((torch.distributed.get_rank(), of))


def first() -> bool:
    """Whether this process is the one that writes and tells."""
    return os.environ.get("RANK", "0") == "0"
