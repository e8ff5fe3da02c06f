"""What a network trains on: the device, the precision that it has, and nothing that is not there."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from hawker.errors import BadSetting, extra

PRECISIONS = ("fp32", "bf16", "fp16")


def device(name: str) -> Any:
    """A torch device. Raises `BadSetting` where there is none of that name here."""
    torch = extra("torch", "deep")
    try:
        found = torch.device(name)
    except RuntimeError as error:
        raise BadSetting(f"There is no device '{name}'.", remedy="Use 'cpu' or 'cuda'.") from error
    if found.type == "cuda" and not torch.cuda.is_available():
        raise BadSetting(
            "There is no GPU here that torch can use.",
            remedy="Train with device='cpu', or install a torch built for CUDA beside its driver.",
        )
    if found.type not in ("cpu", "cuda"):
        raise BadSetting(f"Networks do not train on '{name}'.", remedy="Use 'cpu' or 'cuda'.")
    return found


def mixed(precision: str, on: Any) -> AbstractContextManager[Any]:
    """What a batch is computed in: matrix products in half precision, weights and sums in full.

    Raises `BadSetting` where the device would only imitate it, slower than full precision.
    """
    if precision == "fp32":
        return nullcontext()
    torch = extra("torch", "deep")
    if not has(precision, on):
        raise BadSetting(
            f"This {'GPU' if on.type == 'cuda' else 'processor'} has no {precision} arithmetic.",
            remedy="Train with precision='fp32'.",
        )
    kind = torch.bfloat16 if precision == "bf16" else torch.float16
    context: AbstractContextManager[Any] = torch.autocast(on.type, kind)
    return context


def has(precision: str, on: Any) -> bool:
    """Whether a device multiplies in this precision itself."""
    torch = extra("torch", "deep")
    if on.type == "cuda":
        return precision == "fp16" or bool(torch.cuda.is_bf16_supported())
    products = torch.ops.mkldnn
    known = products._is_mkldnn_bf16_supported if precision == "bf16" else products._is_mkldnn_fp16_supported
    return bool(known())
