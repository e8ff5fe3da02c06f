"""`hawker ask`: what the shop's assistant answers, and the records that it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from hawker.cli.call import AsJson, Call, Quiet, call, indented

if TYPE_CHECKING:
    from hawker.answers import Answer, Assistant, Conversation
    from hawker.retrieval.search import Found

Questions = Annotated[
    list[str], typer.Argument(metavar="QUESTION…", help="One question, or several in turn.")
]
Shopper = Annotated[str, typer.Option("--shopper", metavar="ID", help="Who has signed in: for their orders.")]
Language = Annotated[str, typer.Option("--language", metavar="en|zh", help="Else that of the question.")]


def ask(
    ctx: typer.Context,
    questions: Questions,
    shopper: Shopper = "",
    language: Language = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Ask the shop's assistant, as its shoppers do: hawker ask "How much is the green tea?"."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    with asked.progress() as tell:
        tell(asked.word("indexing"), 0.0)
        from hawker import answers

        assistant = answers.build(asked.shop)
    told = []
    conversation: Conversation | None = None
    for question in questions:
        answer, found = assistant.considered(
            question, conversation=conversation, language=language, shopper=shopper
        )
        answer = _sponsored(asked, assistant, assistant.phrased(answer), found, shopper)
        conversation = answer.conversation
        told.append({"question": question, **msgspec.to_builtins(answer)})
        show(asked, question, answer)
    asked.answer(told[0] if len(told) == 1 else {"answers": told})
    asked.then("serve", why=asked.word("ask_serve"))


def show(asked: Call, question: str, answer: Answer) -> None:
    """A question, its answer with the records it stands on, and what is offered beside."""
    from hawker.privacy import masking

    asked.say(asked.word("ask_question", text=masking.text(question)), style="bold")
    for one in answer.sentences:
        asked.say(indented(one.text))
        marks = " ".join(dict.fromkeys(citation.mark for citation in one.citations))
        if marks:
            asked.say(indented(marks, by=5), style="dim")
    for title in answer.clarify:
        asked.say(indented(f"· {title}", by=5))
    for suggestion in (*answer.suggested, *answer.sponsored):
        asked.say(indented(f"{suggestion.title} ({suggestion.reason})", by=5), style="dim")
    if answer.abstained:
        asked.say(indented(asked.word("ask_handover", reason=answer.reason)), style="yellow")
    asked.say("")


def _sponsored(
    asked: Call, assistant: Assistant, answer: Answer, found: Found | None, shopper: str
) -> Answer:
    """What `decide()` sponsors beside a recommendation, where the shop has a place for it."""
    place = asked.shop.settings.answers.placement
    if found is None or not place:
        return answer
    from hawker import delivery
    from hawker.answers import offers

    with delivery.build(asked.shop, process="ask") as engine:
        request = offers.request(found, placement=place, shopper=shopper, language=answer.language)
        return offers.beside(answer, found, asked=request, engine=engine, search=assistant.search)[0]
