"""Text as vectors: encoders, what they made of the shop's products, and a table for queries never seen."""
