"""Which model writes for a shop, what it may be asked, how long it is waited for, and what it costs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0, le=3_600)]


class WriterRules(Struct, frozen=True, forbid_unknown_fields=True):
    """`model` is 'extractive', 'openai:URL#MODEL' or 'local:FILE.gguf' (a name that was fetched will do).

    At most `requests_a_minute` and `tokens_a_minute` are asked for (0: no limit), and up to
    `patience_seconds` waited for a turn; what would take longer is answered 'busy' with the time to wait.
    `price_read` and `price_written` are micros for a million tokens. A server has `connect_seconds` to
    take the call, `first_seconds` for its first word and for every silence after it, `whole_seconds` for
    all of it, and is asked `tries` times. `context` is the tokens a local model can hold, `threads` how
    many it may use (0: all cores).
    """

    model: str = "extractive"
    requests_a_minute: Count = 0
    tokens_a_minute: Count = 0
    patience_seconds: Annotated[float, Meta(ge=0, le=3_600)] = 5.0
    price_read: Count = 0
    price_written: Count = 0
    connect_seconds: Seconds = 5.0
    first_seconds: Seconds = 60.0
    whole_seconds: Seconds = 180.0
    tries: Annotated[int, Meta(ge=1, le=20)] = 3
    stream: bool = True
    context: Annotated[int, Meta(ge=256)] = 4_096
    threads: Count = 0
