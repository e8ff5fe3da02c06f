"""The nouns: frozen, typed, dumb. New fields always have defaults, so that old logs load."""
