"""What a demo shop understands of its shoppers and products, shown once: a story, a text, a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hawker.cli import shops, sizing
from hawker.cli.call import Call, Progress, indented

if TYPE_CHECKING:
    from hawker.features.state import State

TOLD = 6
"""Deeds of the story, and products of the search, that are shown."""
ASKED = {"en": ("families with a baby", "choclate ice cream"), "zh": ("喜欢跑步的人", "雨天穿的鞋")}
"""The people a text speaks of, and a query, by the language of the shop."""


def show(asked: Call, state: State, tell: Progress) -> dict[str, Any]:
    """Print them from folds that have caught up with the log; returns the same for JSON."""
    people, query = ASKED["zh" if asked.language.startswith("zh") else "en"]
    tell("understanding", 0.92)
    return {
        "story": _story(asked),
        "audience": _audience(asked, state, people),
        "search": _search(asked, query),
    }


def _story(asked: Call) -> list[str]:
    """What the demo's shopper did last."""
    from hawker.features import story

    shopper = shops.request(asked.shop).shopper
    found = story.of(asked.shop, shopper, most=TOLD)
    lines = found.lines(asked.language, offset=asked.shop.settings.utc_offset_minutes)
    asked.say(asked.word("demo_story", shopper=shopper), style="bold")
    for line in lines:
        asked.say(indented(line))
    return lines


def _audience(asked: Call, state: State, people: str) -> dict[str, Any]:
    """Whom a text speaks of, at every threshold."""
    from hawker import audience
    from hawker.audience import semantic

    moment = audience.at(asked.shop, state, now=state.watermark)
    found = semantic.sizes(moment, people)
    asked.say("")
    asked.say(asked.word("demo_people", text=people, by=found.by or "–"), style="bold")
    sizing.thresholds(asked, found)
    levels = [sizing.level(one) for one in found.levels]
    return {"text": people, "by": found.by, "reason": found.reason, "levels": levels}


def _search(asked: Call, query: str) -> dict[str, Any]:
    """What a shopper who typed this finds, misspelt or in words that no product has."""
    from hawker.retrieval import search_shop

    found = search_shop.build(asked.shop).find(query, size=10 * TOLD)
    titles = list(dict.fromkeys(hit.product.title for hit in found.hits))[:TOLD]
    asked.say("")
    asked.say(asked.word("demo_searched", query=query, total=found.total), style="bold")
    if found.question.suggestion:
        asked.say(asked.word("did_you_mean", text=found.question.suggestion))
    for title in titles:
        asked.say(indented(title))
    asked.say("")
    return {"query": query, "suggestion": found.question.suggestion, "total": found.total, "found": titles}
