"""What `hawker models` says, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "models_name": ("Model", "模型"),
    "models_reads": ("Reads", "语言"),
    "models_place": ("Where", "位置"),
    "models_absent": ("not fetched", "未下载"),
    "models_kept": (
        "{name} is there and is what it should be ({size:.0f} MB): {path}",
        "{name} 已就绪并通过校验（{size:.0f} MB）：{path}",
    ),
}
