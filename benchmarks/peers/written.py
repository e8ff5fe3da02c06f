"""transformers as a peer: `generate` by a GGUF model read back into torch, several samples of each prompt.

Settings: `prompts` (each a list of {role, content}), `samples`, `tokens`, `temperature`, `seed`. A prompt is
read once for all its samples. Prints each prompt's samples, tokens written, and CPU seconds without loading.
"""

import json
import os
import sys
import time

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer


def written(model, tokens, prompt, asked):
    """The samples of one prompt, and how many tokens they took."""
    told = tokens.apply_chat_template(
        prompt, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    ids = told["input_ids"]
    with torch.inference_mode():
        held = model(ids[:, :-1], use_cache=True).past_key_values
        held.batch_repeat_interleave(asked["samples"])
        given = ids.repeat(asked["samples"], 1)
        out = model.generate(
            given,
            attention_mask=torch.ones_like(given),
            past_key_values=held,
            max_new_tokens=asked["tokens"],
            do_sample=True,
            temperature=asked["temperature"],
            top_k=40,
            top_p=0.95,
            pad_token_id=tokens.eos_token_id,
        )
    new = out[:, ids.shape[1] :]
    return [tokens.decode(row, skip_special_tokens=True) for row in new], int(
        (new != tokens.eos_token_id).sum()
    )


def main():
    asked = json.load(sys.stdin)
    torch.set_num_threads(1)
    torch.manual_seed(asked["seed"])
    transformers.logging.set_verbosity_error()
    folder, name = os.path.split(sys.argv[1])
    tokens = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()
    begun, texts, count = time.process_time(), [], 0
    for place, prompt in enumerate(asked["prompts"]):
        said, length = written(model, tokens, prompt, asked)
        texts.append(said)
        count += length
        if place % 10 == 0:
            print(place, said[0][:60], file=sys.stderr, flush=True)
    seconds = time.process_time() - begun
    told = {"texts": texts, "tokens": count, "writing_seconds": round(seconds, 2)}
    print(json.dumps({**told, "version": transformers.__version__}))


main()
