"""SQL in files and on a server: one behaviour for campaigns, old databases grown, failures told calmly."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sql

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import servers

from behaviour.controls import ControlBehaviour
from hawker.errors import BadSetting, Conflict, MissingExtra, Unreachable
from hawker.storage import database
from hawker.storage.control import Control
from hawker.storage.keys import Keys

OLD = sql.MetaData()
sql.Table("things", OLD, sql.Column("name", sql.Text, primary_key=True))
NEW = sql.MetaData()
THINGS = sql.Table(
    "things",
    NEW,
    sql.Column("name", sql.Text, primary_key=True),
    sql.Column("count", sql.Integer, nullable=False, server_default="7"),
)


class TestSqlite(ControlBehaviour):
    def target(self, folder: Path) -> database.Target:
        return folder / "deep" / "control.db"


class TestPostgres(ControlBehaviour):
    def target(self, _: Path) -> database.Target:
        return servers.database()


@pytest.mark.parametrize("server", [False, True])
def test_a_column_that_an_older_database_lacks_is_added_and_filled(tmp_path: Path, server: bool) -> None:
    target: database.Target = servers.database() if server else tmp_path / "old.db"
    old = database.opened(target, OLD)
    with database.writing(old) as connection:
        connection.execute(sql.text("INSERT INTO things (name) VALUES ('a')"))
    old.dispose()
    database._made.clear()
    filled: list[str] = []
    for _ in range(2):
        new = database.opened(target, NEW, fill={"things.count": lambda _: filled.append("once")})
        with database.reading(new) as connection:
            assert connection.execute(sql.select(THINGS)).all() == [("a", 7)]
        new.dispose()
        database._made.clear()
    assert filled == ["once"]


def test_what_crossed_another_is_tried_again() -> None:
    """Two transactions take two rows in opposite orders: PostgreSQL ends one, and it is run again."""
    engine = database.opened(servers.database(), NEW)
    with database.writing(engine) as connection:
        connection.execute(THINGS.insert(), [{"name": "a", "count": 0}, {"name": "b", "count": 0}])
    meeting, tries = threading.Barrier(2), list[str]()

    @database.retried
    def add(*names: str) -> None:
        tries.append(names[0])
        with database.sharing(engine) as connection:
            for name in names:
                more = sql.update(THINGS).where(THINGS.c.name == name).values(count=THINGS.c.count + 1)
                connection.execute(more)
                if len(tries) <= 2 and name == names[0]:
                    meeting.wait(10)

    threads = [threading.Thread(target=add, args=names) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading(engine) as connection:
        assert sorted(connection.execute(sql.select(THINGS)).all()) == [("a", 2), ("b", 2)]
    assert len(tries) == 3
    engine.dispose()


def test_a_conflict_that_is_none_of_time_is_not_tried_again() -> None:
    tries: list[int] = []

    @database.retried
    def refuse() -> None:
        tries.append(1)
        raise Conflict("Somebody holds it.")

    with pytest.raises(Conflict):
        refuse()
    assert len(tries) == 1


def test_nothing_else_writes_while_one_writes_alone() -> None:
    url, order = servers.database(), list[str]()
    one, two = database.opened(url, NEW), database.opened(url, NEW)
    started = threading.Event()

    def second() -> None:
        started.set()
        with database.writing(two):
            order.append("second")

    with database.writing(one):
        thread = threading.Thread(target=second)
        thread.start()
        started.wait(5)
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    one.dispose()
    two.dispose()


def test_failures_name_the_place_and_the_remedy_and_never_the_password(tmp_path: Path) -> None:
    away = f"postgresql://hawker:hunter2@/shop?host={tmp_path}"
    with pytest.raises(Unreachable, match="Start the server") as caught:
        Control(away)
    assert "hunter2" not in str(caught.value)
    there = servers.database()
    missing = there.replace("/shop", "/nowhere", 1)
    with pytest.raises(BadSetting, match="createdb"):
        Keys(missing)
    for wrong in ("mysql://u:hunter2@h/d", "postgresql+asyncpg://u:hunter2@h/d", "://"):
        with pytest.raises(BadSetting, match="not a database that Hawker can use") as caught_wrong:
            Control(wrong)
        assert "hunter2" not in str(caught_wrong.value)


def test_a_server_that_stops_is_named_and_met_again(tmp_path: Path) -> None:
    url = servers.database()
    control = Control(url)
    other = database.opened(url, NEW)
    with database.writing(other) as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        connection.exec_driver_sql(f"{others} AND datname = current_database()")
    other.dispose()
    assert control.version() == 0
    control.close()
    assert database.exists(url)
    assert not database.exists(tmp_path / "none.db")


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"hawker\[postgres\]"):
        Control("postgresql://hawker@db/shop")


def test_nothing_of_a_server_is_loaded_for_files(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hawker.storage.control import Control; "
        f"Control(Path({str(tmp_path)!r}) / 'c.db').close(); "
        "print([name for name in ('psycopg', 'redis') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
