"""An answer in the words of the shop's writer, where it has one: taken only if it says the same."""

from __future__ import annotations

import re

import msgspec

from hawker.answers.reply import Answer, Sentence
from hawker.answers.safe import instructs
from hawker.creative import gate
from hawker.errors import BadReply
from hawker.language.analysis import plain
from hawker.language.writer import Message, Writer
from hawker.records.catalogue import Product

MOST_TOKENS = 200
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LIMITS = re.compile(
    r"\b(?:no|nor|not|none|never|neither|without|unless|except|only|cannot)\b|n't\b|[不无没未非勿]|除非|除了|仅|只|禁"
)
_TASK = {
    "en": "Say the following to a shopper in one or two friendly sentences. Keep every number, name and "
    "unit exactly as it is. Add nothing.",
    "zh": "请用一两句亲切的话把下面的内容告诉顾客。数字、名称和单位一字不改，不要添加任何内容。",
}


def phrased(
    answer: Answer, writer: Writer | None, *, products: tuple[Product, ...], jurisdiction: str
) -> Answer:
    """The answer as the writer puts it; as it is where there is none, or the check objects.

    The writer is told the extracted sentences alone: nothing that the shopper typed reaches it.
    """
    if writer is None or answer.abstained or not any(one.citations for one in answer.sentences):
        return answer
    language = "zh" if answer.language == "zh" else "en"
    asked = (Message("system", _TASK[language]), Message("user", answer.text))
    try:
        written = writer.write(asked, seed=0, most_tokens=MOST_TOKENS, temperature=0.0)
    except BadReply:
        return answer
    text = " ".join(written.text.split())
    if written.reason or not text or not faithful(text, answer) or instructs(text):
        return answer
    found = gate.text(text, products or None, language=language, jurisdiction=jurisdiction)
    if not gate.passes([one for one in found if products or one.kind != "ground"]):
        return answer
    cited = dict.fromkeys(citation for one in answer.sentences for citation in one.citations)
    return msgspec.structs.replace(
        answer, text=text, sentences=(Sentence(text, tuple(cited)),), writer=writer.name
    )


def faithful(text: str, answer: Answer) -> bool:
    """Whether a text has the numbers and the limits (not, only) of an answer, all and no others, and every

    value that is cited from the catalogue.

    >>> cited = Answer("Tea costs 4.00 USD.", (Sentence("Tea costs 4.00 USD."),))
    >>> faithful("For 4.00 USD the tea is yours.", cited), faithful("It is 3.00 USD.", cited)
    (True, False)
    >>> faithful("Tea never costs 4.00 USD.", cited)
    False
    """
    said, told = plain(text), plain(answer.text)
    if any(set(found.findall(said)) != set(found.findall(told)) for found in (_NUMBER, _LIMITS)):
        return False
    values = [
        plain(citation.value)
        for one in answer.sentences
        for citation in one.citations
        if citation.source == "catalogue" and plain(citation.value) in plain(one.text)
    ]
    return all(value in said for value in values)
