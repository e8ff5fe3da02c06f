"""How an ad looks: as HTML for a page, as native assets, as plain text; marked as an ad in each of them.

Whatever an advertiser writes is data: control characters and marks that turn the direction of text are
taken out, the rest is escaped, and links and pictures lead to the web or to the shop itself.
"""

from __future__ import annotations

import unicodedata
from html import escape

import msgspec

from hawker.creative import native as assets
from hawker.creative.native import Filled, NativeAnswer
from hawker.records.catalogue import Product, on_sale
from hawker.records.decision import ShownAd
from hawker.records.money import display

MARKS = {"zh": "广告", "en": "Ad"}
_WHY = {"zh": "为什么看到这条广告？", "en": "Why this ad?"}
_BEFORE = {"zh": "原价", "en": "Before"}
_PAID = {"zh": "付费方", "en": "paid by"}
_COLON = {"zh": "：", "en": ": "}
_JOINERS = "\u200c\u200d"  # which some scripts and emoji need
_BOX = (
    "display:block;max-width:24rem;box-sizing:border-box;padding:.75rem;border:1px solid #767676;"
    "border-radius:.5rem;background:#fff;color:#1a1a1a;font:1rem/1.4 system-ui,sans-serif;"
    "overflow-wrap:anywhere"
)
_LINK = "display:block;color:inherit;text-decoration:none"
_PICTURE = "display:block;width:100%;height:auto;max-height:16rem;object-fit:contain;margin:0 0 .5rem"
_BLOCK = "display:block"
_CALL = (
    "display:inline-block;margin-top:.5rem;padding:.4rem .8rem;border-radius:.3rem;"
    "background:#0b4f9e;color:#fff"
)
_SMALL = "display:block;margin-top:.5rem;font-size:.8125rem;color:#595959"
_QUIET = "color:#595959"


def html(
    ad: ShownAd,
    *,
    product: Product | None = None,
    language: str = "en",
    why: str = "",
    click: str = "",
    secure: bool = False,
) -> str:
    """The ad as a piece of a page: a landmark named as an ad, readable at any width, without scripts.

    `product` gives the picture its words and adds the price, `why` is where the ad explains itself,
    `click` where it leads (its product's page by default). With `secure` pictures come by https alone.
    """
    spoken = _language(language)
    title = clean(product.title if product else "") or clean(ad.headline)
    inner = _picture(clean(ad.image), title, secure=secure) + _words(ad, product, spoken)
    target = address(click or ad.link)
    if target:
        inner = (
            f'<a href="{escape(target)}" target="_blank" rel="sponsored noopener" style="{_LINK}">{inner}</a>'
        )
    by = clean(ad.behalf or ad.advertiser)
    label = MARKS[spoken] + (_COLON[spoken] + by if by else "")
    return (
        f'<aside class="hawker-ad" lang="{spoken}" aria-label="{escape(label)}" style="{_BOX}">'
        f"{inner}{_about(ad, why, spoken)}</aside>"
    )


def plain(
    ad: ShownAd, *, product: Product | None = None, language: str = "en", why: str = "", click: str = ""
) -> str:
    """The ad as lines of text: for a message, a terminal, a reader without pictures."""
    spoken = _language(language)
    cost = _price(product)
    target = address(click or ad.link)
    call = clean(ad.call_to_action)
    lines = [
        f"[{MARKS[spoken]}] {clean(ad.headline)}",
        clean(ad.description),
        cost,
        _COLON[spoken].join(part for part in (call, target) if part),
        _signed(ad, spoken),
        f"{_WHY[spoken]} {address(why)}" if address(why) else "",
    ]
    return "\n".join(line for line in lines if line)


def native(
    ad: ShownAd, *, product: Product, language: str = "en", click: str = "", display_url: str = ""
) -> bytes:
    """The ad as Native 1.2 markup (JSON): title 1, picture 2, then one asset for each fact that is known.

    What an exchange asks for by name is filled by `hawker.server.openrtb` from the same facts.
    """
    made = [Filled(1, 1, title={"text": clean(ad.headline)})]
    if (picture := address(ad.image)).startswith("http"):
        made.append(Filled(2, img={"type": assets.MAIN, "url": picture}))
    known = assets.facts(ad, product, display_url=display_url, language=language)
    for kind, value in known.items():
        if text := clean(value):
            made.append(Filled(len(made) + 1, data={"type": kind, "value": text, "len": len(text)}))
    return msgspec.json.encode(NativeAnswer({"url": address(click or ad.link)}, made, assets.VERSION))


def clean(text: str) -> str:
    """A text without what cannot be seen: control characters, marks that turn its direction, lone surrogates.

    >>> clean("Free\\u202e tea\\x00 \\n now")
    'Free tea now'
    """
    kept = (" " if unicodedata.category(char) == "Cc" else char for char in text if not _unseen(char))
    return " ".join("".join(kept).split())


def address(text: str) -> str:
    """A link that may be followed: of the web, or a path of the shop's own; '' for any other.

    >>> address("javascript:alert(1)"), address("/v1/click/t"), address("https://shop.example/tea?a=1")
    ('', '/v1/click/t', 'https://shop.example/tea?a=1')
    """
    if any(char.isspace() or char == "\\" or _unseen(char) or ord(char) < 32 for char in text):
        return ""
    own = text.startswith("/") and not text.startswith("//")
    return text if own or text.lower().startswith(("https://", "http://")) else ""


def _unseen(char: str) -> bool:
    return unicodedata.category(char) in ("Cf", "Cs", "Co") and char not in _JOINERS


def _language(given: str) -> str:
    return "zh" if given.lower().startswith("zh") else "en"


def _picture(source: str, title: str, *, secure: bool) -> str:
    target = address(source)
    if not target or (secure and target.lower().startswith("http://")):
        return ""
    return f'<img src="{escape(target)}" alt="{escape(title)}" loading="lazy" style="{_PICTURE}">'


def _words(ad: ShownAd, product: Product | None, language: str) -> str:
    """Headline, description, price and button, each with the direction of its own letters."""
    made = f'<strong dir="auto" style="{_BLOCK}">{escape(clean(ad.headline))}</strong>'
    if text := clean(ad.description):
        made += f'<span dir="auto" style="{_BLOCK}">{escape(text)}</span>'
    if cost := _price(product):
        made += f'<span style="{_BLOCK}">{escape(cost)}{_reduced(product, language)}</span>'
    if text := clean(ad.call_to_action):
        made += f'<span dir="auto" style="{_CALL}">{escape(text)}</span>'
    return made


def _price(product: Product | None) -> str:
    cost = on_sale(product) if product else 0
    return display(cost, product.currency) if product and cost else ""


def _reduced(product: Product | None, language: str) -> str:
    """What it cost before, where it costs less now."""
    if product is None or not 0 < product.sale_price < product.price:
        return ""
    before = escape(display(product.price, product.currency))
    return f' <s aria-label="{_BEFORE[language]} {before}" style="{_QUIET}">{before}</s>'


def _about(ad: ShownAd, why: str, language: str) -> str:
    """The mark, whom the ad speaks for, who pays, and the way to its reasons."""
    told = escape(_signed(ad, language))
    if target := address(why):
        told += f' · <a href="{escape(target)}" style="color:inherit">{_WHY[language]}</a>'
    return f'<small dir="auto" style="{_SMALL}">{told}</small>'


def _signed(ad: ShownAd, language: str) -> str:
    by, payer = clean(ad.behalf or ad.advertiser), clean(ad.payer)
    paid = f"{_PAID[language]} {payer}" if payer and payer != by else ""
    return " · ".join(part for part in (MARKS[language], by, paid) if part)
