"""Whether what a text says of a product is in one of its fields: what cannot be traced is named."""

from hawker.creative.ground.check import check
from hawker.creative.ground.contradicted import contradicted
from hawker.creative.ground.facts import Grounds, grounds

__all__ = ["Grounds", "check", "contradicted", "grounds"]
