"""What the documents show is run: Python and console blocks, file by file, in an empty folder.

The blocks of one file run in order and share variables and folder. In a console block a line that
starts with `$ ` is a command, and the lines below it are what it prints (`…` stands for anything;
nothing below means that the output is not shown). `<!-- not run: reason -->` above a block excuses
it; a block inside an HTML comment runs without being shown, to prepare the ones that are.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
EXCUSE = re.compile(r"<!--\s*not run:\s*(.*?)\s*-->")
SHELLS = {"bash", "sh", "shell", "zsh"}
KNOWN = {
    "hawker",
    "python",
    "cat",
    "cd",
    "cp",
    "echo",
    "gunzip",
    "gzip",
    "head",
    "ls",
    "mkdir",
    "printf",
    "tail",
}


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, text, first line in the file, and why it is not run, if so."""

    language: str
    text: str
    line: int
    excuse: str | None = None


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    fence, language, start, before = "", "", 0, ""
    held: list[str] = []
    for number, line in enumerate(page.splitlines(), 1):
        opened = re.match(r"(\s*)(`{3,}|~{3,})\s*([\w-]*)", line)
        if not fence and opened:
            fence, language, start, held = opened[2], opened[3], number + 1, []
        elif fence and line.strip() == fence:
            found = EXCUSE.fullmatch(before.strip())
            yield Block(language, "\n".join(held) + "\n", start, found[1] if found else None)
            fence, before = "", ""
        elif fence:
            held.append(line)
        elif line.strip():
            before = line


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output shown below it."""
    text = re.sub(r"\\\n(?:> )?\s*", "", text)
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command.strip(), shown.strip()


class Reader:
    """Someone who types what a page shows, into one folder, from the top of the page to its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.here = folder
        self.names: dict[str, Any] = {"__name__": "__page__"}

    def follow(self, block: Block, where: str) -> None:
        if block.language == "python":
            self.python(block, where)
        elif block.language == "console":
            for command, shown in commands(block.text):
                self.console(command, shown, where)

    def python(self, block: Block, where: str) -> None:
        os.chdir(self.here)
        if ">>> " not in block.text:
            exec(compile("\n" * (block.line - 1) + block.text, where, "exec"), self.names)
            return
        test = doctest.DocTestParser().get_doctest(block.text, self.names, where, where, block.line)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        told: list[str] = []
        runner.run(test, out=told.append, clear_globs=False)
        self.names.update(test.globs)
        assert runner.failures == 0, "".join(told)

    def console(self, command: str, shown: str, where: str) -> None:
        after = self.folder / ".pwd"
        script = f"{command}\nstatus=$?\npwd > '{after}'\nexit $status"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.here,
            env={**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
        )
        told = (done.stdout + done.stderr).strip()
        assert done.returncode == 0, f"{where}: '{command}' ended with {done.returncode}:\n{told}"
        pattern = ".*".join(map(re.escape, shown.split("…")))
        assert not shown or re.search(pattern, told, re.DOTALL), f"{where}: '{command}' printed:\n{told}"
        self.here = Path(after.read_text().strip())


def runs(block: Block) -> bool:
    """Whether the block is to be run: it is of a language that runs and nothing excuses it."""
    return block.language in {"python", "console"} and block.excuse is None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [block for block in blocks(page.read_text("utf-8")) if runs(block)]
    if any(block.language == "console" for block in shown) and find_spec("hawker.cli") is None:
        pytest.skip("hawker.cli does not exist yet")
    monkeypatch.chdir(tmp_path)
    reader = Reader(tmp_path)
    for block in shown:
        reader.follow(block, f"{page.relative_to(ROOT)}:{block.line}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_are_of_a_kind_that_can_be_held_to_their_word(page: Path) -> None:
    for block in blocks(page.read_text("utf-8")):
        where = f"{page.name}:{block.line}"
        assert block.language not in SHELLS, f"{where}: write ```console with '$ ' before each command"
        assert block.excuse != "", f"{where}: say why the block is not run"
        if block.language == "json":
            json.loads(block.text)
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "console" and block.excuse is None:
            first = {command.split()[0] for command, _ in commands(block.text)}
            assert first, f"{where}: a console block without a '$ ' line"
            assert first <= KNOWN, f"{where}: mark with <!-- not run: reason -->, or use {sorted(KNOWN)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_the_reader_runs_blocks_in_order_and_sees_what_is_wrong(tmp_path: Path) -> None:
    page = """
```python
x = 1
```

<!-- not run: it needs a network -->
```python
raise SystemExit
```

```python
>>> x + 1
2
```

```console
$ mkdir shop && cd shop
$ echo one \\
    two
one …wo
```
"""
    found = list(blocks(page))
    assert [block.excuse for block in found] == [None, "it needs a network", None, None]
    assert [runs(block) for block in found] == [True, False, True, True]
    reader = Reader(tmp_path)
    before = Path.cwd()
    for block in filter(runs, found):
        reader.follow(block, "page")
    os.chdir(before)
    assert reader.names["x"] == 1
    assert reader.here == tmp_path / "shop"


@pytest.mark.parametrize(
    "block",
    [
        Block("python", "assert 1 == 2\n", 1),
        Block("python", ">>> 1 + 1\n3\n", 1),
        Block("console", "$ echo one\ntwo\n", 1),
        Block("console", "$ cat nothing-here\n", 1),
    ],
)
def test_a_block_that_does_not_do_what_it_says_fails(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError):
        Reader(tmp_path).follow(block, "page")
