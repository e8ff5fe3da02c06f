"""One question on its way to an answer: who asks, what was understood, and how sentences are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hawker.answers.facts import Fact, titled
from hawker.answers.question import Asked
from hawker.answers.reply import Answer, Citation, Conversation, Sentence
from hawker.answers.say import label, sentence
from hawker.records.catalogue import Product
from hawker.records.money import display


@dataclass(frozen=True)
class Case:
    """A question, the products it is about, or the `options` that fit equally, and what was said before."""

    text: str
    asked: Asked
    products: tuple[Product, ...] = ()
    options: tuple[Product, ...] = ()
    sure: float = 0.0
    whole: bool = False
    before: Conversation = field(default_factory=Conversation)
    shopper: str = ""
    currency: str = ""

    @property
    def language(self) -> str:
        """The language to answer in."""
        return self.asked.language

    def say(self, code: str, *citations: Citation, **values: str) -> Sentence:
        """A sentence of the table, with what it stands on."""
        return Sentence(sentence(code, self.language, **values), citations)

    def fact(self, product: Product, fact: Fact) -> Sentence:
        """A field of a product as a sentence."""
        code = fact.field if fact.field in ("category", "link") else "fact"
        if fact.field in ("description", "title"):
            code = "told"
        name = self.name(fact)
        return self.say(code, fact.citation, title=titled(product), name=name, value=ended(fact.value))

    def name(self, fact: Fact) -> str:
        """What a fact's field is called, within a sentence."""
        found = label(fact.field, self.language)
        if found != fact.field:
            return found
        name = fact.name
        return name.lower() if name.istitle() or name.islower() else name

    def money(self, product: Product, amount: int) -> str:
        """A price as a person reads it."""
        return display(amount, product.currency or self.currency)

    def refuse(
        self,
        reason: str,
        *sentences: Sentence,
        kind: str,
        about: Sequence[Product] = (),
        code: str = "",
        **values: str,
    ) -> Answer:
        """Nothing on record answers it: why, and what is on record beside."""
        if about and "title" not in values:
            values["title"] = titled(about[0])
        said = self.say(code or reason, **values)
        return Answer(
            text="",
            sentences=(said, *sentences),
            kind=kind,
            products=tuple(one.id for one in about),
            abstained=True,
            reason=reason,
        )

    def answer(self, kind: str, *sentences: Sentence, about: Sequence[Product] = ()) -> Answer:
        """An answer of some sentences about some products."""
        return Answer(text="", sentences=sentences, kind=kind, products=tuple(one.id for one in about))


def ended(value: str) -> str:
    """A value without the stop that a sentence brings itself."""
    return value.rstrip(" .。;；!！") or value
