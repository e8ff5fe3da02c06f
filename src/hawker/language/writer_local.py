"""A language model in this process: a GGUF file read by llama.cpp."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from hawker.errors import BadSetting, NotFound, UnreadableFile, extra
from hawker.language import writer_weights
from hawker.language.writer import LOCAL, MOST, WARMTH, Heard, Message, Schema, Written
from hawker.language.writer_pieces import Pieces, sound
from hawker.records.writing import WriterRules

MAGIC = b"GGUF"
SMALL = 1 << 30
"""Bytes of weights below which a model is told little at a time."""
_QUIET = -1
_EDGE = 1 << 20  # bytes at either end of a file that name its version


class Local:
    """A model of a GGUF file, with a LoRA adapter where one is named. Loaded when it is first asked.

    The same messages and seed give the same text, whatever was asked before. Raises `NotFound` where there
    is no such file, `UnreadableFile` where it is no model.
    """

    def __init__(
        self, path: str | Path, *, adapter: str | Path = "", rules: WriterRules | None = None, name: str = ""
    ) -> None:
        self.path = _model(Path(path))
        self.adapter = _model(Path(adapter)) if adapter else None
        self.rules = rules or WriterRules()
        self.name = name or LOCAL + "#".join(str(part) for part in (path, adapter) if part)
        self.small = self.path.stat().st_size < SMALL

    @classmethod
    def named(cls, spec: str, *, rules: WriterRules | None = None) -> Local:
        """The model of 'local:FILE.gguf', 'local:FILE.gguf#ADAPTER.gguf', or the name of a fetched one."""
        named, _, adapter = spec.removeprefix(LOCAL).partition("#")
        if not named:
            raise BadSetting("'local:' names no model.", remedy="Write it as local:FILE.gguf.")
        path = writer_weights.path(named) if named in writer_weights.KNOWN else Path(named)
        return cls(path, adapter=adapter, rules=rules, name=spec)

    @cached_property
    def version(self) -> str:
        """A digest of the files, from their sizes, beginnings and ends."""
        digest = hashlib.sha256()
        for path in (self.path, self.adapter):
            if path is None:
                continue
            with path.open("rb") as file:
                size = path.stat().st_size
                digest.update(b"%d" % size + file.read(_EDGE))
                file.seek(max(0, size - _EDGE))
                digest.update(file.read())
        return f"{self.path.stem}-{digest.hexdigest()[:12]}"

    @property
    def url(self) -> str:
        """Where the same model answers over HTTP, on this machine only, to whoever has `key`."""
        return f"{self._server.listening_address}/v1"

    @cached_property
    def key(self) -> str:
        """The secret of that address, drawn anew in each process."""
        return secrets.token_hex(24)

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
        """Answer the messages; with a schema every token is held to it."""
        asked: dict[str, Any] = {
            "messages": [{"role": one.role, "content": sound(one.text)} for one in messages],
            "seed": seed % (1 << 31),
            "max_tokens": most_tokens,
            "temperature": temperature,
        }
        if schema is not None:
            asked["response_format"] = {"type": "json_schema", "json_schema": {"schema": dict(schema)}}
        begun = time.monotonic()
        until = begun + self.rules.whole_seconds
        pieces = Pieces(heard, until=until)
        try:
            refusal = self._server.handle_chat_completions(
                {**asked, "stream": True, "stream_options": {"include_usage": True}}, pieces
            )
        except (RuntimeError, ValueError) as error:
            raise BadSetting(f"llama.cpp refuses what it is asked: {error}.") from error
        if refusal:
            pieces(refusal)
        return pieces.written(seconds=time.monotonic() - begun)

    @cached_property
    def _server(self) -> Any:
        llama = extra("xllamacpp", "writer")
        given = llama.CommonParams()
        given.model.path = str(self.path)
        given.verbosity, given.warmup = _QUIET, False
        given.n_ctx, given.n_parallel = self.rules.context, 1
        given.api_keys, given.endpoint_slots, given.ui = [self.key], False, False
        threads = self.rules.threads or int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
        given.cpuparams.n_threads = given.cpuparams_batch.n_threads = threads
        if self.adapter is not None:
            given.lora_adapters = [llama.CommonAdapterLoraInfo(str(self.adapter), 1.0)]
        try:
            return llama.Server(given)
        except RuntimeError as error:
            also = f" with the adapter '{self.adapter}'" if self.adapter else ""
            raise UnreadableFile(
                f"llama.cpp cannot open '{self.path}'{also}.",
                remedy="The file may be cut, or of a kind that this llama.cpp does not know: fetch it again.",
            ) from error


def _model(path: Path) -> Path:
    """A file that begins as a GGUF does."""
    if not path.is_file():
        raise NotFound(
            f"There is no model file '{path}'.",
            remedy=f"Fetch one with: hawker models get {next(iter(writer_weights.KNOWN))}",
        )
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise UnreadableFile(f"'{path}' is not a GGUF model.", remedy="Name a file that ends in .gguf.")
    return path
