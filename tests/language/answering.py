"""A server of embeddings in the OpenAI form: it asks an encoder, and fails when told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hawker.language import Encoder


class Answering(ThreadingHTTPServer):
    """Answers with `by`'s vectors; each entry of `faults` spoils one answer: a status, or one of
    "slow", "trickle", "drop", "text", "short", "fewer", "nan".
    """

    daemon_threads = True

    def __init__(self, by: Encoder) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.by = by
        self.faults: list[int | str] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def answering(by: Encoder) -> Iterator[Answering]:
    """The server, while the block runs."""
    with Answering(by) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        self.server.keys.append(self.headers.get("Authorization"))
        fault = self.server.faults.pop(0) if self.server.faults else ""
        if isinstance(fault, int) or self.path != "/v1/embeddings":
            return self._send(fault if isinstance(fault, int) else 404, b"{}")
        if fault == "drop":
            return self.connection.close()
        vectors = self.server.by.passages(body["input"]).astype(float)
        if fault == "short":
            vectors = vectors[:, :-1]
        if fault == "fewer":
            vectors = vectors[:-1]
        if fault == "nan":
            vectors[0] = 1e300
        items = [
            {"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(vectors.tolist())
        ]
        found = json.dumps({"object": "list", "data": items[::-1], "model": body["model"]}).encode()
        if fault == "slow":
            time.sleep(0.4)
        if fault == "trickle":
            return self._trickle(found)
        return self._send(200, b"<html>busy</html>" if fault == "text" else found)

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if status == 307:
            self.send_header("Location", "/v1/embeddings")
        self.end_headers()
        self.wfile.write(content)

    def _trickle(self, content: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for i in range(0, 100):
                self.wfile.write(content[i : i + 1])
                self.wfile.flush()
                time.sleep(0.02)
        except OSError:
            pass

    def log_message(self, format: str, *args: Any) -> None:
        """Tests print nothing."""
