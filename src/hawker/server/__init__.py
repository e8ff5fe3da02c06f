"""The shop's ads over HTTP: `app` is the ASGI application, `run` serves it, `answer` asks it once."""

from hawker.server.application import Application, app
from hawker.server.once import answer
from hawker.server.serving import keyed, run

__all__ = ["Application", "answer", "app", "keyed", "run"]
