"""Shoppers' stories at the command line: one to read, all of them in a file, interests on a map."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hawker.cli.call import Call, indented
from hawker.cli.portrait import moment
from hawker.errors import MissingExtra

if TYPE_CHECKING:
    from hawker.features.story import Feeling, Story


def story(asked: Call, shopper: str) -> None:
    """Print what one shopper did, line by line; or why there is nothing to tell."""
    with asked.progress() as tell:
        tell(asked.word("telling"), 0.0)
        from hawker.features import story as told

        found = told.of(asked.shop, shopper, feeling=_feeling(asked))
    offset = asked.shop.settings.utc_offset_minutes
    asked.answer(_document(found, asked.language))
    if found.deeds:
        time = moment(found.deeds[-1].time, offset)
        asked.say(asked.word("story_of", shopper=found.shopper, time=time), style="bold")
    for line in found.lines(asked.language, offset=offset):
        asked.say(indented(line))
    asked.then("explain", "--shopper", shopper)


def stories(asked: Call, path: Path) -> None:
    """Write the stories of all shoppers whose behaviour may be used, one JSON object a line."""
    count = 0
    with asked.progress() as tell:
        tell(asked.word("telling"), 0.0)
        from hawker.features import story as told
        from hawker.privacy.people import unprofiled
        from hawker.storage import files

        with files.whole(path) as draft, draft.open("wb") as stream:
            for found in told.all(asked.shop, feeling=_feeling(asked)):
                stream.write(msgspec.json.encode(_document(found, asked.language)) + b"\n")
                count += 1
        left = len(unprofiled(asked.shop))
    asked.answer({"path": str(path), "stories": count, "left_out": left})
    asked.say(asked.word("stories_written", count=count, path=path, left=left))
    asked.then("adapt")


def landscape(asked: Call, path: Path, shopper: str) -> None:
    """Draw the shop's products as a map, with a shopper's interests where one is named."""
    with asked.progress() as tell:
        tell(asked.word("drawing"), 0.0)
        from hawker.explain.landscape import landscape as drawn
        from hawker.storage import files

        page = drawn(
            asked.shop,
            shopper=shopper,
            language=asked.language,
            progress=lambda _step, share: tell(asked.word("drawing"), share),
        )
        files.write(path, page)
    asked.answer({"path": str(path), "shopper": shopper})
    asked.say(asked.word("map_drawn", path=path))
    asked.then("explain", "--shopper", shopper or "ID")


def _document(found: Story, language: str) -> dict[str, object]:
    """A story as JSON: the deeds, and the one line of text that a language model learns from."""
    document: dict[str, object] = {"shopper": found.shopper, "text": found.text(language)}
    if found.reason:
        document["reason"] = found.reason
    return document | {"earlier": found.earlier, "deeds": msgspec.to_builtins(found.deeds)}


def _feeling(asked: Call) -> Feeling:
    """What reads reviews without stars: learned from those with stars when the first is met."""
    held: list[Feeling] = []

    def silent(texts: Sequence[str]) -> list[float]:
        return [nan] * len(texts)

    def feeling(texts: Sequence[str]) -> Iterable[float]:
        if not held:
            from hawker.language import sentiment

            try:
                learned = sentiment.of(asked.shop)
            except MissingExtra:
                learned = None
            held.append(learned.score if learned else silent)
        return held[0](texts)

    return feeling
