"""Asking a server over HTTP that may be slow, busy or gone: asked again where that helps, else said why."""

from __future__ import annotations

import email.utils
import http.client
import os
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hawker.errors import BadReply, BadSetting

T = TypeVar("T")
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Answers that may be another one a moment later."""
MOST = 64 << 20
"""Bytes of an answer."""
_TOLD = 4_096  # bytes of a refusal that are read


class Refused(Exception):
    """The server will not, however often it is asked: its status, what it said, and the body of that."""

    def __init__(self, code: int, said: str, body: str) -> None:
        super().__init__(said)
        self.code, self.said, self.body = code, said, body


class Silent(Exception):
    """The server did not, for now: what it said last, how often it was asked, when it asks to be asked again.

    `code` is its status, 0 where none came; `slow` says that it took the call and did not answer in time.
    """

    def __init__(
        self, said: str, *, turns: int, code: int = 0, wait: float = 0.0, slow: bool = False
    ) -> None:
        super().__init__(said)
        self.said, self.turns, self.code, self.wait, self.slow = said, turns, code, wait, slow


@dataclass(frozen=True)
class Wire:
    """The way to one server. The secret of the environment variable `key`, or of the file that `key`_FILE

    names, is sent as a bearer token, only to `url`. `connect` seconds to take the call, `silence` between
    any two bytes, `whole` for an answer. After a failure that may pass it is asked again, `tries` times in
    all, after `pause`, twice that, and so on, a little more or less; where it says how long to wait, so long,
    unless that is longer than `patience`.
    """

    url: str
    key: str
    connect: float = 10.0
    silence: float = 30.0
    whole: float = 30.0
    tries: int = 4
    pause: float = 0.5
    patience: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def post(self, path: str, asked: Any) -> bytes:
        """The whole answer. Raises `Refused` and `Silent`, and `BadReply` for one without end."""
        return self.again(lambda: self._whole(path, asked))

    def _whole(self, path: str, asked: Any) -> bytes:
        with self.open(path, asked) as reply:
            return b"".join(self.flow(reply))

    @contextmanager
    def open(self, path: str, asked: Any = None) -> Iterator[Any]:
        """One answer as it begins; asked with a GET where there is nothing to send. Asks once."""
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if key := secret(self.key):
            headers["Authorization"] = f"Bearer {key}"
        body = None if asked is None else msgspec.json.encode(asked)
        request = urllib.request.Request(f"{self.url}/{path}", body, headers)
        with self._opener.open(request, timeout=min(self.silence, self.whole)) as reply:
            yield reply

    def flow(self, reply: Any) -> Iterator[bytes]:
        """The bytes of an answer as they come; raises `TimeoutError` when it has gone on too long."""
        until, held = time.monotonic() + self.whole, 0
        while part := reply.read1(1 << 16):
            held += len(part)
            if held > MOST:
                raise BadReply(f"'{self.url}' answered with more than {MOST >> 20} MB.")
            yield part
            if time.monotonic() > until:
                raise TimeoutError

    def again(self, ask: Callable[[], T]) -> T:
        """What `ask` brings, asked again while that may help. Raises `Refused` or `Silent`."""
        code, said, slow = 0, "", False
        for turn in range(1, self.tries + 1):
            wait = self.pause * 2 ** (turn - 1) * random.uniform(0.75, 1.25)
            code, slow = 0, False
            try:
                return ask()
            except urllib.error.HTTPError as error:
                code, said, body = error.code, f"it answers {error.code} {error.reason}", _told(error)
                if code not in AGAIN:
                    raise Refused(code, said, body) from error
                wait = max(wait, asked := _after(error.headers.get("Retry-After")))
                if asked > self.patience:
                    raise Silent(said, turns=turn, code=code, wait=asked) from error
            except TimeoutError:
                said, slow = f"no answer within {min(self.silence, self.whole):g} s", True
            except (OSError, http.client.HTTPException) as error:
                said = str(getattr(error, "reason", error)) or type(error).__name__
            if turn < self.tries:
                self.sleep(wait)
        raise Silent(said, turns=self.tries, code=code, wait=wait if code else 0.0, slow=slow)

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        return urllib.request.build_opener(_Straight, _Plain(self.connect), _Sealed(self.connect))


def secret(key: str) -> str:
    """What the environment variable holds, or else the first line of the file that KEY_FILE names."""
    if found := os.environ.get(key, "").strip():
        return found
    named = os.environ.get(f"{key}_FILE", "")
    if not named:
        return ""
    try:
        return Path(named).read_text("utf-8").strip().partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            f"{key}_FILE names '{named}', which cannot be read.", remedy="Put the key into that file."
        ) from error


def _told(error: urllib.error.HTTPError) -> str:
    """What a refusal says, read and closed."""
    with error:
        try:
            return error.read(_TOLD).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return ""


def _after(said: str | None) -> float:
    """The seconds of a Retry-After, which are a number or the time of a clock; 0 where there are none.

    >>> _after("7"), _after(None), _after("soon")
    (7.0, 0.0, 0.0)
    """
    if not said:
        return 0.0
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        when = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


class _Straight(urllib.request.HTTPRedirectHandler):
    """A key goes where the shop sends it, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class _Plain(urllib.request.HTTPHandler):
    """Connections that wait less long to be taken than to be answered."""

    def __init__(self, connect: float) -> None:
        super().__init__()
        self._made = _quick(http.client.HTTPConnection, connect)

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._made, request)


class _Sealed(urllib.request.HTTPSHandler):
    """The same, sealed."""

    def __init__(self, connect: float) -> None:
        super().__init__()
        self._made = _quick(http.client.HTTPSConnection, connect)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._made, request)


def _quick(kind: type[http.client.HTTPConnection], connect: float) -> Any:
    class Quick(kind):  # type: ignore[misc, valid-type]
        timeout: float

        def connect(self) -> None:
            patience: float = self.timeout
            self.timeout = min(connect, patience)
            super().connect()
            self.timeout = patience
            self.sock.settimeout(patience)

    return Quick
