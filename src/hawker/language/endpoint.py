"""An encoder behind HTTP, in the form OpenAI made common: POST {url}/embeddings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.errors import BadReply, BadSetting, Unreachable
from hawker.language.care import Vectors, careful
from hawker.language.wired import Refused, Silent, Wire

KEY = "HAWKER_ENCODER_KEY"
_BATCH = 64


class _Item(Struct):
    index: int
    embedding: list[float]


class _Reply(Struct):
    data: list[_Item]


class Endpoint:
    """A model at a URL. The key of the environment variable HAWKER_ENCODER_KEY is sent, if there is one.

    What does not answer within `timeout` seconds, or answers that it is busy, is asked again `tries` times
    in all, after `pause`, twice that, and so on. Raises `Unreachable`, or `BadReply` for what cannot be used.
    """

    def __init__(
        self, url: str, model: str, *, timeout: float = 30.0, tries: int = 4, pause: float = 0.5
    ) -> None:
        self.url = url.rstrip("/")
        self.model = model
        self._wire = Wire(self.url, KEY, silence=timeout, whole=timeout, tries=tries, pause=pause)
        where = hashlib.md5(f"{self.url}#{model}".encode(), usedforsecurity=False).hexdigest()[:8]
        self.name = f"openai-{re.sub(r'[^0-9A-Za-z.-]', '-', model)}-{where}"

    @classmethod
    def named(cls, spec: str) -> Endpoint:
        """The endpoint of "openai:URL#MODEL".

        >>> Endpoint.named("openai:http://localhost:8080/v1#bge-m3").url
        'http://localhost:8080/v1'
        """
        url, _, model = spec.partition(":")[2].partition("#")
        if not re.match(r"https?://[^/\s]", url) or not model:
            raise BadSetting(
                f"'{spec[:120]}' names no endpoint.",
                remedy="Write it as openai:https://host/v1#model.",
            )
        return cls(url, model)

    @cached_property
    def size(self) -> int:
        """Numbers in a vector, as the endpoint answers the first time it is asked."""
        return len(self._post(["size"])[0])

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is found."""
        return careful(texts, self._embed, size=self.size)

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what people ask for; such an endpoint reads both alike."""
        return self.passages(texts)

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        rows: list[list[float]] = []
        for start in range(0, len(texts), _BATCH):
            rows.extend(self._post(texts[start : start + _BATCH]))
        wrong = next((len(row) for row in rows if len(row) != self.size), None)
        if wrong is not None:
            raise BadReply(
                f"'{self.url}' answered with vectors of {wrong} numbers, and of {self.size} before.",
                remedy="Give each model its own name, and write the new one to `encoder` in shop.toml.",
            )
        return np.array(rows, dtype=np.float32)

    def _post(self, texts: list[str]) -> list[list[float]]:
        asked = {"model": self.model, "input": texts, "encoding_format": "float"}
        try:
            return self._rows(self._wire.post("embeddings", asked), len(texts))
        except Refused as refused:
            raise self._refused(refused.code, refused.said) from refused
        except Silent as silent:
            raise Unreachable(
                f"The encoder at '{self.url}' was asked {silent.turns} times: {silent.said}.",
                remedy="Start that server, or name another `encoder` in shop.toml.",
            ) from silent

    def _rows(self, body: bytes, count: int) -> list[list[float]]:
        try:
            items = sorted(msgspec.json.decode(body, type=_Reply).data, key=lambda item: item.index)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadReply(
                f"'{self.url}/embeddings' did not answer with embeddings: {error}.",
                remedy="The address ends before /embeddings; on most servers that is in /v1.",
            ) from error
        if [item.index for item in items] != list(range(count)):
            raise BadReply(f"'{self.url}' answered {count} texts with {len(items)} vectors.")
        return [item.embedding for item in items]

    def _refused(self, code: int, said: str) -> BadReply:
        if code in (401, 403):
            remedy = f"Put its key into the environment variable {KEY}."
        elif code in (400, 404, 422):
            remedy = f"Look whether it has the model '{self.model}' and the address {self.url}/embeddings."
        else:
            remedy = "Look into that server's log."
        return BadReply(f"The encoder at '{self.url}' refuses: {said}.", remedy=remedy)
