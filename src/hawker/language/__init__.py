"""Text as vectors: encoders, what they made of the shop's products, and a table for queries never seen."""

from hawker.language.encoder import Encoder, encoder
from hawker.language.product import meanings, product_text

__all__ = ["Encoder", "encoder", "meanings", "product_text"]
