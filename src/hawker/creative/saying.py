"""What the gate says to a person, in English and Chinese: a message and a remedy for each reason."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from hawker.records.draft import Objection
from hawker.records.finding import Severity


def objection(
    kind: str,
    reason: str,
    *,
    reader: str = "en",
    text: str = "",
    start: int = 0,
    end: int = 0,
    severity: Severity = Severity.ERROR,
    **values: Any,
) -> Objection:
    """An objection in the words of its reader; `values` fill its message.

    >>> objection("ground", "colour", text="blue").message
    'The product does not say that it is “blue”.'
    """
    told = _sayings()[kind]
    message, remedy = told.get(reason, told["other"])["zh" if reader.lower().startswith("zh") else "en"]
    filled = {"text": text, **values}
    return Objection(
        kind,
        reason,
        text=text,
        start=start,
        end=end,
        message=message.format(**filled),
        remedy=remedy.format(**filled),
        severity=severity,
    )


@lru_cache(maxsize=1)
def _sayings() -> dict[str, dict[str, dict[str, list[str]]]]:
    return tomllib.loads(files("hawker.creative").joinpath("data", "objections.toml").read_text("utf-8"))
