"""The floors that were learned, by placement: one small file, written whole by whoever learns them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from hawker.storage import files
from hawker.storage.shop import Shop


def file(shop: Shop) -> Path:
    """Where a shop's learned floors lie (it may not exist yet)."""
    return shop.state / "floors.json"


def keep(shop: Shop, floors: Mapping[str, int]) -> None:
    """Put these floors, in micros per thousand impressions, in the place of those before."""
    files.write(file(shop), msgspec.json.encode(dict(sorted(floors.items()))))


def kept(shop: Shop) -> dict[str, int]:
    """The floors learned last; none where nothing was learned, or the file cannot be read."""
    try:
        return msgspec.json.decode(file(shop).read_bytes(), type=dict[str, int])
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}
