"""The container file and the systemd unit: parsed, held to what they promise, and to what the code knows."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from hawker.cli.main import app

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "hawker.service"


def instructions() -> list[tuple[str, str]]:
    """The container file's instructions: name and argument, comments and continuations resolved."""
    text = (ROOT / "Containerfile").read_text("utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", lines)
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in joined.splitlines() if line]


def unit() -> dict[str, dict[str, list[str]]]:
    """The unit's sections; a key may be given several times."""
    sections: dict[str, dict[str, list[str]]] = {}
    name = ""
    for line in UNIT.read_text("utf-8").splitlines():
        if found := re.fullmatch(r"\[(\w+)\]", line):
            name = found[1]
        elif line and not line.startswith("#"):
            key, mark, value = line.partition("=")
            assert mark, line
            sections.setdefault(name, {}).setdefault(key, []).append(value)
    return sections


def parsed(words: list[str]) -> dict[str, object]:
    """The options of `hawker … serve …`, by the command line's own parser."""
    command = get_command(app)
    place = words.index("serve")
    verb = command.commands["serve"]  # type: ignore[attr-defined]
    return dict(verb.make_context("serve", list(words[place + 1 :]), resilient_parsing=False).params)


def test_the_container_runs_as_an_ordinary_user_and_knows_how_it_is() -> None:
    found = instructions()
    names = [name for name, _ in found]
    assert [value.partition(" ")[0] for name, value in found if name == "FROM"] == ["python:3.11-slim"] * 2
    user = next(value for name, value in found if name == "USER")
    assert any(name == "RUN" and f"/usr/sbin/nologin {user}" in value for name, value in found)
    assert names.index("USER") < names.index("ENTRYPOINT")
    health = next(value for name, value in found if name == "HEALTHCHECK")
    assert "/ready" in health
    assert ("STOPSIGNAL", "SIGTERM") in found


def test_the_container_serves_with_options_that_exist() -> None:
    given = dict(instructions())
    words = [*json.loads(given["ENTRYPOINT"]), *json.loads(given["CMD"])]
    options = parsed(words)
    assert (options["host"], options["port"]) == ("0.0.0.0", int(given["EXPOSE"]))


def test_the_container_installs_extras_that_exist() -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    installed = re.search(r'"\.\[([a-z,]+)\]"', (ROOT / "Containerfile").read_text("utf-8"))
    assert installed
    assert set(installed[1].split(",")) <= set(known)


def test_the_unit_serves_with_options_that_exist_and_may_do_little_else() -> None:
    service = unit()["Service"]
    options = parsed(shlex.split(service["ExecStart"][0]))
    assert (options["workers"], options["port"]) == (2, 8000)
    assert service["User"] == ["hawker"]
    for key, value in {
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "ProtectSystem": "strict",
        "PrivateDevices": "yes",
        "UMask": "0077",
        "Restart": "on-failure",
    }.items():
        assert service[key] == [value], key
    assert int(service["TimeoutStopSec"][0]) > 30


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text("utf-8").replace("/opt/hawker/bin/hawker", "/bin/true")
    copy = tmp_path / "hawker.service"
    copy.write_text(re.sub(r"(?m)^(User|Group)=.*$", r"\1=root", text), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False
    )
    about = [line for line in done.stderr.splitlines() if "hawker.service" in line]
    assert not about, about
