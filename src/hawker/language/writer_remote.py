"""A language model behind HTTP, in the form OpenAI made common: POST {url}/chat/completions."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import Any

import msgspec

from hawker.errors import BadReply, BadSetting
from hawker.language.wired import Refused, Silent, Wire
from hawker.language.writer import ENDPOINT, MOST, WARMTH, Heard, Message, Schema, Written
from hawker.language.writer_pace import Pace
from hawker.language.writer_pieces import Pieces, overflows, sound
from hawker.records.writing import WriterRules

KEY = "HAWKER_WRITER_KEY"
_END = b"[DONE]"
_OPTIONAL = ("response_format", "stream_options", "seed", "temperature")
_PER_TOKEN = 3  # characters, about, where a server does not count
_IN_TEXT = "Answer with one JSON object and nothing else. It must fit this JSON schema: "
_BILLION = re.compile(r"(\d+(?:\.\d+)?)\s*([bm])(?![a-z])", re.I)


class Remote:
    """A model at a URL. The key in HAWKER_WRITER_KEY, or in the file HAWKER_WRITER_KEY_FILE, is sent along.

    What the server does not know (JSON schemas, seeds, counts of tokens) is left out from then on; a schema
    is then put into words. `rules` say how often it may be asked, how long waited for, and what it costs.
    """

    def __init__(self, url: str, model: str = "", *, rules: WriterRules | None = None) -> None:
        self.url = url.rstrip("/")
        self.rules = rules = rules or WriterRules()
        self._named = model
        self.version = model
        self._pace = Pace(requests=rules.requests_a_minute, tokens=rules.tokens_a_minute)
        self._without: set[str] = set()
        self._wire = Wire(
            self.url,
            KEY,
            connect=rules.connect_seconds,
            silence=rules.first_seconds,
            whole=rules.whole_seconds,
            tries=rules.tries,
            patience=rules.patience_seconds,
        )

    @classmethod
    def named(cls, spec: str, *, rules: WriterRules | None = None) -> Remote:
        """The endpoint of 'openai:URL#MODEL'; without a model, the first one that the server lists."""
        url, _, model = spec.removeprefix(ENDPOINT).partition("#")
        if not re.match(r"https?://[^/\s@]+(/\S*)?$", url):
            raise BadSetting(
                f"'{ENDPOINT}…' names no endpoint." if "@" in url else f"'{spec[:120]}' names no endpoint.",
                remedy="Write it as openai:https://host/v1#model, and put the key into HAWKER_WRITER_KEY.",
            )
        return cls(url, model, rules=rules)

    @property
    def name(self) -> str:
        """The address and the model."""
        return ENDPOINT + self.url + (f"#{self._named}" if self._named else "")

    @property
    def small(self) -> bool:
        """Whether its name says that it has fewer than a billion parameters."""
        found = _BILLION.search(self.version)
        return found is not None and float(found[1]) * (1e9 if found[2] in "bB" else 1e6) < 1e9

    @cached_property
    def model(self) -> str:
        """The model's name, asked for where none was given."""
        if self._named:
            return self._named
        listed = self._wire.again(self._listed)
        try:
            name = str(msgspec.json.decode(listed)["data"][0]["id"])
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, IndexError, TypeError) as error:
            raise BadReply(
                f"'{self.url}' lists no models.", remedy="Name one: openai:https://host/v1#model."
            ) from error
        self.version = name
        return name

    def _listed(self) -> bytes:
        with self._wire.open("models") as reply:
            return b"".join(self._wire.flow(reply))

    def write(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seed: int = 0,
        most_tokens: int = MOST,
        temperature: float = WARMTH,
        heard: Heard | None = None,
    ) -> Written:
        """Answer the messages; a schema is enforced by the server where it can, else asked for in words."""
        about = sum(len(one.text) for one in messages) // _PER_TOKEN + most_tokens
        wait, turn = self._pace.take(about, patience=self.rules.patience_seconds)
        if not turn:
            return Written("busy", wait=wait)
        self._wire.sleep(wait)
        begun = time.monotonic()
        asked = {"seed": seed % (1 << 31), "max_tokens": most_tokens, "temperature": temperature}
        made = self._careful(messages, schema, asked, heard)
        self._pace.spent(turn, (made.tokens_in + made.tokens_out) or about)
        price = made.tokens_in * self.rules.price_read + made.tokens_out * self.rules.price_written
        return msgspec.structs.replace(made, seconds=time.monotonic() - begun, cost=-(-price // 1_000_000))

    def _careful(
        self, messages: Sequence[Message], schema: Schema | None, asked: dict[str, Any], heard: Heard | None
    ) -> Written:
        """One answer, with whatever went wrong as its reason."""
        pieces = Pieces(heard)
        try:
            while True:
                try:
                    body = self._body(messages, schema, asked)
                    return self._wire.again(partial(self._once, body, pieces))
                except Refused as refused:
                    if overflows(refused.body):
                        return Written("too_long")
                    self._learn(refused, schema)
        except Silent as silent:
            reason = "busy" if silent.code in (425, 429, 503, 529) else "slow" if silent.slow else "away"
            return Written(reason, wait=silent.wait)
        except BadReply:
            return Written("garbage")
        except Refused as refused:
            raise self._refused(refused) from refused

    def _body(
        self, messages: Sequence[Message], schema: Schema | None, asked: dict[str, Any]
    ) -> dict[str, Any]:
        told = [{"role": one.role, "content": sound(one.text)} for one in messages]
        stream = {"stream_options": {"include_usage": True}} if self.rules.stream else {}
        body = {"model": self.model, "messages": told, "stream": self.rules.stream, **stream, **asked}
        if schema is not None and "response_format" not in self._without:
            form = {"name": "answer", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif schema is not None:
            said = _IN_TEXT + json.dumps(schema, ensure_ascii=False)
            told[-1] = {**told[-1], "content": f"{told[-1]['content']}\n\n{said}"}
        if "max_tokens" in self._without:
            body["max_completion_tokens"] = body.pop("max_tokens")
        return {name: value for name, value in body.items() if name not in self._without}

    def _once(self, body: dict[str, Any], pieces: Pieces) -> Written:
        """Ask once, and hear it out; what breaks off after something was passed on is not asked again."""
        pieces.texts.clear()
        begun = time.monotonic()
        with self._wire.open("chat/completions", body) as reply:
            streamed = "event-stream" in reply.headers.get("Content-Type", "")
            flow = self._wire.flow(reply)
            try:
                for document in events(flow) if streamed else (b"".join(flow),):
                    if pieces(_decoded(document)):
                        break
            except (OSError, http.client.HTTPException) as error:
                if not pieces.texts:
                    raise
                pieces.reason = "slow" if isinstance(error, TimeoutError) else "cut"
        self.version = pieces.model or self.version
        return pieces.written(seconds=time.monotonic() - begun)

    def _learn(self, refused: Refused, schema: Schema | None) -> None:
        """Leave out from now on what the server does not know; raises the refusal where that is not it."""
        if refused.code not in (400, 404, 415, 422, 501):
            raise refused
        known = [name for name in _OPTIONAL if name not in self._without]
        blamed = [name for name in known if name in refused.body]
        if "max_completion_tokens" in refused.body and "max_tokens" not in self._without:
            blamed = ["max_tokens"]
        elif not blamed and refused.code != 404 and schema is not None and "response_format" in known:
            blamed = ["response_format"]
        if not blamed:
            raise refused
        self._without.update(blamed)

    def _refused(self, refused: Refused) -> BadReply:
        if refused.code in (401, 403):
            remedy = f"Put its key into the environment variable {KEY}, or into a file that {KEY}_FILE names."
        elif refused.code in (400, 404, 422):
            remedy = f"Look whether it has the model '{self._named}' at {self.url}/chat/completions."
        else:
            remedy = "Look into that server's log."
        return BadReply(f"The writer at '{self.url}' refuses: {refused.said}.", remedy=remedy)


def events(flow: Iterator[bytes]) -> Iterator[bytes]:
    """The data of each server-sent event, up to the one that says it was the last.

    >>> list(events(iter([b'data: {"a"', b': 1}\\n\\n: ping\\r\\n\\r\\ndata: [DONE]\\n\\n'])))
    [b'{"a": 1}']
    """
    held, data = b"", []
    for part in flow:
        *lines, held = (held + part).split(b"\n")
        for line in lines:
            line = line.rstrip(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                document, data = b"\n".join(data), []
                if document == _END:
                    return
                yield document
    if data and (document := b"\n".join(data)) != _END:
        yield document


def _decoded(document: bytes) -> Any:
    try:
        return msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadReply("This is no answer in the protocol's form.") from error
