"""Writes the tables of reasons in docs/errors.md from the code: `python dev/reasons.py`.

A reason is a key of a module's dictionary named REASONS (or ending so), its value the words for it.
One table a module, between the two markers of the page; what stands around them is written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "hawker"
PAGE = ROOT / "docs" / "errors.md"
START, END = "<!-- reasons: written by dev/reasons.py -->", "<!-- end of reasons -->"


def tables() -> Iterator[str]:
    """One Markdown table for each dictionary of reasons, in the order of the modules' names."""
    seen: set[int] = set()
    for path in sorted(SOURCE.rglob("*.py")):
        if "REASONS" not in path.read_text("utf-8"):
            continue
        module = import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))
        for name, value in vars(module).items():
            if name.endswith("REASONS") and id(value) not in seen and codes(value):
                seen.add(id(value))
                yield table(f"`{module.__name__}`: {purpose(module.__doc__)}", value)


def codes(value: object) -> bool:
    """Whether a value is a dictionary from codes in snake_case to words."""
    return isinstance(value, dict) and bool(value) and all(str(key).isidentifier() for key in value)


def purpose(docstring: str | None) -> str:
    """The first sentence of a docstring, up to its first line's end."""
    return (docstring or "").strip().splitlines()[0].rstrip(".")


def table(heading: str, reasons: dict[str, str]) -> str:
    rows = "\n".join(f"| `{code}` | {words.replace('|', chr(92) + '|')} |" for code, words in reasons.items())
    return f"{heading}\n\n| Reason | In words |\n|---|---|\n{rows}\n"


def main() -> None:
    before, start, rest = PAGE.read_text("utf-8").partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        sys.exit(f"{PAGE.name} lacks the markers '{START}' and '{END}'.")
    PAGE.write_text(f"{before}{START}\n\n{chr(10).join(tables())}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
