"""The budget of src/hawker: how long a file and a function may be, and how much may be said twice.

    python dev/budget.py [folder]        exit 1 on a breach, naming each place

Twins are functions of at least 8 lines that are the same but for name, decorators, comments,
layout and docstrings.
"""

from __future__ import annotations

import ast
import copy
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

FILE_LINES = 400
FUNCTION_LINES = 60
MEDIAN_LINES = 12
TWIN_LINES = 8
TWIN_SHARE = 0.01

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """One function: where it stands, how long it is, and what it does as normalised source."""

    place: str
    name: str
    lines: int
    body: str

    def __str__(self) -> str:
        return f"{self.place} {self.name}"


@dataclass(frozen=True)
class Budget:
    """What was counted: lines of each file, every function, and groups of twins."""

    files: dict[str, int]
    functions: tuple[Function, ...]
    twins: tuple[tuple[Function, ...], ...]

    @property
    def typical(self) -> float:
        """The median length of a function."""
        return median([function.lines for function in self.functions] or [0])

    @property
    def twin_share(self) -> float:
        """The share of functions that say again what another already says."""
        again = sum(len(group) - 1 for group in self.twins)
        return again / len(self.functions) if self.functions else 0.0

    def __str__(self) -> str:
        longest = max((function.lines for function in self.functions), default=0)
        return (
            f"files      {len(self.files)}, longest {max(self.files.values(), default=0)} lines"
            f" (at most {FILE_LINES})\n"
            f"functions  {len(self.functions)}, longest {longest} lines (at most {FUNCTION_LINES}),"
            f" median {self.typical:g} (under {MEDIAN_LINES})\n"
            f"twins      {self.twin_share:.1%} of functions (at most {TWIN_SHARE:.0%})"
        )

    def breaches(self) -> Iterator[str]:
        """Each place where the budget is overdrawn, with the figure."""
        for path, lines in self.files.items():
            if lines > FILE_LINES:
                yield f"{path}: {lines} lines, at most {FILE_LINES}. Give each idea its own file."
        for function in self.functions:
            if function.lines > FUNCTION_LINES:
                yield f"{function}: {function.lines} lines, at most {FUNCTION_LINES}. Name its steps."
        if self.typical >= MEDIAN_LINES:
            yield f"The median function has {self.typical:g} lines; it must be under {MEDIAN_LINES}."
        if self.twin_share > TWIN_SHARE:
            for group in self.twins:
                yield f"The same function stands at {', '.join(map(str, group))}. Keep one."


def measure(folder: Path) -> Budget:
    """Count every Python file under a folder."""
    files: dict[str, int] = {}
    functions: list[Function] = []
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text("utf-8")
        files[str(path)] = len(text.splitlines())
        functions.extend(found(ast.parse(text), str(path)))
    return Budget(files, tuple(functions), tuple(paired(functions)))


def found(tree: ast.Module, path: str) -> Iterator[Function]:
    """Every function of a file, methods and inner functions included."""
    for node in ast.walk(tree):
        if isinstance(node, Definition):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Function(f"{path}:{node.lineno}", node.name, lines, normal(node))


def normal(node: Definition) -> str:
    """A function's source with its name, decorators and docstrings taken away."""
    bare = copy.deepcopy(node)
    bare.name = "_"
    bare.decorator_list = []
    for inner in ast.walk(bare):
        if isinstance(inner, Definition | ast.ClassDef) and ast.get_docstring(inner) is not None:
            inner.body = inner.body[1:] or [ast.Pass()]
    return ast.unparse(bare)


def paired(functions: list[Function]) -> Iterator[tuple[Function, ...]]:
    """Groups of two or more functions that are the same and long enough to matter."""
    groups: dict[str, list[Function]] = defaultdict(list)
    for function in functions:
        if len(function.body.splitlines()) >= TWIN_LINES:
            groups[function.body].append(function)
    return (tuple(group) for group in groups.values() if len(group) > 1)


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0] if arguments else "src/hawker")
    if not folder.is_dir():
        print(f"'{folder}' is not a folder. Run this from the project's root.", file=sys.stderr)
        return 2
    budget = measure(folder)
    breaches = list(budget.breaches())
    print(budget, *breaches, sep="\n")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
