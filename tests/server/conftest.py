"""One server on the tiny shop for all tests that leave it as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests import shops
from tests.server.client import Client

from hawker.server import app


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    shop = shops.tiny(tmp_path_factory.mktemp("served") / "shop")
    with Client(app(shop, limit=20_000)) as made:
        yield made
