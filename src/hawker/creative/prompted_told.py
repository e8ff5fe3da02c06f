"""What writers were told lately, by the key under which drafts name it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from hawker.language.writer import Message

KEPT = 2_000


class Told(dict[str, str]):
    """Prompts by key; of more than `KEPT` the oldest are forgotten.

    >>> told = Told()
    >>> told[told.add([[Message("user", "Hello")]])]
    'user: Hello'
    """

    def add(self, asked: Iterable[Sequence[Message]]) -> str:
        """Remember what was asked, turn by turn; returns its key, the same for the same words."""
        text = "\n\n".join(f"{one.role}: {one.text}" for turns in asked for one in turns)
        key = "p-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:20]
        self[key] = text
        if len(self) > KEPT:
            del self[next(iter(self))]
        return key
