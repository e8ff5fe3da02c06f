"""LoRA adapters written as a GGUF file, which llama.cpp lays over the model it was trained on.

W x + (alpha / rank) B A x for every projection. llama.cpp keeps the rows of a Llama's query and key in
another order than transformers does (rotary halves interleaved), so the rows of their B are put so too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, extra
from hawker.storage import files

PARTS: Mapping[str, str] = {
    "q_proj": "attn_q",
    "k_proj": "attn_k",
    "v_proj": "attn_v",
    "o_proj": "attn_output",
    "gate_proj": "ffn_gate",
    "up_proj": "ffn_up",
    "down_proj": "ffn_down",
}
"""The projections of a Llama's layer, and what they are called in a GGUF file."""
_NAMED = re.compile(r"layers\.(\d+)\.\w+\.(\w+)\.lora_([AB])\.")
Floats = NDArray[np.float32]


def write(
    path: Path,
    tensors: Mapping[str, Any],
    *,
    alpha: float,
    heads: int,
    key_heads: int,
    architecture: str = "llama",
) -> None:
    """Write the adapters among `tensors` (named as peft does); what is no adapter is left out.

    Raises `BadInput` where there is none, or where the model is of a family whose order is not known here.
    """
    library = extra("gguf", "adapt")
    if architecture != "llama":
        raise BadInput(f"Adapters of a '{architecture[:40]}' are not written; those of a Llama are.")
    found = dict(_adapters(tensors, heads=heads, key_heads=key_heads))
    if not found:
        raise BadInput("The model has no adapters to write.")
    with files.whole(path) as draft:
        made = library.GGUFWriter(str(draft), architecture)
        made.add_type(library.GGUFType.ADAPTER)
        made.add_string(library.Keys.Adapter.TYPE, "lora")
        made.add_float32(library.Keys.Adapter.LORA_ALPHA, alpha)
        for name, held in found.items():
            made.add_tensor(name, np.ascontiguousarray(held))
        made.write_header_to_file()
        made.write_kv_data_to_file()
        made.write_tensors_to_file()
        made.close()


def _adapters(tensors: Mapping[str, Any], *, heads: int, key_heads: int) -> Any:
    for name, held in tensors.items():
        said = _NAMED.search(name)
        if said is None or said[2] not in PARTS:
            continue
        part, side, rows = PARTS[said[2]], said[3].lower(), np.asarray(held, np.float32)
        if side == "b" and part in ("attn_q", "attn_k"):
            rows = interleaved(rows, heads if part == "attn_q" else key_heads)
        yield f"blk.{said[1]}.{part}.weight.lora_{side}", rows


def interleaved(rows: Floats, heads: int) -> Floats:
    """Each head's rows with the two rotary halves interleaved: (heads · 2 · half, …) to the same shape.

    >>> interleaved(np.arange(8, dtype=np.float32)[:, None], 1)[:, 0].tolist()
    [0.0, 4.0, 1.0, 5.0, 2.0, 6.0, 3.0, 7.0]
    """
    split = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return split.swapaxes(1, 2).reshape(rows.shape)
