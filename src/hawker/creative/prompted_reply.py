"""What a model answered, as parts of copy; or why it is none: no JSON, an echo, another language."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hawker.creative.layout import LAYOUTS
from hawker.language.writer import Message, Written
from hawker.records.draft import Kind

Parts = dict[str, tuple[str, ...]]
_FENCE = re.compile(r"```(?:json)?\s*(.*?)(?:```|$)", re.S)
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
_ECHO = 40
"""Characters in a row of the orders that make an answer an echo of them."""
_FOREIGN = 0.3


def reply(written: Written, told: Sequence[Message], *, kind: Kind, language: str) -> tuple[Parts, str]:
    """The parts of an answer, and '' or the reason why they are none."""
    if not written.text.strip():
        return {}, written.reason or "empty"
    found = parsed(written.text)
    if found is None:
        return {}, written.reason or ("echo" if _echoes(written.text, told) else "not_json")
    parts = _parts(found, kind)
    text = " ".join(line for lines in parts.values() for line in lines)
    if not text:
        return {}, written.reason or "empty"
    if _echoes(text, told):
        return {}, "echo"
    if _foreign(text, language):
        return {}, "language"
    return parts, ""


def parsed(text: str) -> Mapping[str, Any] | None:
    """The first JSON object in a text, whether fenced, or with words around it; None where there is none.

    >>> parsed('Sure! ```json\\n{"title": "Rye"}\\n```'), parsed("no")
    ({'title': 'Rye'}, None)
    """
    fenced = _FENCE.search(text)
    for tried in filter(None, (fenced and fenced[1], text)):
        start = tried.find("{")
        while start >= 0:
            try:
                found, _ = json.JSONDecoder(strict=False).raw_decode(tried, start)
            except (ValueError, RecursionError):
                start = tried.find("{", start + 1)
                continue
            return found if isinstance(found, dict) else None
    return None


def _parts(found: Mapping[str, Any], kind: Kind) -> Parts:
    """The lines of each part the kind has, without blanks and repetitions; at most as many as it may have."""
    parts: Parts = {}
    for name, part in LAYOUTS[kind].items():
        given = found.get(name)
        given = [given] if isinstance(given, str) else given
        if not isinstance(given, list):
            continue
        lines = (" ".join(line.split()) for line in given if isinstance(line, str))
        kept = tuple(dict.fromkeys(line for line in lines if line))[: part.most]
        if kept:
            parts[name] = kept
    return parts


def _echoes(text: str, told: Sequence[Message]) -> bool:
    """Whether an answer repeats its orders, or the marks of the data."""
    if "⟦" in text or "⟧" in text or "<|" in text:
        return True
    orders = " ".join(one.text for one in told if one.role == "system")
    flat, orders = " ".join(text.split()), " ".join(orders.split())
    size = _ECHO // 2 if _IDEOGRAPH.search(orders) else _ECHO
    return any(flat[at : at + size] in orders for at in range(0, len(flat) - size + 1))


def _foreign(text: str, language: str) -> bool:
    letters = len(_LETTER.findall(text))
    chinese = len(_IDEOGRAPH.findall(text))
    return chinese == 0 if language == "zh" else chinese > _FOREIGN * max(1, letters)
