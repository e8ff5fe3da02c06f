"""The writer port: messages become text, by whichever language model a shop has or trusts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from hawker.errors import BadSetting, nearest
from hawker.records.draft import Effort
from hawker.records.writing import WriterRules

EXTRACTIVE, ENDPOINT, LOCAL = "extractive", "openai:", "local:"
MOST = 512
"""Tokens of an answer, unless told otherwise."""
WARMTH = 0.7
"""The temperature, unless told otherwise."""

Schema = Mapping[str, Any]
Heard = Callable[[str], bool | None]


class Message(Struct, frozen=True):
    """One turn of what a model is told: `role` is 'system', 'user' or 'assistant'."""

    role: str
    text: str


class Written(Effort, frozen=True):
    """What a model wrote, whole only where `reason` is ''; and what that took."""

    text: str = ""


class Writer(Protocol):
    """A language model behind one verb. What may go wrong while it writes is a value, never an exception.

    `name` is how the shop calls it, `version` which model that is; `small` says that it follows orders
    poorly, and is better asked for one line at a time.
    """

    @property
    def name(self) -> str:
        """How a shop names it: 'openai:…' or 'local:…', without any secret."""

    @property
    def version(self) -> str:
        """Which model, as far as the writer can tell."""

    @property
    def small(self) -> bool:
        """Whether it has too few parameters to be told much at once."""

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
        """Answer the messages, as JSON of `schema` where one is given and the model can be held to it.

        `heard` is told each piece as it comes; False from it ends the answer ('stopped'). Raises `BadReply`
        only for what no repetition mends: a key that is refused, a model that is not there.
        """


def writer(spec: str, *, rules: WriterRules | None = None) -> Writer:
    """The writer of a name: 'openai:URL#MODEL' or 'local:FILE.gguf#ADAPTER.gguf'; what follows # is optional.

    Instead of a file, the name of a model that `hawker models get` fetched will do: 'local:smollm2'. The
    extractive writer is no model: it is `hawker.creative.draft.Extractive`. Raises `BadSetting`.

    >>> writer("openai:http://localhost:8080/v1#qwen3").name
    'openai:http://localhost:8080/v1#qwen3'
    """
    rules = rules or WriterRules()
    if spec.startswith(ENDPOINT):
        from hawker.language.writer_remote import Remote

        return Remote.named(spec, rules=rules)
    if spec.startswith(LOCAL):
        from hawker.language.writer_local import Local

        return Local.named(spec, rules=rules)
    if spec == EXTRACTIVE:
        raise BadSetting("The writer 'extractive' is no language model.", remedy="It needs none to draft.")
    raise BadSetting(
        f"There is no writer '{spec[:80]}'.",
        remedy=nearest(spec, [EXTRACTIVE, "openai:URL#MODEL", "local:FILE.gguf"]),
    )
