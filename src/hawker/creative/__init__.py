"""Words for products: drafted, held against product and law, rendered; what is shown is chosen elsewhere."""
