"""The paper that pages about models are printed on: self-contained HTML, light or dark as its reader is."""

from __future__ import annotations

_STYLE = """
:root { --paper: #faf8f4; --card: #ffffff; --ink: #22262b; --soft: #5d656f; --faint: #e7e3da;
  --mark: #0f6e62; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --card: #1c2125; --ink: #e9e7e2; --soft: #a2abb3; --faint: #30373d;
    --mark: #5cc9b6; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, -apple-system,
  "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 36px 24px 64px; }
header { margin-bottom: 24px; border-left: 5px solid var(--mark); padding-left: 16px; }
h1 { font-size: 27px; margin: 0; } h2 { font-size: 16px; margin: 0 0 12px; }
p { margin: 4px 0 0; color: var(--soft); }
section { background: var(--card); border: 1px solid var(--faint); border-radius: 12px; padding: 18px 20px;
  margin: 0 0 18px; overflow-x: auto; }
svg { width: 100%; height: auto; display: block; }
.grid { stroke: var(--faint); } .tick { fill: var(--soft); font-size: 11px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 14px 4px 0; text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 500; }
"""


def page(title: str, about: list[str], body: str, *, chinese: bool, style: str = "") -> str:
    """A whole page around a body; title and lines are HTML already."""
    lines = "".join(f"<p>{line}</p>" for line in about)
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if chinese else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{_STYLE}{style}</style></head><body><main>\n"
        f"<header><h1>{title}</h1>{lines}</header>\n{body}</main></body></html>\n"
    )
