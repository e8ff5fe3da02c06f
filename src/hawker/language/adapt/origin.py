"""Where adapting begins: MiniLM from its package, a folder, or a small new model with words of its own."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, BadSetting, UnreadableFile, extra, nearest
from hawker.language.sentences import Sentences

NEW = "new"
LENGTH = 48
"""Tokens of a text that are read while adapting; what a product is stands in fewer."""
_WORDS, _SIZE, _LAYERS, _HEADS = 8_000, 192, 3, 6
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_LEAST = 50
_BATCH = 128


class Origin:
    """A sentence-transformers model opened to be trained: its whole, its transformer, its tokenizer."""

    def __init__(self, model: Any, *, name: str) -> None:
        self.model = model
        self.name = name

    @property
    def transformer(self) -> Any:
        """The part that reads tokens; setting it puts another (one with adapters) in its place."""
        return self.model[0].model

    @transformer.setter
    def transformer(self, other: Any) -> None:
        self.model[0].model = other

    @property
    def tokenizer(self) -> Any:
        """What cuts texts into tokens."""
        return self.model.tokenizer

    @property
    def size(self) -> int:
        """Numbers in a vector."""
        return int(self.model.get_embedding_dimension())

    def tokens(self, texts: Sequence[str], other: Sequence[str] | None = None) -> list[list[int]]:
        """The codes of texts (or of pairs of texts), with those that begin and end them."""
        pairs = None if other is None else list(other)
        listed: list[list[int]] = self.tokenizer(list(texts), pairs, truncation=True, max_length=LENGTH)[
            "input_ids"
        ]
        return listed

    def padded(self, listed: Sequence[Sequence[int]]) -> dict[str, Any]:
        """A batch of token codes and which of them are there."""
        torch = extra("torch", "adapt")
        widest = max(map(len, listed))
        codes = torch.full((len(listed), widest), int(self.tokenizer.pad_token_id), dtype=torch.long)
        there = torch.zeros((len(listed), widest), dtype=torch.long)
        for row, one in enumerate(listed):
            codes[row, : len(one)] = torch.tensor(one, dtype=torch.long)
            there[row, : len(one)] = 1
        return {"input_ids": codes, "attention_mask": there}

    def beside(self, batch: dict[str, Any]) -> dict[str, Any]:
        """A batch where the model is: a training leaves it on the GPU, if there is one."""
        device = next(self.model.parameters()).device
        return {name: held.to(device) for name, held in batch.items()}

    def vectors(self, listed: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """The vectors of texts given as token codes, alike lengths together: (texts, size)."""
        torch = extra("torch", "adapt")
        order = sorted(range(len(listed)), key=lambda place: len(listed[place]))
        out = np.zeros((len(listed), self.size), dtype=np.float32)
        was = self.model.training
        self.model.eval()
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                part = order[start : start + _BATCH]
                held = self.model(self.beside(self.padded([listed[place] for place in part])))
                out[part] = held["sentence_embedding"].float().cpu().numpy()
        self.model.train(was)
        return out

    def steady(self) -> None:
        """Leave nothing out by chance (dropout), where what is taught is to be answered exactly."""
        kind = extra("torch.nn", "adapt").Dropout
        for module in self.model.modules():
            if isinstance(module, kind):
                module.p = 0.0

    def hold(self, layers: int = 0) -> None:
        """Keep the token embeddings, and so many of the first layers, as they are."""
        self.transformer.get_input_embeddings().requires_grad_(False)
        for layer in list(_stack(self.transformer))[:layers]:
            layer.requires_grad_(False)

    @contextmanager
    def adapters(self, rank: int, *, seed: int = 0) -> Iterator[None]:
        """Train low-rank adapters in place of the whole (LoRA), and fold them into the weights at the end."""
        if not rank:
            yield
            return
        library, torch = extra("peft", "adapt"), extra("torch", "adapt")
        torch.manual_seed(seed)
        settings = library.LoraConfig(
            r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules="all-linear"
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of one library about the other
            self.transformer = library.get_peft_model(self.transformer, settings)
        try:
            yield
        finally:
            self.transformer = self.transformer.merge_and_unload()

    def save(self, folder: Path) -> None:
        """Write it as any program of sentence-transformers opens it."""
        self.model.save_pretrained(str(folder), create_model_card=False)


def origin(base: str, *, texts: Iterable[str] = (), seed: int = 0) -> Origin:
    """Open "minilm", a folder, or make a "new" small model of which `texts` give the words.

    Raises `UnreadableFile` where a folder is incomplete, `BadInput` where the texts are too few for words.
    """
    _quiet()
    if base == NEW:
        return _new(list(texts), seed=seed)
    if base == "e5":
        raise BadSetting(
            "E5 comes with its package in four bits, which cannot be trained.",
            remedy="Begin from 'minilm', from 'new', or from a folder with multilingual-e5-small.",
        )
    if base != "minilm" and "/" not in base and not Path(base).is_dir():
        raise BadSetting(
            f"There is no model '{base[:80]}' to begin from.", remedy=nearest(base, ["minilm", NEW])
        )
    found = Sentences.packaged() if base == "minilm" else Sentences.named(base)
    library = extra("sentence_transformers", "adapt")
    try:
        model = library.SentenceTransformer(str(found.folder), device="cpu", local_files_only=True)
    except Exception as error:  # whatever the library makes of a damaged file
        raise UnreadableFile(
            f"'{found.folder}' cannot be opened as a sentence-transformers model: {error}.",
            remedy="Save or download the model again.",
        ) from error
    return Origin(model, name=found.name)


def tokenizer(texts: Sequence[str], folder: Path, *, words: int = _WORDS) -> None:
    """Learn pieces of words (WordPiece) from texts, English or Chinese, and write them as BERT keeps them."""
    library = extra("tokenizers", "adapt")
    pieces = library.BertWordPieceTokenizer(handle_chinese_chars=True, lowercase=True)
    pieces.train_from_iterator(
        texts, vocab_size=words, min_frequency=2, special_tokens=_SPECIAL, show_progress=False
    )
    pieces.save_model(str(folder))
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 256}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")


def _new(texts: list[str], *, seed: int) -> Origin:
    if len(set(texts)) < _LEAST:
        raise BadInput(
            f"{len(set(texts))} distinct texts are too few to learn words from; {_LEAST} are the least.",
            remedy="Begin from a model that knows words: --from minilm.",
        )
    torch, library = extra("torch", "adapt"), extra("transformers", "adapt")
    modules = extra("sentence_transformers.sentence_transformer.modules", "adapt")
    torch.manual_seed(seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        tokenizer(texts, folder)
        words = library.AutoTokenizer.from_pretrained(place, local_files_only=True)
        settings = library.BertConfig(
            vocab_size=len(words),
            hidden_size=_SIZE,
            num_hidden_layers=_LAYERS,
            num_attention_heads=_HEADS,
            intermediate_size=4 * _SIZE,
            max_position_embeddings=256,
        )
        library.BertModel(settings).save_pretrained(place)
        words.save_pretrained(place)
        read = modules.Transformer(place, max_seq_length=256)
        kind = extra("sentence_transformers", "adapt").SentenceTransformer
        model = kind(modules=[read, modules.Pooling(_SIZE), modules.Normalize()], device="cpu")
    return Origin(model, name=NEW)


def _stack(transformer: Any) -> Any:
    """The layers of a transformer, first to last; none where they are kept in no way known here."""
    inner = getattr(transformer, "encoder", transformer)
    return getattr(inner, "layer", getattr(inner, "layers", ()))


def _quiet() -> None:
    logs = extra("transformers", "adapt").utils.logging
    logs.disable_progress_bar()
    logs.set_verbosity_error()
