"""An encoder behind HTTP, in the form OpenAI made common: POST {url}/embeddings."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.errors import BadReply, BadSetting, Unreachable
from hawker.language.care import Vectors, careful

KEY = "HAWKER_ENCODER_KEY"
_BATCH = 64
_MOST = 64 << 20  # bytes of an answer
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}


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
        self.timeout = timeout
        self.tries = tries
        self.pause = pause
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
        said = ""
        for turn in range(self.tries):
            if turn:
                time.sleep(self.pause * 2 ** (turn - 1))
            try:
                return self._rows(self._ask(texts), len(texts))
            except urllib.error.HTTPError as error:
                error.close()
                said = f"it answers {error.code} {error.reason}"
                if error.code not in _AGAIN:
                    raise self._refused(error.code, said) from error
            except TimeoutError:
                said = f"no answer within {self.timeout:g} s"
            except (OSError, http.client.HTTPException) as error:
                said = str(getattr(error, "reason", error)) or type(error).__name__
        raise Unreachable(
            f"The encoder at '{self.url}' was asked {self.tries} times: {said}.",
            remedy="Start that server, or name another `encoder` in shop.toml.",
        )

    def _ask(self, texts: list[str]) -> bytes:
        asked = {"model": self.model, "input": texts, "encoding_format": "float"}
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key := os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(f"{self.url}/embeddings", msgspec.json.encode(asked), headers)
        until = time.monotonic() + self.timeout
        parts, held = [], 0
        with _OPENER.open(request, timeout=self.timeout) as reply:
            while part := reply.read1(1 << 16):
                parts.append(part)
                held += len(part)
                if time.monotonic() > until:
                    raise TimeoutError
                if held > _MOST:
                    raise BadReply(f"'{self.url}' answered with more than {_MOST >> 20} MB.")
        return b"".join(parts)

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


class _Straight(urllib.request.HTTPRedirectHandler):
    """A key goes where the shop sends it, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Straight)
