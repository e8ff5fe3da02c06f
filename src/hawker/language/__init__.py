"""Text as vectors, and text that is written: encoders, what they made of the shop's products, writers."""

from hawker.language.encoder import Encoder, encoder
from hawker.language.product import meanings, product_text
from hawker.language.writer import Message, Writer, Written, writer

__all__ = ["Encoder", "Message", "Writer", "Written", "encoder", "meanings", "product_text", "writer"]
