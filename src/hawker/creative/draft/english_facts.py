"""English descriptions as facts: sentences that stand alone, cut short where that leaves them true."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hawker.creative.draft.line import Fact
from hawker.creative.draft.words import words
from hawker.records.catalogue import Product
from hawker.records.markup import clean

_BLOCK = re.compile(r"[\n\r|•·●▪★☆✔✓➤►※]+|</?(?:li|p|br|div|ul|tr|td|h\d)\b[^>]*>", re.IGNORECASE)
_STOP = re.compile(
    r"\s/\s(?=[A-Z])|(?<=[A-Za-z0-9\"”)%][A-Za-z0-9\"”)%][.!?])\s+(?=[A-Z0-9\"“(])|(?<=[.!?])\s{2,}|;\s+"
)
_SHORTENED = re.compile(
    r"\b(?:approx|vs|oz|in|lb|lbs|dr|st|no|mr|mrs|ft|inc|etc|e\.g|i\.e)\.$", re.IGNORECASE
)
_LABEL = re.compile(r"^[\W_]*(?:\[[^\]]*\]|【[^】]*】|[^:.!?]{2,48}?\s?[:：])\s*")
_INCLUDES = re.compile(r"\b(?:include[sd]?|contents?|contains|comes with|in the box)\b", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*[(\[{（【][^()\[\]{}（）【】]*[)\]}）】]")
_ASIDE = re.compile(r"\s(?:--?|–|—)\s.*$")
_ODD = re.compile(r"[^\w\s.,;:!?'’\"“”&%/+°½¼¾×x$€£#()-]|[™®©]")
_SELF = re.compile(
    r"^(?:it|this(?: \w+(?: \w+)?)?|the (?:set|kit|game|product|toy|pack))\s+"
    r"(?=(?:includes|features|comes|contains|has|offers|makes|teaches|helps|encourages|fits|stands|holds|provides)\b)",
    re.IGNORECASE,
)
_LEANT = re.compile(r"^(?:makes?|lets?|keeps?|helps?|gives?|with|put)\b.{0,40}\b(?:it|them)\b", re.IGNORECASE)
_QUOTE = re.compile(r'(?<!\d)"')
_IS = re.compile(r"^(?:it is|it's|this is|these are|they are)\s+(?=(?:an?|the|made)\b)", re.IGNORECASE)
_END = re.compile(
    r"(?:^|\s)(?:and|or|the|an?|of|with|for|to|in|on|by|from|at|as|is|are|that|which|your|its|their|this|&)$",
    re.IGNORECASE,
)
_LIST = re.compile(r",\s+(?:and|or|&)\s+|\s+(?:and|or|&)\s+|,\s+", re.IGNORECASE)
_HELD = re.compile(
    r"^(?:features?|includes?|including|comes with|contains|has|set of|packed with)\s+(?!to\b|to:)(.+)$",
    re.IGNORECASE,
)
_NOT_NOUN = re.compile(
    r"\b(?:is|are|was|were|be|can|will|you|your|that|which|it|they|this|these|to|so|when|if|where|who|have|has|let|lets|up|make|makes|use|plus|ready|everything|as|them|she|he)\b",
    re.IGNORECASE,
)
_TAIL = re.compile(r"\s+(?:for|that|which|to|so|when|where|featuring|including|in order)\b.*$", re.IGNORECASE)
_OPEN = re.compile(r"^(?:for|to|in|of|on|with|by|from|at|also|even)\s", re.IGNORECASE)
_OPENERS = frozenset(
    (
        "a",
        "an",
        "the",
        "its",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "twelve",
        "several",
        "many",
        "some",
    )
)
_ARTICLE = re.compile(r"^(?:the|an?|its|your|some)\s+", re.IGNORECASE)
_LOUD = re.compile(r"\b[A-Z]{3,5}\b")
_JOINED = re.compile(r"[a-z] (?:This|The|It|These|They|Your|Each|Our|Comes|Made|Includes|Features) [a-z]")
_BY_X = re.compile(r"(\d)-x-(\d)", re.IGNORECASE)
_DASHED = re.compile(r"(?<=\d)-(?=inch(?:es)?\b|in\b)(?=inches|in\b(?!-)|inch(?!\s[a-z]))")
_GREAT = re.compile(
    r"\b(?:great|excellent|ideal|wonderful|fun|gift|value|high.quality|quality|durab\w+)\b", re.IGNORECASE
)
_AFTER_NAME = re.compile(r"^(?:by|featuring|starring|&)$", re.IGNORECASE)
LEAST, MOST = 10, 220


def sentences(product: Product) -> list[Fact]:
    """What the description says in sentences that can stand alone; the first are worth the most."""
    found: dict[str, Fact] = {}
    title = product.title.casefold()
    own = set(_content(f"{product.title} {product.category}"))
    small = frozenset(re.findall(r"\b[a-z]{2,}\b", product.description[:8_000]))
    for place, raw in enumerate(_pieces(product.description)):
        said = _standing(raw)
        for turn, whole in enumerate(_shortened(said) if said else ()):
            text = _settled(_evened(whole, product.title, small), product.title)
            if LEAST <= len(text) <= MOST and _sound(text, product.title) and text.casefold() not in title:
                held = _content(text)
                near = len(own.intersection(held)) / (1 + len(held))
                worth = 1.0 - 0.03 * place - 0.05 * turn + 0.3 * near + 0.1 * any(map(str.isdigit, text))
                worth -= 0.3 * (_GREAT.search(text) is not None)
                found.setdefault(text.casefold(), Fact(text, worth, f"s{place}"))
    return list(found.values())


def features(product: Product) -> list[Fact]:
    """Noun phrases that can follow 'with': what the description says the product has, in lists."""
    found: dict[str, Fact] = {}
    for place, raw in enumerate(_pieces(product.description)):
        said = _standing(raw)
        held = _HELD.match(said.rstrip(".")) if said else None
        if held is None:
            continue
        for turn, item in enumerate(_LIST.split(held[1])[:5]):
            text = _TAIL.sub("", item).strip(" ,.:;")
            text = f"a {text}" if text.startswith(("pair of ", "set of ")) else text
            if 5 <= len(text) <= 40 and len(text.split()) <= 6 and _noun(text) and counted(text):
                found.setdefault(text.casefold(), Fact(text, 1.0 - 0.03 * place - 0.04 * turn, f"s{place}"))
    return list(found.values())


def counted(text: str) -> bool:
    """Whether it can follow 'with': by its article, its number, its plural, or what is not counted.

    >>> counted("2 wheels"), counted("wheel"), counted("mounting hardware"), counted("soft wheels")
    (True, False, True, True)
    """
    if ":" in text or loud(text, ""):
        return False
    head = re.split(r"\s(?:for|of|with|in|on|from|that)\s", text)[0].split()
    opened = head[0].casefold() in _OPENERS or head[0][0].isdigit()
    last = head[-1].casefold()
    return (
        opened
        or last in words("en")["mass"]
        or (last.endswith("s") and not last.endswith(("ss", "us", "is")))
    )


def loud(text: str, title: str) -> bool:
    """Whether it has a word in capitals that is neither one of the title nor a known abbreviation."""
    known = {*words("en")["capitals"], *re.findall(r"\w+", title)}
    return any(word not in known for word in _LOUD.findall(text))


def weak(text: str) -> bool:
    """Whether it praises more than it tells, so that it is no headline."""
    return _GREAT.search(text) is not None


def _noun(text: str) -> bool:
    tail = text.split()[-1]
    return (
        _NOT_NOUN.search(text) is None
        and _END.search(text) is None
        and _OPEN.match(text) is None
        and (text[0].islower() or text[0].isdigit() or len(text.split()) > 1)
        and len(text.split()) > 1
        and not tail.endswith(("ly", "ing", "ed"))
        and sound(text)
    )


def _pieces(description: str) -> Iterator[str]:
    """Sentences as they stand, in their order."""
    for block in _BLOCK.split(description[:8_000]):
        held = ""
        for part in _STOP.split(clean(block)):
            held = f"{held} {part}".strip()
            if not _SHORTENED.search(held):
                yield held
                held = ""
        if held:
            yield held


def _standing(raw: str) -> str:
    """A sentence without its label, asides and leaning opening; '' where nothing can stand alone."""
    text = _unquoted(_ODD.sub("  ", raw.replace("’", "'")))
    label = _LABEL.match(text)
    if label:
        rest = text[label.end() :].strip()
        if _INCLUDES.search(label[0]) and rest and not _INCLUDES.match(rest):
            rest = f"Includes {lowered(rest)}"
        elif len(rest.split()) < 4 or any(map(str.isdigit, label[0])):
            return ""
        text = rest
    text = _unquoted(_ASIDE.sub("", _BRACKETS.sub("", text)))
    opening = words("en").starts("opening").match(text)
    if opening:
        text = text[opening.end() :].lstrip(" ,")
    text = _IS.sub("", _SELF.sub("", text))
    text = re.sub(r"\s*[.!]+(?=\s|$)", ".", text).strip(" ,:;-")
    if not text or "?" in text or "  " in text or words("en").starts("leaning").match(text):
        return ""
    return text[0].upper() + text[1:]


def _unquoted(text: str) -> str:
    """Without blanks and marks around it; an inch or a foot after a number stays."""
    text = text.strip(" -–—*,:;")
    return text if re.search(r"\d[\"'”]$", text) else text.strip(" \"'“”")


def _shortened(text: str) -> Iterator[str]:
    """The sentence, and what is left of it before a clause that adds rather than limits."""
    yield _quiet(text)
    cutting = words("en").starts("cutting")
    for comma in reversed([match.start() for match in re.finditer(r",\s", text)]):
        if cutting.match(text[comma + 1 :].lstrip()) and comma >= LEAST:
            yield _quiet(text[:comma])
    for end in re.finditer(
        r"\s(?:so (?:that )?you|making it|allowing|perfect for|great for|ideal for)\b", text
    ):
        if end.start() >= LEAST and "," not in text[: end.start()]:
            yield _quiet(text[: end.start()])


def _quiet(text: str) -> str:
    """Without a final stop, and without words that shout."""
    text = _DASHED.sub(" ", _BY_X.sub(r"\1 x \2", text))
    text = re.sub(r"\bbirth\s?\+", "birth and up", text)
    text = re.sub(r"(?<=\d)\s?\+(?=$|[ ,.](?![A-Za-z]))", " and up", text.rstrip(" .!,"))
    return re.sub(r"\b[A-Z]{6,}\b", lambda found: found[0].capitalize(), text)


def _evened(text: str, title: str, small: frozenset[str]) -> str:
    """Capitals inside a sentence down, where the page has the same word in small letters: 'made In Tin'."""

    def even(found: re.Match[str]) -> str:
        word = found[0]
        return word.lower() if word.lower() in small and word not in title else word

    return re.sub(r"(?<=[a-z,] )[A-Z][a-z]+\b", even, text)


def _settled(text: str, title: str) -> str:
    """A line whose Words All Begin With Capitals, as a sentence; names that the title has stay."""
    held = text.split()
    large = sum(word[0].isupper() or not word[0].isalpha() for word in held)
    if len(held) < 2 or large < 0.8 * len(held):
        return text
    kept = set(re.findall(r"\w+", title))
    out, name = [held[0]], _AFTER_NAME.match(held[0]) is not None
    for word in held[1:]:
        name = name and word[0].isupper()
        out.append(word if name or set(re.findall(r"\w+", word)) & kept else lowered(word))
        name = name or _AFTER_NAME.match(word) is not None
    return " ".join(out)


def sound(text: str) -> bool:
    """Whether a text says nothing that an advertisement leaves unsaid."""
    return (
        words("en").strike.search(text) is None
        and len(_QUOTE.findall(text)) % 2 == 0
        and text.count("(") == text.count(")")
        and "http" not in text
        and "@" not in text
        and re.search(r"[^\W\d_]{3}", text) is not None
    )


def _sound(text: str, title: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    capitals = sum(char.isupper() for char in letters)
    lone = len(text.split()) < 2
    titled = (
        sum(word[:1].isupper() for word in text.split()) > 0.75 * len(text.split()) and len(text.split()) > 4
    )
    return (
        sound(text)
        and not lone
        and not titled
        and capitals <= 0.35 * len(letters)
        and _END.search(text) is None
        and text.count(",") <= 4
        and text.count(":") == 0
        and not loud(text, title)
        and _JOINED.search(text) is None
        and len(re.findall(r"\b[A-Z]{4,}\b", text)) < 2
        and _LEANT.match(text) is None
        and re.search(r"\w-\s|\s\+$|\.\s\d", text) is None
    )


def bare(text: str) -> str:
    """A noun phrase without its article."""
    return _ARTICLE.sub("", text)


def lowered(text: str) -> str:
    """The first word in small letters, unless it is a name or shouts by nature.

    >>> lowered("Large box"), lowered("USB cable"), lowered("A doll")
    ('large box', 'USB cable', 'a doll')
    """
    head, *more = text.split() or [""]
    if head.casefold() in words("en")["proper"]:
        return text
    named = head.endswith("'s") or (
        bool(more) and more[0][0].isupper() and head.casefold() not in ("a", "an", "the")
    )
    return text[0].lower() + text[1:] if not named and (head[1:].islower() or len(head) == 1) else text


def _content(text: str) -> list[str]:
    return re.findall(r"[a-z]{4,}", text.casefold())
