"""Why this ad, why not the others, why this price: answers that come from the record alone."""

from hawker.explain.decision import Explanation, explain
from hawker.explain.score import Part, Why, contributions

__all__ = ["Explanation", "Part", "Why", "contributions", "explain"]
