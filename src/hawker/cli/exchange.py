"""What a demo shop's assistant says, shown once in each language, and the invented policies it reads."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

from hawker.cli import ask
from hawker.cli.call import Call, Progress

if TYPE_CHECKING:
    from hawker.answers import Conversation
    from hawker.storage.shop import Shop

ASKED = {
    "en": (
        ("What brand is product 1029743?", "Is it in stock?", "May I return it?"),
        ("1029743是什么品牌？", "运费多少钱？"),
    ),
    "zh": (
        ("flask-11多少钱？", "它的容量是多少？", "多久发货？"),
        ("What is flask-11 made of?", "Is it dishwasher safe?"),
    ),
}
"""The questions of each demo shop, one conversation in each language."""


def policies(shop: Shop, which: str) -> None:
    """Lay the invented policies of a demo shop into its folder."""
    from hawker.storage import files

    text = (resources.files("hawker.cli") / "policies" / f"{which}.txt").read_text("utf-8")
    files.write(shop.folder / "policies.md", text.encode("utf-8"))


def show(asked: Call, which: str, tell: Progress) -> list[dict[str, Any]]:
    """Ask, and print the answers with the records that they stand on; returns them for JSON."""
    from hawker import answers

    tell("asking", 0.93)
    asked.say(asked.word("demo_asked"), style="bold")
    assistant = answers.build(asked.shop)
    told: list[dict[str, Any]] = []
    for questions in ASKED[which]:
        before: Conversation | None = None
        for question in questions:
            answer = assistant.ask(question, conversation=before)
            before = answer.conversation
            ask.show(asked, question, answer)
            told.append({"question": question, "text": answer.text, "abstained": answer.abstained})
    return told
