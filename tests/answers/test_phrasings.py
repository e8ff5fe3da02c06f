"""The same facts asked for in hundreds of ways, in both languages, and what is not on record in fifty."""

from __future__ import annotations

import pytest
from tests.answers import phrasings

from hawker import answers
from hawker.answers import Assistant


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return answers.build(phrasings.shop(tmp_path_factory.mktemp("corner")))


@pytest.mark.parametrize("said", phrasings.SAID)
def test_however_it_is_asked_the_same_is_said(assistant: Assistant, said: str) -> None:
    missed = {}
    for question in map(phrasings.filled, phrasings.SAID[said]):
        answer = assistant.ask(question)
        if answer.abstained or said not in answer.text:
            missed[question] = answer.text
        assert all(one.citations for one in answer.sentences if not answer.abstained), question
    assert not missed


@pytest.mark.parametrize("question", phrasings.UNSAID)
def test_however_it_is_asked_what_is_not_on_record_is_not_said(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(phrasings.filled(question))
    assert answer.abstained, answer.text
