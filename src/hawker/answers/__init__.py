"""The shop assistant: answers from the catalogue, the shop's own words and its orders, with citations."""

from hawker.answers.assistant import Assistant, build
from hawker.answers.reply import Answer, Citation, Conversation, Sentence, Suggestion

__all__ = ["Answer", "Assistant", "Citation", "Conversation", "Sentence", "Suggestion", "build"]
