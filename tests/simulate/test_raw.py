"""The raw files: the same bytes for the same seed, in a shop's own formats, with real dirt."""

import csv
import gzip
import io
from collections import Counter

import msgspec
import pytest

from hawker.ingest.catalogue import catalogue
from hawker.records.events import Event, EventKind
from hawker.simulate import raw
from hawker.simulate.campaigns import settings
from hawker.simulate.world import world
from hawker.storage.shop import Shop


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    said = []
    folder = tmp_path_factory.mktemp("zh")
    files = raw.write(folder, shoppers=300, days=35, progress=lambda what, share: said.append((what, share)))
    return folder, files, said


@pytest.fixture(scope="module")
def lines(written):
    return [line for path in written[1].logs for line in gzip.decompress(path.read_bytes()).splitlines()]


@pytest.fixture(scope="module")
def orders(written):
    return list(csv.reader(io.StringIO(written[1].orders.read_bytes().decode("gbk"))))


def read(line):
    try:
        return raw.parsed(line)
    except (ValueError, KeyError, msgspec.ValidationError):
        return None


def test_same_seed_same_bytes(written, tmp_path):
    folder, files, _ = written
    again = raw.write(tmp_path, shoppers=300, days=35)
    paths = [files.catalogue, files.orders, *files.logs]
    assert [path.relative_to(folder) for path in paths] == [
        path.relative_to(tmp_path) for path in (again.catalogue, again.orders, *again.logs)
    ]
    assert len(files.logs) == 5
    for path in paths:
        assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes()


def test_another_seed_other_bytes(written, tmp_path):
    other = raw.write(tmp_path, shoppers=300, days=35, seed=8)
    assert other.logs[0].read_bytes() != written[1].logs[0].read_bytes()


def test_progress_only_rises(written):
    shares = [share for _, share in written[2]]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert all(what for what, _ in written[2])


def test_the_catalogue_has_chinese_headers_and_one_row_a_product(written):
    text = written[1].catalogue.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert list(rows[0]) == list(raw.PRODUCT_COLUMNS.values())
    assert len({row["商品编号"] for row in rows}) == len(rows) == written[1].products
    assert all(float(row["价格"]) > 0 for row in rows)
    assert {row["库存状态"] for row in rows} == {"有货", "缺货"}


def test_the_catalogue_reads_back_as_the_very_products(written, tmp_path):
    truth = world("zh", shoppers=1, days=1)
    shop = Shop.create(tmp_path, settings(truth))
    result = catalogue(shop, written[1].catalogue, columns=raw.PRODUCT_COLUMNS)
    assert (result.products, result.set_aside, result.findings) == (len(truth.products), 0, ())
    assert [shop.catalogue[product.id] for product in truth.products] == list(truth.products)


def test_good_lines_are_events_and_the_rest_is_the_dirt_that_was_counted(written, lines):
    events = [read(line) for line in lines]
    dirt = written[1].dirt
    assert events.count(None) == dirt["broken rows"] > 0
    good = [event for event in events if event]
    assert all(isinstance(event, Event) and event.synthetic for event in good)
    ids = Counter(event.id for event in good)
    assert sum(n - 1 for n in ids.values()) == dirt["repeated rows"] > 0
    strange = [event for event in good if not 1_700_000_000 < event.time / 1e6 < 1_800_000_000]
    assert len(strange) == dirt["impossible times"] == 3
    assert min(event.time for event in strange) == 0  # 1970
    views = [e for e in {e.id: e for e in good}.values() if e.kind is EventKind.VIEW]
    assert sum(event.shopper == "" for event in views) == dirt["anonymous views"] > 0
    assert sum(event.product.startswith("old-") for event in views) == dirt["unknown products"] > 0


def test_nothing_is_lost_between_the_events_and_the_files(written, lines, orders):
    online = {event.id for event in map(read, lines) if event and not event.id.startswith("clock")}
    extra = written[1].dirt["negative quantities"] + written[1].dirt["broken order rows"]
    assert len(online) + len(orders) - 1 - extra == written[1].events


def test_amounts_are_yuan_and_times_local(lines):
    bought = next(line for line in lines if b'"purchase"' in line)
    event = raw.parsed(bought)
    assert f'"amount":"{event.value / 1e6:.2f}"'.encode() in bought
    assert b"+08:00" in bought


def test_the_stores_orders_are_gbk_with_chinese_headers(written, orders):
    header, *rows = orders
    assert header[:-1] == list(raw.ORDER_COLUMNS.values())
    with pytest.raises(UnicodeDecodeError):
        written[1].orders.read_bytes().decode("utf-8")
    dirt = written[1].dirt
    assert sum(row[4].startswith("-") for row in rows) == dirt["negative quantities"]
    assert sum(row[5] == "待核" for row in rows) == dirt["broken order rows"]
    assert {row[7] for row in rows} == {"true"}
    assert {row[6] for row in rows} <= {"上海徐汇店", "杭州西湖店", "成都锦江店"}


def test_files_print_what_was_planted(written):
    assert "products" in str(written[1])
    assert "broken rows" in str(written[1])
