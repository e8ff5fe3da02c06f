"""One server on the exchange's shop for all tests that leave its money alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.server.client import Client
from tests.server.openrtb import exchange

from hawker.server import app


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    shop = exchange.shop(tmp_path_factory.mktemp("market") / "shop")
    with Client(app(shop, limit=50_000)) as made:
        yield made
