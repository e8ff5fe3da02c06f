"""The models a shop keeps: which there are, which of them serve, what they are and how they were judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hawker import ranking
from hawker.delivery.build import ranker
from hawker.delivery.world import PRICED
from hawker.errors import NotFound, nearest
from hawker.ranking import card_page
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop


@dataclass(frozen=True)
class Version:
    """A saved model: what it predicts and was made by, and its figures when it was made.

    `figures` are value, low and high by name, as `Evaluation.summary` gives them, or why there is none.
    `card` is the page beside it, where it was given one; `of` the version it learned on from.
    """

    version: str
    outcome: str
    estimator: str
    source: str
    features: tuple[str, ...]
    serves: bool
    figures: dict[str, Any]
    card: Path | None
    of: str = ""


def versions(shop: Shop) -> list[Version]:
    """All that are kept, oldest first, those of the shop's own outcome before those of others."""
    found = []
    own = shop.settings.outcome
    for outcome in sorted(PRICED, key=lambda outcome: outcome != own):
        store, name = ModelStore(shop.models), ranker(shop, outcome)
        serving = store.promoted(name)
        for version in store.versions(name):
            recipe = store.recipe(name, version)
            page = shop.models / name / version / card_page.PAGE
            found.append(
                Version(
                    version=version,
                    outcome=outcome,
                    estimator=recipe.get("estimator", "").lower(),
                    source=recipe.get("source", ""),
                    features=tuple(recipe.get("features", ())),
                    serves=version == serving,
                    figures=recipe.get("judged", {}),
                    card=page if page.is_file() else None,
                    of=recipe.get("update", {}).get("of", ""),
                )
            )
    return found


def the(shop: Shop, version: str = "") -> Version:
    """One of them by its version or the beginning of it; else the one that serves, or was made last.

    Raises `NotFound` where there is none, or the beginning is that of several.
    """
    known = versions(shop)
    if not known:
        raise NotFound(
            "This shop has no trained model.", remedy="Train one with: hawker train; or: hawker model add"
        )
    if not version:
        own = [one for one in known if one.outcome == shop.settings.outcome] or known
        return next((one for one in own if one.serves), own[-1])
    fitting = [one for one in known if one.version.startswith(version)]
    if len(fitting) == 1:
        return fitting[0]
    names = [one.version for one in fitting or known]
    said = f"{len(fitting)} versions begin with" if fitting else "There is no version"
    remedy = f"They are: {', '.join(names[:5])}." if fitting else nearest(version, names)
    raise NotFound(f"{said} '{version[:80]}'.", remedy=remedy)


def export(shop: Shop, path: Path, *, version: str = "") -> Version:
    """Write one of them (`the`) as an ONNX file, where it has such a form; raises `BadInput` where not."""
    found = the(shop, version)
    store = ModelStore(shop.models)
    ranking.export(ranking.load(store.path(ranker(shop, found.outcome), found.version)), path)
    return found
