"""A language model of a GGUF file opened to be trained: its weights as numbers, its words, its adapters."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, NotFound, UnreadableFile, extra
from hawker.language.adapt.adapter_file import PARTS, write

LENGTH = 224
"""Tokens of a text, or of what is told and answered together, at most."""
_NOT_ASKED = -100
_BATCH = 16
Turns = Sequence[Mapping[str, str]]
"""What a model is told, as 'role' and 'content' of each turn."""


class Author:
    """The model, its tokenizer, and the file that they came from."""

    def __init__(self, model: Any, tokenizer: Any, *, path: Path) -> None:
        self.model, self.tokenizer, self.path = model, tokenizer, path
        self.end = int(tokenizer.eos_token_id)

    @classmethod
    def open(cls, path: str | Path) -> Author:
        """Read a GGUF file, its weights made float32. Raises `NotFound`, or `UnreadableFile`."""
        file = Path(path)
        if not file.is_file():
            raise NotFound(f"There is no '{file}'.", remedy="Fetch one: hawker models get smollm2")
        library, torch = extra("transformers", "adapt"), extra("torch", "adapt")
        extra("gguf", "adapt")
        library.utils.logging.disable_progress_bar()
        library.utils.logging.set_verbosity_error()
        named: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
        try:
            with warnings.catch_warnings(), redirect_stderr(StringIO()):  # it draws a bar of its own
                warnings.simplefilter("ignore")  # of the libraries about each other
                tokenizer = library.AutoTokenizer.from_pretrained(str(file.parent), **named)
                model = library.AutoModelForCausalLM.from_pretrained(
                    str(file.parent), dtype=torch.float32, **named
                )
        except Exception as error:  # whatever the library makes of a damaged file
            raise UnreadableFile(
                f"'{file}' cannot be opened to be trained: {error}.",
                remedy="Fetch it again; models of the Llama family are understood.",
            ) from error
        return cls(model, tokenizer, path=file)

    @property
    def inner(self) -> Any:
        """The model without what holds its adapters."""
        return self.model.get_base_model() if hasattr(self.model, "peft_config") else self.model

    def told(self, turns: Turns) -> list[int]:
        """The codes of what the model is told, up to where it is to answer."""
        listed = self.tokenizer.apply_chat_template(
            [dict(turn) for turn in turns], add_generation_prompt=True, tokenize=True, return_dict=True
        )
        return list(listed["input_ids"])

    def answered(self, text: str) -> list[int]:
        """The codes of an answer, with the one that ends it."""
        return [*self.tokenizer(text, add_special_tokens=False)["input_ids"], self.end]

    def row(self, before: Sequence[int], after: Sequence[int]) -> dict[str, list[int]]:
        """What is read and what is to be guessed of it: all of `after`, which has to fit."""
        if len(after) >= LENGTH:
            raise BadInput(f"An answer of {len(after)} tokens is longer than the {LENGTH} that are learned.")
        kept = list(before)[-(LENGTH - len(after)) :]
        return {"input_ids": [*kept, *after], "labels": [_NOT_ASKED] * len(kept) + list(after)}

    def padded(self, rows: Sequence[Mapping[str, Sequence[int]]]) -> dict[str, Any]:
        """Rows as one batch of tensors, filled up on the right: (rows, tokens)."""
        torch = extra("torch", "adapt")
        widest = max(len(row["input_ids"]) for row in rows)
        shape = (len(rows), widest)
        codes, wanted = torch.full(shape, self.end), torch.full(shape, _NOT_ASKED)
        there = torch.zeros(shape, dtype=torch.long)
        for place, row in enumerate(rows):
            size = len(row["input_ids"])
            codes[place, :size] = torch.tensor(row["input_ids"])
            wanted[place, :size] = torch.tensor(row["labels"])
            there[place, :size] = 1
        device = next(self.model.parameters()).device
        return {
            "input_ids": codes.to(device),
            "attention_mask": there.to(device),
            "labels": wanted.to(device),
        }

    def likelihoods(self, batch: Mapping[str, Any]) -> tuple[Any, Any]:
        """Log-probability of each row's asked tokens, summed, and how many they are: (rows,), (rows,).

        The table of words is multiplied only where something is asked.
        """
        torch = extra("torch", "adapt")
        inner = self.inner
        states = inner.model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
        ).last_hidden_state[:, :-1]  # (rows, tokens - 1, size)
        wanted = batch["labels"][:, 1:]
        asked = wanted != _NOT_ASKED
        scores = inner.lm_head(states[asked]).float()  # (asked, words)
        each = -torch.nn.functional.cross_entropy(scores, wanted[asked], reduction="none")
        row = asked.nonzero()[:, 0]
        sums = torch.zeros(len(wanted), device=each.device).index_add(0, row, each)
        return sums, asked.sum(1)

    def measured(self, rows: Sequence[Mapping[str, Sequence[int]]]) -> NDArray[np.float64]:
        """The log-probability of each row and its tokens, as the model is now: (rows, 2)."""
        torch = extra("torch", "adapt")
        was = self.model.training
        self.model.eval()
        out = np.zeros((len(rows), 2))
        order = sorted(range(len(rows)), key=lambda place: len(rows[place]["input_ids"]))
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                part = order[start : start + _BATCH]
                sums, counts = self.likelihoods(self.padded([rows[place] for place in part]))
                out[part, 0], out[part, 1] = sums.cpu().numpy(), counts.cpu().numpy()
        self.model.train(was)
        return out

    @contextmanager
    def adapters(self, rank: int, *, seed: int = 0) -> Iterator[None]:
        """Low-rank adapters (LoRA) beside every projection, which alone are trained; gone at the end."""
        library, torch = extra("peft", "adapt"), extra("torch", "adapt")
        torch.manual_seed(seed)
        settings = library.LoraConfig(
            r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=list(PARTS), task_type="CAUSAL_LM"
        )
        plain = self.model
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of one library about the other
            self.model = library.get_peft_model(plain, settings)
        try:
            yield
        finally:
            self.model = self.model.unload()

    def save(self, path: Path) -> None:
        """Write the adapters as a GGUF file that llama.cpp lays over the model's own file."""
        settings = self.model.peft_config["default"]
        config = self.inner.config
        write(
            path,
            {name: held.detach().cpu().numpy() for name, held in self.model.named_parameters()},
            alpha=float(settings.lora_alpha),
            heads=int(config.num_attention_heads),
            key_heads=int(config.num_key_value_heads),
            architecture=str(config.model_type),
        )
