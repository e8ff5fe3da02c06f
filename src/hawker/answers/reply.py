"""What the assistant says: sentences, each with the records it stands on, and what it could not say."""

from __future__ import annotations

from msgspec import Struct

MOST_TURNS = 6


class Citation(Struct, frozen=True, omit_defaults=True):
    """Where a fact stands: in the `field` of a `record` of a `source`, with the value as it was said.

    `source` is 'catalogue', 'policy', 'faq' or 'order'. Of a longer text, `start` and `end` bound the
    characters of the field that are cited.
    """

    source: str
    record: str
    field: str
    value: str
    start: int = 0
    end: int = 0

    @property
    def mark(self) -> str:
        """The citation as a reader sees it.

        >>> Citation("catalogue", "sku-1", "price", "4.00 USD").mark
        '[sku-1.price]'
        """
        return f"[{self.record}.{self.field}]"


class Sentence(Struct, frozen=True, omit_defaults=True):
    """One sentence. One that states a fact has citations; a greeting, a question or a regret has none."""

    text: str
    citations: tuple[Citation, ...] = ()


class Turn(Struct, frozen=True, omit_defaults=True):
    """What was asked before: the question, masked, and what kind of answer it had."""

    question: str
    kind: str


class Conversation(Struct, frozen=True, omit_defaults=True):
    """What is remembered from one question to the next: the products last named, what was asked of them."""

    products: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    kind: str = ""
    language: str = ""
    turns: tuple[Turn, ...] = ()

    def after(self, turn: Turn) -> tuple[Turn, ...]:
        """The turns with one more, the oldest forgotten."""
        return (*self.turns, turn)[-MOST_TURNS:]


class Suggestion(Struct, frozen=True, omit_defaults=True):
    """A product recommended, and why; with an `ad` it is sponsored and `label` has to stand beside it."""

    product: str
    title: str
    reason: str
    ad: str = ""
    label: str = ""
    decision: str = ""
    slot: int = 0


class Answer(Struct, frozen=True, omit_defaults=True):
    """The answer to one question.

    `abstained` says that nothing on record answers it, and `reason` why, in one code; `handover` is then
    the summary for a person. `clarify` lists what the shopper may choose from. `conversation` is to be
    given with the next question. `writer` names what phrased the text, where it was not the assistant.
    """

    text: str
    sentences: tuple[Sentence, ...] = ()
    kind: str = ""
    products: tuple[str, ...] = ()
    abstained: bool = False
    reason: str = ""
    handover: str = ""
    clarify: tuple[str, ...] = ()
    suggested: tuple[Suggestion, ...] = ()
    sponsored: tuple[Suggestion, ...] = ()
    language: str = "en"
    conversation: Conversation = Conversation()
    writer: str = ""

    @property
    def cited(self) -> str:
        """The text with a mark after each sentence that stands on a record."""
        marked = (
            " ".join([one.text, *dict.fromkeys(citation.mark for citation in one.citations)])
            for one in self.sentences
        )
        return " ".join(marked) or self.text
