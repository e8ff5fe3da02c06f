"""The word lists of the writer without a model, read once from the data files beside."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Words:
    """What one language's file holds, its patterns compiled."""

    strike: re.Pattern[str]
    lists: dict[str, tuple[str, ...]]
    tables: dict[str, dict[str, str]]

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self.lists[name]

    def starts(self, name: str) -> re.Pattern[str]:
        """A pattern for a text that opens with one of a list's words."""
        return _starts(self.lists[name])


@cache
def words(language: str) -> Words:
    """The lists of a language ('en' or 'zh')."""
    raw = tomllib.loads(resources.files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))
    lists = {name: tuple(held) for name, held in raw.items() if isinstance(held, list)}
    bound = r"\b" if language == "en" else ""
    whole = rf"(?:{bound}|(?<=\W)|^)(?:{'|'.join(lists['strike'])})(?:{bound}(?!\w)|(?=\W)|$)"
    strike = re.compile(whole if bound else "|".join(lists["strike"]), re.IGNORECASE)
    return Words(strike, lists, {name: dict(held) for name, held in raw.items() if isinstance(held, dict)})


@cache
def _starts(listed: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(map(re.escape, listed))})(?!\w)", re.IGNORECASE)
