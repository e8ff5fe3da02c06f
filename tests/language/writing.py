"""The small model of the tests, fetched once; and a server of the same protocol that fails when told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hawker.errors import MissingData
from hawker.language import writer_weights


@cache
def model() -> Path:
    """SmolLM2's file; a test that needs it is skipped where it cannot be fetched."""
    pytest.importorskip("xllamacpp", reason="the extra 'writer' is not installed")
    try:
        return writer_weights.fetch("smollm2")
    except MissingData as error:
        pytest.skip(f"the model cannot be fetched: {error.message}")


class Speaking(ThreadingHTTPServer):
    """Answers 'A red tea pot' as a stream or whole; each entry of `faults` spoils one answer.

    A fault is a status, or a status with headers and a body, or one of "slow", "trickle", "drop", "cut",
    "text", "wrong", "silent", "babble", "filtered". What `refuses` names is not known to it.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults: list[int | str | tuple[int, dict[str, str], str]] = []
        self.refuses: set[str] = set()
        self.says = ["A red", " tea", " pot"]
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.counts = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def speaking() -> Iterator[Speaking]:
    """The server, while the block runs."""
    with Speaking() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Speaking

    def do_GET(self) -> None:
        self._send(200, json.dumps({"data": [{"id": "listed-7b"}]}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        self.server.keys.append(self.headers.get("Authorization"))
        unknown = sorted(self.server.refuses & set(body))
        if unknown:
            told = "max_completion_tokens" if unknown == ["max_tokens"] else ""
            said = {"error": {"message": f"unknown parameter {unknown[0]} {told}"}}
            return self._send(400, json.dumps(said).encode())
        fault = self.server.faults.pop(0) if self.server.faults else ""
        if isinstance(fault, int):
            return self._send(fault, b"{}")
        if isinstance(fault, tuple):
            return self._send(fault[0], fault[2].encode(), fault[1])
        if fault == "drop":
            return self.connection.close()
        if fault == "slow":
            time.sleep(0.4)
        if fault in ("text", "wrong", "silent"):
            said = {"text": b"<html>busy</html>", "wrong": b'{"choices": 7}', "silent": b'{"choices": []}'}
            return self._send(200, said[fault])
        return self._stream(fault) if body.get("stream") else self._whole()

    def _whole(self) -> None:
        choice = {"message": {"content": "".join(self.server.says)}, "finish_reason": "stop"}
        usage = {"usage": {"prompt_tokens": 20, "completion_tokens": 3}} if self.server.counts else {}
        self._send(200, json.dumps({"choices": [choice], "model": "m-1", **usage}).encode())

    def _stream(self, fault: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            self._event(": a comment that keeps the line open")
            for place, piece in enumerate(self.server.says):
                if fault == "cut" and place == 1:
                    return
                if fault == "trickle":
                    time.sleep(0.1)
                said = "not json {" if fault == "babble" else json.dumps(self._piece({"content": piece}))
                self._event(f"data: {said}")
            end = {"filtered": "content_filter"}.get(fault, "stop")
            self._event("data: " + json.dumps(self._piece({}, end)))
            if self.server.counts:
                usage = {"prompt_tokens": 20, "completion_tokens": 3}
                self._event("data: " + json.dumps({"choices": [], "usage": usage}))
            self._event("data: [DONE]")
        except OSError:
            pass

    def _piece(self, delta: dict[str, str], end: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": end}], "model": "m-1"}

    def _event(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n\r\n")
        self.wfile.flush()

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests print nothing."""
