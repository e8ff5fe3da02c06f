"""What the command line says to a person, in English and Chinese, in one place: a file a topic."""

from __future__ import annotations

from typing import Any

from hawker.cli.words import (
    adapt,
    ask,
    audience,
    models,
    portrait,
    recommend,
    search,
    suggesting,
    understood,
    vectors,
    verbs,
    worded,
    write,
)

TOPICS = tuple(
    topic.WORDS
    for topic in (
        adapt,
        ask,
        audience,
        models,
        portrait,
        recommend,
        search,
        suggesting,
        understood,
        vectors,
        verbs,
        worded,
        write,
    )
)
WORDS: dict[str, tuple[str, str]] = {code: said for topic in TOPICS for code, said in topic.items()}
"""Each in English and Chinese; braces name what is filled in. A code stands in one topic only."""


def words(code: str, language: str, **values: Any) -> str:
    """A sentence in a language; whatever is not Chinese is English.

    >>> words("checked", "zh-CN", errors=0, warnings=2, notes=1)
    '错误 0 · 警告 2 · 提示 1'
    """
    return WORDS[code][language.lower().startswith("zh")].format(**values)
