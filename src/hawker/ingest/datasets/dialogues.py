"""What customers asked and what staff answered: JD's masked dialogues (Chinese), and a shop's FAQ (English).

JDDC is for research, the FAQ is passed on under no clear terms: whoever has them gives them.
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

from hawker.errors import BadInput, MissingData

QUESTIONS, ANSWERS = "trainQuestions.txt.gz", "trainAnswers.txt.gz"
FAQ = "Ecommerce_FAQ_Chatbot_dataset_orig.json"
SHORTEST = 12
"""Characters below which an answer of staff says nothing of its own ('yes, dear')."""
_FACE = re.compile(r"#E-\w(\[数字x\])?")
_COMMAS = re.compile(r",+(?=,|$)")
Pair = tuple[str, str]
"""A question and its answer."""


def jddc(folder: Path) -> tuple[Pair, ...]:
    """Contexts and the answers that staff gave, of equal answers the first; short ones are left out."""
    asked, answered = _lines(folder / QUESTIONS), _lines(folder / ANSWERS)
    if len(asked) != len(answered):
        raise BadInput(f"{QUESTIONS} has {len(asked):,} lines, {ANSWERS} {len(answered):,}.")
    first: dict[str, str] = {}
    for context, answer in zip(asked, answered, strict=True):
        if len(answer) >= SHORTEST and context:
            first.setdefault(answer, context)
    return tuple((context, answer) for answer, context in first.items())


def faq(folder: Path) -> tuple[Pair, ...]:
    """The questions and answers of a shop's FAQ; of equal answers the first."""
    path = _there(folder / FAQ)
    try:
        rows = json.loads(path.read_text("utf-8"))["questions"]
        pairs = [(str(row["question"]).strip(), str(row["answer"]).strip()) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{FAQ} is not an object of 'questions', each with question and answer.") from error
    first: dict[str, str] = {}
    for question, answer in pairs:
        first.setdefault(answer, question)
    return tuple((question, answer) for answer, question in first.items())


def _lines(path: Path) -> list[str]:
    with gzip.open(_there(path), "rt", encoding="utf-8") as stream:
        return [_COMMAS.sub("", _FACE.sub("", line)).strip(" ,\n") for line in stream]


def _there(path: Path) -> Path:
    if not path.is_file():
        raise MissingData(f"There is no '{path}'.", remedy=f"Put {path.name} into that folder.")
    return path
