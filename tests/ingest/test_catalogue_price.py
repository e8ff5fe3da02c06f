"""Prices, availability, categories and languages, as shops write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hawker.ingest.feeds.price import CURRENCIES, price
from hawker.ingest.feeds.product import AVAILABILITY, Defaults, category, product
from hawker.ingest.feeds.rows import Row
from hawker.records.catalogue import Availability, Product
from hawker.records.markup import clean
from hawker.records.money import MICROS

AMOUNTS = st.integers(1, 10**10).map(lambda cents: Decimal(cents) / 100)
CODES = st.sampled_from(sorted(CURRENCIES))
FULL_WIDTH = str.maketrans("0123456789.,", "０１２３４５６７８９．，")


@pytest.mark.parametrize(
    ("text", "amount", "currency", "reason"),
    [
        ("12,99 €", "12.99", "EUR", ""),
        ("1.299,00 EUR", "1299", "EUR", ""),
        ("1 299,00 €", "1299", "EUR", ""),
        ("CHF 1'299.50", "1299.50", "CHF", ""),
        ("15.00 USD", "15", "USD", ""),
        ("US$ 5", "5", "USD", ""),
        ("HK$88.5", "88.5", "HKD", ""),
        ("￥１２９．００", "129", "CNY", ""),
        ("59元", "59", "CNY", ""),
        ("1.2万元", "12000", "CNY", ""),
        ("¥59.9起", "59.9", "CNY", ""),
        ("7", "7", "", ""),
        ("$5.99 - $7.99", "5.99", "USD", "price_range"),
        ("$7.99–$5.99", "5.99", "USD", "price_range"),
        ("59元至99元", "59", "CNY", "price_range"),
        ("12,99 € bis 15,99 €", "12.99", "EUR", "price_range"),
        ("$6.94 $ 6 . 94", "6.94", "USD", "price_unclear"),
        ("$ 19 99 $39.95", "0", "", "bad_price"),
        ("Total price:", "0", "", "bad_price"),
        ("-3.00", "0", "", "bad_price"),
        ("$-3.00", "0", "", "bad_price"),
        ("99999999999", "0", "", "bad_price"),
        ("15.00 QQQ", "0", "", "unknown_currency"),
        ("", "0", "", ""),
        ("Free", "0", "", ""),
        ("免费", "0", "", ""),
    ],
)
def test_prices_as_shops_write_them(text: str, amount: str, currency: str, reason: str):
    found = price(text)
    assert (found.amount, found.currency, found.reason) == (int(Decimal(amount) * MICROS), currency, reason)
    assert bool(found.message) == bool(reason)


@settings(max_examples=50)
@given(AMOUNTS, CODES, st.sampled_from(["{} {}", "{}{}", "{}\u00a0{}"]), st.booleans())
def test_an_amount_with_its_code_survives_every_way_to_write_it(
    amount: Decimal, code: str, shape: str, wide: bool
):
    english = f"{amount:,.2f}"
    german, swiss = english.translate(str.maketrans(",.", ".,")), english.replace(",", "'")
    for number in (english, german, swiss, f"{amount:.2f}", f"{amount:.2f}".replace(".", ",")):
        text = number.translate(FULL_WIDTH) if wide else number
        for written in (shape.format(text, code), f"{code} {text}"):
            assert price(written)[:3] == (int(amount * MICROS), code, ""), written


@given(AMOUNTS, AMOUNTS)
def test_a_range_gives_its_low_end(one: Decimal, other: Decimal):
    found = price(f"${one:.2f} - ${other:.2f}")
    assert found.amount == int(min(one, other) * MICROS)
    assert found.reason == "price_range"


@given(st.text(max_size=60))
def test_no_text_makes_price_or_clean_fail(text: str):
    found = price(text)
    assert 0 <= found.amount <= 10**9 * MICROS
    assert found.currency in {"", *CURRENCIES}
    assert clean(text) == clean(text).strip()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("in stock", Availability.IN_STOCK),
        ("in_stock", Availability.IN_STOCK),
        ("https://schema.org/InStock", Availability.IN_STOCK),
        ("http://schema.org/PreOrder", Availability.PREORDER),
        ("Out-of-Stock", Availability.OUT_OF_STOCK),
        ("SoldOut", Availability.OUT_OF_STOCK),
        ("onbackorder", Availability.BACKORDER),
        ("有货", Availability.IN_STOCK),
        ("售罄", Availability.OUT_OF_STOCK),
        ("预售", Availability.PREORDER),
        ("true", Availability.IN_STOCK),
        ("0", Availability.OUT_OF_STOCK),
        ("17", Availability.IN_STOCK),
        ("", Availability.IN_STOCK),
    ],
)
def test_the_words_for_availability(word: str, expected: Availability):
    made, notes = product(Row(1, {"id": "a", "title": "A", "price": "1", "availability": word}), Defaults())
    assert isinstance(made, Product)
    assert (made.availability, notes) == (expected, [])
    assert set(AVAILABILITY.values()) == set(Availability)


@pytest.mark.parametrize("mark", [" > ", ">", " | ", "|", "/", " / ", " › ", "»", " &gt; "])
def test_category_separators_come_to_one(mark: str):
    assert category(mark.join(["女装", "Dresses & Co", "Maxi"])) == "女装 > Dresses & Co > Maxi"


def test_a_sale_above_the_price_is_the_price():
    made, _ = product(Row(1, {"id": "a", "title": "A", "price": "10", "sale_price": "12"}), Defaults("EUR"))
    assert isinstance(made, Product)
    assert (made.price, made.sale_price, made.currency) == (12_000_000, 10_000_000, "EUR")
