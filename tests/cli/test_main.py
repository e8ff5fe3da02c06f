"""The frame of the command line: what it loads, how it refuses, what JSON and silence mean."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))

from shell import answer, files, hawker, process

from hawker.cli import main as entry
from hawker.cli.main import VERBS, app, code
from hawker.errors import BadRecord, Conflict, MissingData, NoShop

HEAVY = ("numpy", "duckdb", "numba", "sqlalchemy", "starlette", "uvicorn", "lightgbm", "sklearn", "torch")


def test_help_loads_nothing_heavy() -> None:
    probe = (
        "import sys; sys.argv = ['hawker', '--help']\n"
        "from hawker.cli import main\n"
        "try: main()\n"
        f"except SystemExit: print('loaded:', *[name for name in {HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("loaded:")


def test_help_lists_the_verbs_in_the_order_of_need() -> None:
    told = hawker("--help").stdout
    listed = [line.split()[1] for line in told.splitlines() if line.startswith("│ ") and line[2:3].isalpha()]
    assert listed == [verb for verb in VERBS if verb in listed]
    assert {"init", "ingest", "check", "train", "evaluate", "serve", "report"} <= set(listed)


def test_the_entry_point_is_a_function() -> None:
    assert callable(entry)
    assert process("--version", folder=Path.cwd()).stdout.startswith("hawker 0.")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (BadRecord("x"), 2),
        (NoShop("x"), 1),
        (Conflict("x"), 1),
        (MissingData("x"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(error: BaseException, expected: int) -> None:
    assert code(error) == expected


def test_an_error_is_a_message_and_a_remedy_on_stderr(tmp_path: Path) -> None:
    done = process("-C", "nowhere", "check", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "'nowhere' is not a shop: it holds no shop.toml.",
        "Make one with: hawker -C FOLDER init, or try hawker demo.",
    ]


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = process("-C", "nowhere", "--debug", "check", folder=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "NoShop" in done.stderr


def test_with_json_an_error_is_one_object_too(tmp_path: Path) -> None:
    done = process("-C", "nowhere", "check", "--json", folder=tmp_path)
    told = json.loads(done.stdout)
    assert told["error"]["kind"] == "NoShop"
    assert "hawker demo" in told["error"]["remedy"]
    assert done.returncode == 1


def test_a_bad_settings_file_names_the_nearest_key(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text('curency = "EUR"\n')
    done = hawker("-C", tmp_path, "check")
    assert done.exit_code == 2
    assert "Did you mean 'currency'?" in done.stderr


def test_a_fault_of_ours_is_no_traceback_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer("init", tmp_path / "s")

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(import_module("hawker.ingest.check"), "check", broken)
    done = hawker("-C", tmp_path / "s", "check")
    assert done.exit_code == 1
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "fault of Hawker's" in done.stderr
    assert "Traceback" not in done.output


def test_a_file_system_that_refuses_is_told_calmly(tmp_path: Path) -> None:
    answer("init", tmp_path / "s")
    done = hawker("-C", tmp_path / "s", "check", "--html", tmp_path / "s" / "shop.toml" / "page.html")
    assert done.exit_code == 1
    assert "shop.toml" in done.stderr
    assert "Traceback" not in done.output


def test_inside_a_shop_no_folder_needs_to_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer("init", tmp_path / "s")
    (tmp_path / "s" / "tables").mkdir()
    monkeypatch.chdir(tmp_path / "s" / "tables")
    done = hawker("check")
    assert done.exit_code == 2
    assert done.stdout.rstrip().endswith("Next  hawker ingest catalogue FILE")


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    files(tmp_path)
    assert hawker("init", tmp_path / "s", "-q").output == ""
    assert hawker("-C", tmp_path / "s", "ingest", "catalogue", tmp_path / "catalogue.csv", "-q").output == ""


def test_a_reader_that_went_away_is_no_error(tmp_path: Path) -> None:
    answer("init", tmp_path / "s")
    program = Path(sys.executable).with_name("hawker")
    line = f"'{program}' -C s check --json | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("words", [["fly"], ["check", "--htm", "x"], ["evaluate", "--promote", "--rollback"]])
def test_what_is_not_understood_exits_with_2(words: list[str], tmp_path: Path) -> None:
    answer("init", tmp_path / "s")
    done = CliRunner().invoke(app, ["-C", str(tmp_path / "s"), *words])
    assert done.exit_code == 2
    assert done.stderr


def test_the_process_and_the_runner_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path)
    process("init", "a", folder=tmp_path)
    done = process("-C", "a", "ingest", "behaviour", "log.jsonl", "--json", folder=tmp_path)
    monkeypatch.chdir(tmp_path)
    answer("init", "b")
    here = answer("-C", "b", "ingest", "behaviour", "log.jsonl")
    there = json.loads(done.stdout)
    assert {**there, "seconds": 0, "events_per_s": 0} == {**here, "seconds": 0, "events_per_s": 0}
    assert here["events"] == 3
