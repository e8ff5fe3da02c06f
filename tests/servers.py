"""Real servers for the tests: PostgreSQL and Redis, started in a folder of their own as an ordinary user.

Where a program is not installed the tests that need it are skipped, saying so; with
HAWKER_REQUIRE_SERVERS=1, which CI sets once it has installed them, they fail instead.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

_numbers = itertools.count()


class Absent(Exception):
    """A server's program is not installed here."""


def database() -> str:
    """The URL of a database with nothing in it, on a server started for this run."""
    folder = _or_skip(_postgres)
    name = f"shop{next(_numbers)}"
    import psycopg

    with psycopg.connect(f"postgresql://hawker@/postgres?host={folder}", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return f"postgresql://hawker@/{name}?host={folder}"


def state() -> str:
    """The URL of a Redis with nothing in it, on a server started for this run."""
    import redis

    address = f"unix://{_or_skip(_redis)}/redis.sock"
    client = redis.Redis.from_url(address)
    client.flushall()
    client.close()
    return address


def _or_skip(started: functools._lru_cache_wrapper[Path]) -> Path:
    try:
        return started()
    except Absent as error:
        if os.environ.get("HAWKER_REQUIRE_SERVERS") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


@functools.cache
def _postgres() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if initdb is None:
        raise Absent("PostgreSQL is not installed: there is no initdb.")
    folder = _folder("pg")
    data, programs = folder / "data", Path(initdb).parent
    _run([initdb, "-D", str(data), "-U", "hawker", "-A", "trust", "-E", "UTF8", "--no-sync"])
    options = {
        **{"unix_socket_directories": folder, "listen_addresses": "", "max_connections": 60},
        **{"fsync": "off", "shared_buffers": "16MB", "autovacuum": "off", "log_min_messages": "fatal"},
    }
    given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    _begin([str(programs / "postgres"), "-D", str(data), *given], folder)
    _wait(lambda: (folder / ".s.PGSQL.5432").exists() and _ready(programs, folder), "PostgreSQL")
    return folder


def _ready(programs: Path, folder: Path) -> bool:
    asked = [str(programs / "pg_isready"), "-q", "-h", str(folder)]
    return subprocess.run(asked, check=False).returncode == 0


@functools.cache
def _redis() -> Path:
    program = shutil.which("redis-server")
    if program is None:
        raise Absent("Redis is not installed: there is no redis-server.")
    folder = _folder("redis")
    command = [program, "--port", "0", "--unixsocket", str(folder / "redis.sock"), "--unixsocketperm", "777"]
    _begin([*command, "--save", "", "--appendonly", "no", "--dir", str(folder)], folder)
    _wait(lambda: (folder / "redis.sock").exists(), "Redis")
    return folder


def _ordinary() -> list[str]:
    """What goes before a command so that root does not run it: `initdb` refuses root."""
    if os.geteuid() != 0:
        return []
    user = next((name for name in ("postgres", "nobody") if _known(name)), None)
    setpriv = shutil.which("setpriv")
    if user is None or setpriv is None:
        raise Absent("There is no ordinary user to run a server as (setpriv, and postgres or nobody).")
    found = pwd.getpwnam(user)
    return [setpriv, f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups"]


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _folder(name: str) -> Path:
    """A short path (sockets may not have a long one) that the ordinary user owns."""
    folder = Path(tempfile.mkdtemp(prefix=f"hawker-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if os.geteuid() == 0:
        found = next(pwd.getpwnam(user) for user in ("postgres", "nobody") if _known(user))
        os.chown(folder, found.pw_uid, found.pw_gid)
    folder.chmod(0o755)
    return folder


def _run(command: list[str]) -> None:
    done = subprocess.run([*_ordinary(), *command], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr


def _begin(command: list[str], folder: Path) -> None:
    with open(folder / "log", "ab") as log:
        server = subprocess.Popen([*_ordinary(), *command], stdout=log, stderr=log, cwd="/")
    atexit.register(_end, server)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait(ready: object, name: str) -> None:
    assert callable(ready)
    for _ in range(600):
        if ready():
            return
        time.sleep(0.05)
    raise AssertionError(f"{name} did not start within 30 s.")
