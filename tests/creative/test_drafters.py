"""Drafters behave alike: the one without a model, and a small model of llama.cpp's."""

from __future__ import annotations

import pytest
from tests.behaviour.drafters import DrafterSuite
from tests.language.writing import model

from hawker.creative.draft import Extractive
from hawker.creative.prompted import Prompted
from hawker.creative.studio import Drafter
from hawker.language.writer_local import Local
from hawker.records.writing import WriterRules


class TestExtractive(DrafterSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> Drafter:
        return Extractive()


class TestPrompted(DrafterSuite):
    """With SmolLM2, which reads English alone."""

    few = 2
    languages = ("en",)

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> Drafter:
        return Prompted(Local(model(), rules=WriterRules(context=2_048, threads=1), name="local:smollm2"))
