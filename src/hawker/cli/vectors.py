"""The products' vectors as a step of `hawker train` and `hawker demo`: made, and told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hawker.cli.call import Call, Progress, plain

if TYPE_CHECKING:
    from hawker.language.annotate import Annotated


def make(asked: Call, *, tell: Progress, by: str | None = None) -> Annotated:
    """Make them by the shop's encoder, or by the one named; what is there already costs next to nothing."""
    from hawker.language import annotate

    return annotate.products(asked.shop, by, progress=tell)


def show(asked: Call, made: Annotated) -> None:
    """What was made, and why by another encoder than was asked for."""
    told = {name: getattr(made, name) for name in ("products", "texts", "embedded", "encoder")}
    asked.say(asked.word("vectors_made", **told))
    if made.near.value is not None:
        asked.say(asked.word("vectors_table", near=made.near.value), style="dim")
    asked.findings(made.findings)


def document(made: Annotated) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "name": made.name,
        "products": made.products,
        "texts": made.texts,
        "embedded": made.embedded,
        "findings": plain(made.findings),
    }
