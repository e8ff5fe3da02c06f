"""Copy before it is an ad: what was asked for, what was drafted, and what the gate objects to."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from hawker.records.catalogue import Product
from hawker.records.finding import Severity


class Kind(StrEnum):
    """What the words are for; which parts each has and how long they may be is in `creative.layout`."""

    RESPONSIVE = "responsive_search"
    PERFORMANCE = "performance_max"
    NATIVE = "native"
    BANNER = "banner"
    PUSH = "push"
    EMAIL = "email"
    SMS = "sms"
    DESCRIPTION = "description"
    SOCIAL = "social"
    KEYWORDS = "keywords"


class Brief(Struct, frozen=True, omit_defaults=True):
    """What a writer is told: the product, for whom, where it will stand, and how the brand speaks.

    `audience` says for whom in a few words, `interests` what they look at; `must` are words that have
    to appear, `avoid` words that may not (competitors among them); `voice` are lines in the brand's
    own tone. `language` '' means the product's own; `jurisdiction` is CN, EU, UK or US, '' the
    language's usual one; `evidence` are the rules of that law for which proof is held; `limits` say how
    wide parts may be where they have to be narrower than their kind's.
    """

    product: Product
    kind: Kind = Kind.NATIVE
    placement: str = ""
    audience: str = ""
    interests: tuple[str, ...] = ()
    tone: str = ""
    language: str = ""
    jurisdiction: str = ""
    must: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    voice: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    limits: dict[str, int] = field(default_factory=dict)


class Effort(Struct, frozen=True, omit_defaults=True):
    """What a model spent on its answer, and how that ended: `reason` is '' where it came to its own end.

    Else it is one of 'cut' (no room for more), 'busy' (ask again after `wait` seconds), 'slow' (took too
    long), 'away' (no server), 'garbage' (no answer in the protocol's form), 'too_long' (more was asked than
    the model holds), 'stopped', 'empty', and of a draft 'not_json', 'echo' (the prompt itself), 'language'.
    Tokens are as the model counts them; `cost` is in micros.
    """

    reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    cost: int = 0
    wait: float = 0.0

    def __add__(self, other: Effort) -> Effort:
        return Effort(
            self.reason or other.reason,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.seconds + other.seconds,
            self.cost + other.cost,
            max(self.wait, other.wait),
        )


class Draft(Struct, frozen=True, omit_defaults=True):
    """One set of words for one product. `parts` are named as in `creative.layout`, each a few lines.

    `writer` says who wrote it ('extractive', 'openai:…', 'local:…', a person), `version` which
    model, `prompt` what it was told (its key in the shop's records), `seed` which of its drafts.
    `effort` is what a model spent on it; where its reason is not '', parts may be missing.
    """

    product: str
    kind: Kind
    language: str
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    writer: str = "extractive"
    version: str = ""
    prompt: str = ""
    seed: int = 0
    effort: Effort = Effort()


class Objection(Struct, frozen=True, omit_defaults=True):
    """One thing the gate holds against a draft: where it stands, why, and what would mend it.

    `kind` is the check that speaks (ground, length, law, safety, language, duplicate, schema), `reason`
    its short code; `part` and `line` name the text, `start` and `end` the characters in it, `text`
    those characters. An ERROR keeps the draft from being shown; a WARNING asks a person to look.
    `clause` cites the rule of a law. `message` and `remedy` are in the reader's language.
    """

    kind: str
    reason: str
    text: str = ""
    part: str = ""
    line: int = 0
    start: int = 0
    end: int = 0
    message: str = ""
    remedy: str = ""
    clause: str = ""
    severity: Severity = Severity.ERROR
