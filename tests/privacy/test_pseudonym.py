"""Keyed pseudonyms: the same in Python and in SQL, and the id itself nowhere in the shop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import shops

from hawker import delivery
from hawker.ingest import behaviour
from hawker.privacy.pseudonym import Naming, digest
from hawker.records.decision import Request
from hawker.records.events import Event, EventKind
from hawker.storage import secrets, tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Pseudonyms, Shop

WHO = "jane-doe-4711"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shops.tiny(tmp_path_factory.mktemp("keyed") / "shop", pseudonyms=Pseudonyms.KEYED)


@given(name=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40))
def test_python_and_sql_agree(keyed: Shop, name: str) -> None:
    naming = Naming(keyed)
    connection = tables.connect(threads=1)
    found = connection.execute(f"SELECT {naming.sql('x')} FROM (SELECT ? AS x)", [name]).fetchone()
    assert found == (naming.of(name),)
    assert naming.of(naming.of(name)) == naming.of(name)
    assert not name or naming.of(name) != name


def test_given_names_stay(tmp_path: Path) -> None:
    naming = Naming(shops.tiny(tmp_path / "shop"))
    event = Event(EventKind.VIEW, 1, shopper=WHO)
    assert naming.of(WHO) == WHO
    assert naming.sql("shopper") == "shopper"
    assert naming.renamed(event) is event
    assert naming.ever(WHO) == (WHO,)


def test_a_rotated_key_makes_new_names_and_finds_the_old_ones(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", pseudonyms=Pseudonyms.KEYED)
    old = Naming(shop).of(WHO)
    secrets.rotate(shop, "pseudonyms")
    assert Naming(shop).of(WHO) != old
    assert Naming(shop).ever(WHO) == (Naming(shop).of(WHO), old)
    assert digest(old, b"another") == old


def test_the_id_is_nowhere_in_the_shop(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", pseudonyms=Pseudonyms.KEYED)
    log = tmp_path / "log.csv"
    log.write_text(
        "event,time,user,product\n"
        + "".join(f"view,2024-02-2{day}T10:00:00,{WHO},tea\n" for day in range(1, 6))
    )
    assert behaviour(shop, log).events == 5
    with delivery.build(shop) as engine:
        made = engine.decide(Request("home", shopper=WHO))
        engine.observe([Event(EventKind.VIEW, shops.NOW, shopper=WHO, product="tea")])
        engine.decide(Request("home", shopper=WHO))
        code = engine.world.state.codes["shopper"].find(Naming(shop).of(WHO))
        found = engine.world.state.read("shopper", np.array([code], np.int32), now=engine.tick())
        assert made.request.shopper == Naming(shop).of(WHO)
        assert found["visits"][0] > 1
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    names = connection.execute("SELECT DISTINCT shopper FROM events WHERE kind = 'view'").fetchall()
    assert names == [(Naming(shop).of(WHO),)]
    for path in shop.folder.rglob("*"):
        assert not path.is_file() or WHO.encode() not in path.read_bytes(), path


def test_lists_and_attributes_given_by_id_meet_the_shopper_under_the_pseudonym(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", pseudonyms=Pseudonyms.KEYED)
    connection = tables.connect(threads=1)
    tables.replace(connection, f"SELECT 'vip' AS audience, '{WHO}' AS shopper", shop.table("audiences"))
    query = f"SELECT '{WHO}' AS id, '13-17' AS age_band, '' AS gender, '' AS location, true AS opted_out"
    tables.replace(connection, query, shop.table("shoppers"))
    with delivery.build(shop) as engine:
        name = engine.naming.of(WHO)
        assert engine.world.members.of(name)[0] == {"vip"}
        assert engine.world.minors == engine.world.opted_out == {name}
        assert engine.decide(Request("home", shopper=WHO)).path_reason == "minor"
