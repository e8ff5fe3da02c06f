"""Text without its markup, wherever text comes from: feeds, reviews, what an encoder reads."""

from __future__ import annotations

import html
import re
import unicodedata

_SCRIPT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_BLOCK = re.compile(r"<(?:br|/?p|/?div|/?li|/?ul|/?ol|/?td|/?tr|/?h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*>|!--.*?(?:-->|\Z))", re.DOTALL)
_SPACE = re.compile(r"[\s\u200b\ufeff]+")


def clean(text: str) -> str:
    """Text without markup: tags taken out, entities decoded, blanks folded, composed as Unicode NFC.

    A script, a style or a comment that is never closed swallows what follows, as it does in a browser.

    >>> clean("<p>Tom &amp; Jerry</p><p>5 &lt; 7</p>")
    'Tom & Jerry 5 < 7'
    """
    if "<" in text:
        text = _TAG.sub("", _BLOCK.sub(" ", _SCRIPT.sub(" ", text)))
    if "&" in text:
        text = html.unescape(text)
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()
