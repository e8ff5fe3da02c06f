"""The raw files go through the shop's own ingest: what was planted is what is found."""

import pytest

from hawker.ingest.catalogue import catalogue
from hawker.simulate import raw
from hawker.simulate.campaigns import settings
from hawker.simulate.world import world
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

behaviour = pytest.importorskip("hawker.ingest.behaviour").behaviour


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zh")
    files = raw.write(folder, shoppers=200, days=21)
    shop = Shop.create(folder, settings(world("zh", shoppers=1, days=1)))
    catalogue(shop, files.catalogue, columns=raw.PRODUCT_COLUMNS)
    logs = behaviour(shop, *files.logs, columns=raw.COLUMNS)
    orders = behaviour(
        shop, files.orders, columns=raw.ORDER_COLUMNS, kind="purchase", timezone=raw.ZONE, currency="CNY"
    )
    return shop, files, logs, orders


def test_what_was_planted_is_set_aside_and_all_else_kept(ingested):
    _, files, logs, orders = ingested
    dirt = files.dirt
    assert logs.set_aside == dirt["broken rows"] + dirt["impossible times"]
    assert logs.duplicates == dirt["repeated rows"]
    assert orders.set_aside == dirt["broken order rows"]
    assert logs.events + orders.events == files.events + dirt["negative quantities"]


def test_the_log_is_all_synthetic_and_in_yuan(ingested):
    shop, _, _, _ = ingested
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    found = connection.execute(
        "SELECT bool_and(synthetic), count(DISTINCT kind), max(value), bool_and(currency = 'CNY') "
        "FILTER (value > 0) FROM events"
    ).fetchone()
    assert found is not None
    synthetic, kinds, dearest, yuan = found
    assert synthetic
    assert yuan
    assert kinds >= 12
    assert 100_000_000 < dearest < 10_000_000_000


def test_columns_are_proposed_as_they_are_meant(ingested):
    from hawker.ingest import columns

    _, files, _, _ = ingested
    orders = columns.propose(files.orders)
    assert orders.kind == "purchase"
    assert orders.columns == raw.ORDER_COLUMNS
    log = columns.propose(files.logs[-1]).columns
    assert {name: raw.COLUMNS[name] for name in log} == log
    assert {"kind", "time", "shopper", "product", "query", "value", "synthetic"} <= set(log)
