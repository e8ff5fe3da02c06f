"""How an English headline is put, apart from what it is about: its length, its marks, whom it speaks to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_WORD = re.compile(r"[\w'’]+")
_ANY_OF = r"\b(?:{})\b"


def _words(*listed: str) -> re.Pattern[str]:
    return re.compile(_ANY_OF.format("|".join(listed)), re.IGNORECASE)


COUNTED: Mapping[str, re.Pattern[str]] = {
    "question": re.compile(r"\?"),
    "exclamation": re.compile("!"),
    "quotes": re.compile('["“]'),
    "apostrophes": re.compile("['’]"),
    "ellipsis": re.compile(r"\.\.\.|…"),
    "colon": re.compile(":"),
    "comma": re.compile(","),
    "bracket": re.compile(r"\("),
    "asterisk": re.compile(r"\*"),
    "dash": re.compile("[-–—]"),
    "sentences": re.compile(r"[.!?](?:\s|$)"),
    "full stop at the end": re.compile(r"\.\s*$"),
    "digits": re.compile(r"\d+"),
    "number first": re.compile(r"^\W*\d"),
    "capitals": re.compile(r"\b[A-Z]{2,}\b"),
    "capitalised": re.compile(r"\b[A-Z]"),
    "you": _words("you", "your", "you're", "you'll", "you've"),
    "I": _words("i", "i'm", "i've", "my", "me"),
    "we": _words("we", "we're", "our", "us"),
    "he": _words("he", "he's", "his", "him"),
    "she": _words("she", "she's", "her", "hers"),
    "they": _words("they", "they're", "their", "them"),
    "pointing": _words("this", "these", "here", "here's", "that", "that's"),
    "asking": _words("how", "why", "what", "who", "when", "where"),
    "denying": _words("not", "no", "never", "nothing", r"\w+n[’']t"),
    "most": _words("most", "best", "worst", "ever", "least", "only"),
    "calling": _words("watch", "see", "look", "meet", "find", "get", "try"),
    "if": _words("if"),
    "but": _words("but"),
    "because": _words("because", "so"),
    "people": _words("guy", "man", "men", "woman", "women", "girl", "boy", "kid", "kids", "mom", "dad"),
}
"""What is counted in a headline; of each the logarithm of one more than its count is taken."""
NAMES = ("letters", "words", "far from usual", "letters a word", *COUNTED)
_USUAL = 4.4  # the logarithm of the letters of a usual news headline


def style(headlines: Sequence[str]) -> Floats:
    """(headlines, features), in the order of `NAMES`.

    >>> row = style(["Why you will not want another one?"])[0]
    >>> [name for name, value in zip(NAMES, row, strict=True) if value > 0.6][3:]
    ['letters a word', 'question', 'sentences', 'capitalised', 'you', 'asking', 'denying']
    """
    found = np.zeros((len(headlines), len(NAMES)))
    for row, text in enumerate(headlines):
        words = _WORD.findall(text)
        letters = float(np.log1p(len(text)))
        long = sum(map(len, words)) / max(len(words), 1)
        counts = [len(pattern.findall(text)) for pattern in COUNTED.values()]
        found[row] = [letters, np.log1p(len(words)), (letters - _USUAL) ** 2, long, *np.log1p(counts)]
    return found
