"""The description holds: requests made from it, fitting and unfitting, are answered as it says.

Every operation is asked with generated cases. Each answer must have a status, a type and a shape that
the description lists, what does not fit must be refused, and none may be an error of ours.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from tests import shops
from tests.server.client import Client

from hawker.records.key import Rates, Role
from hawker.server import app
from hawker.server.describe import document
from hawker.server.parts import ENDPOINTS
from hawker.storage.keys import Keys

CHECKS = [
    checks.negative_data_rejection,
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.allow_header_conformance,
    checks.missing_required_header,
]
schema = schemathesis.openapi.from_dict(msgspec.json.decode(document(ENDPOINTS)))


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    shop = shops.tiny(tmp_path_factory.mktemp("described") / "shop", rates=Rates(guest=0))
    keys = Keys(shop.control)
    secret = keys.create(Role.SHOP, now=1)[1]
    keys.close()
    with Client(app(shop)) as made:
        made.secret = secret  # type: ignore[attr-defined]
        yield made


@schema.parametrize()
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_operation_answers_as_described(case: schemathesis.Case, described: Client) -> None:
    asked = case.as_transport_kwargs(base_url="http://localhost")
    asked.pop("timeout", None)
    made = requests.Request(**asked).prepare()
    assert made.url is not None
    headers = dict(made.headers)
    if "Authorization" in headers:
        headers["Authorization"] = f"Bearer {described.secret}"  # type: ignore[attr-defined]
    answer = described.request(made.method or "GET", made.url, headers=headers, content=made.body or b"")
    one_by_one = case.path == "/v1/events"  # a batch is taken with a verdict on each item, not refused
    case.validate_response(answer, checks=CHECKS[1:] if one_by_one else CHECKS)
