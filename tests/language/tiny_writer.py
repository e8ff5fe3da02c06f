"""A language model of a few thousand weights as a GGUF file, which transformers and llama.cpp both read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SIZE, LAYERS, HEADS, KEY_HEADS, WIDE = 64, 2, 4, 2, 96
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MERGES = ("h e", "l l", "Ġ a", "i n", "e r", "o n")
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def make(path: Path, *, gguf: Any, seed: int = 0) -> Path:
    """Write one with random weights and a byte-level vocabulary."""
    rng = np.random.default_rng(seed)
    words = [*_letters(), *("".join(one.split()) for one in MERGES), *SPECIAL]
    made = gguf.GGUFWriter(str(path), "llama")
    made.add_name("tiny")
    made.add_context_length(512)
    made.add_embedding_length(SIZE)
    made.add_block_count(LAYERS)
    made.add_feed_forward_length(WIDE)
    made.add_head_count(HEADS)
    made.add_head_count_kv(KEY_HEADS)
    made.add_layer_norm_rms_eps(1e-5)
    made.add_rope_freq_base(10_000.0)
    made.add_rope_dimension_count(SIZE // HEADS)
    made.add_vocab_size(len(words))
    made.add_tokenizer_model("gpt2")
    made.add_tokenizer_pre("smollm")
    made.add_token_list(words)
    made.add_token_types([1] * (len(words) - 3) + [3] * 3)
    made.add_token_merges(list(MERGES))
    made.add_bos_token_id(len(words) - 2)
    made.add_eos_token_id(len(words) - 1)
    made.add_pad_token_id(len(words) - 1)
    made.add_unk_token_id(len(words) - 3)
    made.add_add_bos_token(False)
    made.add_chat_template(TEMPLATE)
    for name, shape in _shapes(len(words)).items():
        weights = np.ones(shape) if "norm" in name else rng.normal(0, 0.2, shape)
        made.add_tensor(name, weights.astype(np.float32))
    made.write_header_to_file()
    made.write_kv_data_to_file()
    made.write_tensors_to_file()
    made.close()
    return path


def _shapes(words: int) -> dict[str, tuple[int, ...]]:
    keys = SIZE // HEADS * KEY_HEADS
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (words, SIZE), "output_norm.weight": (SIZE,)}
    for layer in range(LAYERS):
        for name, shape in {
            "attn_norm": (SIZE,),
            "ffn_norm": (SIZE,),
            "attn_q": (SIZE, SIZE),
            "attn_k": (keys, SIZE),
            "attn_v": (keys, SIZE),
            "attn_output": (SIZE, SIZE),
            "ffn_gate": (WIDE, SIZE),
            "ffn_up": (WIDE, SIZE),
            "ffn_down": (SIZE, WIDE),
        }.items():
            shapes[f"blk.{layer}.{name}.weight"] = shape
    return shapes


def _letters() -> list[str]:
    """The 256 bytes as GPT-2 writes them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(code) for code in plain] + [chr(256 + place) for place in range(256 - len(plain))]
