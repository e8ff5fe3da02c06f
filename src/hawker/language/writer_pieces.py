"""The pieces of a model's answer in the form OpenAI made common, put together as they come."""

from __future__ import annotations

import math
import time
from typing import Any

import msgspec
from msgspec import Struct

from hawker.language.writer import Heard, Written

_ENDS = {"stop": "", "length": "cut", "content_filter": "stopped"}


class _Words(Struct):
    content: str | None = None


class _Choice(Struct):
    delta: _Words | None = None
    message: _Words | None = None
    finish_reason: str | None = None


class _Usage(Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Document(Struct):
    choices: list[_Choice] = msgspec.field(default_factory=list)
    usage: _Usage | None = None
    model: str | None = None
    error: Any = None


class Pieces:
    """Takes an answer piece by piece, or whole; a call says whether enough was heard.

    `reason` is '' while nothing is wrong, `model` what the model calls itself.
    """

    def __init__(self, heard: Heard | None = None, *, until: float = math.inf) -> None:
        self.heard, self.until = heard, until
        self.texts: list[str] = []
        self.reason, self.model, self._ended = "", "", ""
        self._usage = _Usage()

    def __call__(self, document: Any) -> bool:
        """Take one document of the protocol."""
        try:
            found = msgspec.convert(document, _Document)
        except msgspec.ValidationError:
            self.reason = "garbage"
            return True
        if found.error:
            self.reason = "too_long" if overflows(str(found.error)) else "garbage"
            return True
        for choice in found.choices[:1]:
            self._take(choice)
        self._usage = found.usage or self._usage
        self.model = found.model or self.model
        if not self.reason and time.monotonic() > self.until:
            self.reason = "slow"
        return bool(self.reason)

    def _take(self, choice: _Choice) -> None:
        words = choice.delta or choice.message
        self._ended = choice.finish_reason or self._ended
        if words is None or not words.content:
            return
        self.texts.append(words.content)
        if self.heard is not None and self.heard(words.content) is False:
            self.reason = "stopped"

    @property
    def whole(self) -> bool:
        """Whether the model said that this was all."""
        return bool(self._ended)

    def written(self, *, seconds: float) -> Written:
        """All of it, and how it ended."""
        text = "".join(self.texts)
        reason = self.reason or _ENDS.get(self._ended, "cut")
        if not text.strip() and reason in ("", "cut"):
            reason = "empty"
        told, said = self._usage.prompt_tokens, self._usage.completion_tokens or len(self.texts)
        return Written(reason, told, said, seconds=seconds, text=text)


def overflows(said: str) -> bool:
    """Whether a refusal says that more was asked than the model can hold.

    >>> overflows("exceed_context_size_error"), overflows("no such model")
    (True, False)
    """
    return "context" in said and any(word in said for word in ("exceed", "length", "maximum", "too long"))


def sound(text: str) -> str:
    """A text without halves of characters, which no protocol can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
