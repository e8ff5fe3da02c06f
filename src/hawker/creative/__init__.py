"""Words for products: drafted, held against product and law, rendered; what is shown is chosen elsewhere."""

from typing import Any

from hawker.records.draft import Brief, Kind

__all__ = ["Brief", "Kind", "drafter", "write"]


def __getattr__(name: str) -> Any:
    """`drafter` and `write`, loaded with all that writing takes when first asked for."""
    if name in ("drafter", "write"):
        from hawker.creative import writers

        return getattr(writers, name)
    raise AttributeError(f"'hawker.creative' has no '{name}'.")
