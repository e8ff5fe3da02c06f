"""Copy without a model: `Extractive` writes from the product's own words, in English and Chinese."""

from hawker.creative.draft.extractive import Extractive

__all__ = ["Extractive"]
