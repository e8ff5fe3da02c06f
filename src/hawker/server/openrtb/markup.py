"""A banner as HTML: the advertiser's words escaped, links of the web alone, the mark that it is an ad."""

from __future__ import annotations

from html import escape

from hawker.records.decision import ShownAd
from hawker.server.asking import labelled
from hawker.server.openrtb.macros import disarmed
from hawker.server.openrtb.request import Size

_SCRIPT = (
    "<script>(function(b){var t,o=new IntersectionObserver(function(e){"
    "if(e[0].intersectionRatio>=.5)"
    "t=t||setTimeout(function(){o.disconnect();new Image().src=b.dataset.v},1e3);"
    "else{clearTimeout(t);t=0}},{threshold:[.5]});o.observe(b)})"
    "(document.currentScript.previousElementSibling)</script>"
)
"""Tells that the ad was viewable: half of its area for a second, by the rule for display ads."""


def banner(
    ad: ShownAd, *, size: Size, language: str, click: str, viewable: str, secure: bool, scripted: bool
) -> str:
    """The markup of one ad in a given size (zeros: whatever room there is)."""
    box = f"width:{size.w}px;height:{size.h}px" if size.w else "width:100%"
    picture = ""
    if ad.image.startswith(("https://",) if secure else ("https://", "http://")):
        style = "display:block;max-width:100%;max-height:60%;margin:auto"
        picture = f'<img src="{_safe(ad.image)}" alt="" style="{style}">'
    words = f"<b>{_safe(ad.headline)}</b>"
    if ad.description:
        words += f"<br><span>{_safe(ad.description)}</span>"
    if ad.call_to_action:
        words += f"<br><u>{_safe(ad.call_to_action)}</u>"
    by = f" · {_safe(ad.behalf)}" if ad.behalf else ""
    paid = f" · {_safe(ad.payer)}" if ad.payer and ad.payer != ad.behalf else ""
    mark = f"<small>{_safe(labelled(language))}{by}{paid}</small>"
    style = f"{box};overflow:hidden;box-sizing:border-box;font:14px/1.4 sans-serif"
    return (
        f'<div style="{style}" data-v="{_safe(viewable)}">'
        f'<a href="{_safe(click)}" target="_blank" rel="sponsored noopener" '
        f'style="color:inherit;text-decoration:none">{picture}{words}</a><br>{mark}</div>'
        f"{_SCRIPT if scripted else ''}"
    )


def _safe(text: str) -> str:
    return disarmed(escape(text, quote=True))
