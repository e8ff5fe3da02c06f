"""Why there is less copy than was wanted, or none, in words; what the gate objects to words itself."""

from __future__ import annotations

from collections.abc import Mapping

from hawker.records.draft import Objection

REASONS: dict[str, str] = {
    "drafts_none": "The writer found nothing to say that the product bears out.",
    "drafts_narrow": "The limits leave too little room for what the product bears out: widen one, or give "
    "the product a shorter name.",
    "drafts_few": "The writer had fewer drafts than were asked for.",
    "drafts_kept_back": "The gate kept some of the drafts back.",
    "drafts_all_kept_back": "The gate kept every draft back.",
}
"""Why a sheet holds fewer variants that may be shown than were wanted."""
WROTE_NOTHING: Mapping[str, tuple[str, str]] = {
    "cut": ("The model ran out of room.", "模型输出被截断。"),
    "busy": ("The model has no turn free.", "模型暂时繁忙。"),
    "slow": ("The model took too long.", "模型超时。"),
    "away": ("The model's server cannot be reached.", "无法连接模型服务器。"),
    "garbage": ("The server answered with what is no answer.", "服务器返回了无法识别的内容。"),
    "too_long": ("The brief is longer than the model can hold.", "任务说明超出模型长度限制。"),
    "stopped": ("The model was stopped.", "模型输出被中止。"),
    "empty": ("The model wrote nothing.", "模型没有输出。"),
    "not_json": ("The model did not keep to the form it was given.", "模型未按要求的格式输出。"),
    "echo": ("The model repeated what it was told.", "模型复述了提示词。"),
    "language": ("The model wrote in another language.", "模型使用了其他语言。"),
}
_UNKNOWN = ("The model gave up: {reason}.", "模型未能完成：{reason}。")
_REMEDY = ("Write again with another --seed or --writer.", "请更换 --seed 或 --writer 重试。")


def nothing(reason: str, *, reader: str = "en") -> Objection:
    """The objection to a draft of which its writer brought nothing.

    >>> nothing("not_json").message
    'The model did not keep to the form it was given.'
    """
    chinese = reader.lower().startswith("zh")
    said = WROTE_NOTHING.get(reason, _UNKNOWN)[chinese].format(reason=reason)
    return Objection("writer", reason, message=said, remedy=_REMEDY[chinese])
