"""What `hawker write` says, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "write_for": ("{product}: {kind}, by {writer}", "{product}：{kind}，撰写：{writer}"),
    "write_before": ("Written before: nothing is written twice.", "此前已撰写，不再重复。"),
    "write_accepted": (
        "{passed} of {wanted} may be shown once somebody approves them.",
        "{wanted} 条中有 {passed} 条可用，待人工审核。",
    ),
    "write_approved": (
        "{approved} of {wanted} are approved and will be shown.",
        "{wanted} 条中有 {approved} 条已审核通过，将投放。",
    ),
    "write_rejected": ("Kept back by the gate: {count}", "未通过审核规则：{count} 条"),
    "write_drafts_none": (
        "The writer found nothing to say that the product bears out.",
        "商品信息不足，无可写内容。",
    ),
    "write_drafts_narrow": (
        "The limits leave too little room: widen one, or give the product a shorter name.",
        "字数限制过窄，容不下可写的内容：请放宽限制，或缩短商品名称。",
    ),
    "write_drafts_few": (
        "The writer had fewer drafts than were asked for.",
        "可写内容不足，少于要求的条数。",
    ),
    "write_drafts_kept_back": ("The gate kept some of the drafts back.", "部分文案未通过审核规则。"),
    "write_drafts_all_kept_back": ("The gate kept every draft back.", "所有文案均未通过审核规则。"),
    "write_part": ("Part", "部分"),
    "write_width": ("Width", "宽度"),
    "write_text": ("Text", "文案"),
    "write_draft": ("Draft", "文案"),
    "write_kind": ("Kind", "类型"),
    "write_standing": ("Stands", "状态"),
    "write_first": ("First line", "首行"),
    "write_fallen": ("kept back", "未通过"),
    "write_waiting": ("waiting", "待审核"),
    "write_approved_one": ("approved", "已通过"),
    "write_refused": ("refused", "已驳回"),
    "write_mended_repaired": ("repaired by its writer", "由撰写者修改后通过"),
    "write_mended_cut": ("faulty lines left out", "已删去有问题的行"),
    "write_score": (
        "{score:+.2f} ± {deviation:.2f} log-odds of a click against an average headline",
        "点击对数几率（相对一般标题）{score:+.2f} ± {deviation:.2f}",
    ),
    "write_clause": ("Clause: {clause}", "条款：{clause}"),
    "write_remedy": ("Remedy: {remedy}", "修改建议：{remedy}"),
    "write_run": (
        "{written:,} products written, {skipped:,} written before: {accepted:,} variants passed the gate, "
        "{fallen:,} did not.",
        "已撰写 {written:,} 个商品，此前已撰写 {skipped:,} 个：{accepted:,} 条通过，{fallen:,} 条未通过。",
    ),
    "write_run_approved": (
        "{approved:,} are approved and will be shown.",
        "{approved:,} 条已审核通过，将投放。",
    ),
    "write_without": ("{count:,} products are left without copy.", "{count:,} 个商品没有可用文案。"),
    "write_spent": (
        "{tokens_in:,} tokens read, {tokens_out:,} written, {cost} spent, {seconds}.",
        "读取 {tokens_in:,} 个词元，写出 {tokens_out:,} 个，费用 {cost}，用时 {seconds}。",
    ),
    "write_stopped_busy": (
        "The writer is busy: {left:,} products are left. Come back in {wait} and run the same command.",
        "撰写模型繁忙，还有 {left:,} 个商品。请在 {wait} 后运行同一命令继续。",
    ),
    "write_stopped_away": (
        "The writer's server is away: {left:,} products are left. Run the same command once it is back.",
        "撰写模型服务器不可用，还有 {left:,} 个商品。恢复后运行同一命令继续。",
    ),
    "write_limit": (
        "At {rate} requests a minute this takes about {time}; Ctrl-C stops it, the same command goes on.",
        "每分钟 {rate} 次请求，约需 {time}；可按 Ctrl-C 停止，运行同一命令继续。",
    ),
    "write_reasons": ("Why drafts were kept back", "未通过的原因"),
    "write_times": ("Times", "次数"),
    "write_counts": (
        "{waiting:,} waiting, {approved:,} approved, {refused:,} refused, {fallen:,} kept back by the gate.",
        "待审核 {waiting:,} 条，已通过 {approved:,} 条，已驳回 {refused:,} 条，未通过规则 {fallen:,} 条。",
    ),
    "write_ruled": ("{time}  {standing} by {by}  {reason}", "{time}  {standing}（{by}）  {reason}"),
    "write_prompt": ("What the writer was told", "给撰写模型的提示"),
    "write_by": ("{writer} {version}, seed {seed}, draft {id}", "{writer} {version}，种子 {seed}，文案 {id}"),
    "write_decided": ("{count:,} × {standing}", "{count:,} × {standing}"),
    "write_stale": (
        "{count:,} approved variants are no longer true of their products: taken down.",
        "{count:,} 条已通过的文案与商品现状不符，已撤下。",
    ),
    "write_fresh": ("Every approved variant still holds.", "所有已通过的文案仍然有效。"),
    "write_checking": ("approved copy", "已通过的文案"),
    "write_none": ("There are no such drafts.", "没有符合条件的文案。"),
    "demo_writing": ("writing copy", "撰写文案"),
    "demo_approves": (
        "A demo has nobody to ask: it approves what the gate lets pass.",
        "演示无人审核：通过规则即视为通过。",
    ),
    "demo_written": (
        "Copy for {products:,} products, from their own words: {approved:,} variants passed the gate, "
        "{fallen:,} did not. In a shop of yours a person approves them; the demo does so itself. For one:",
        "已根据商品自身信息为 {products:,} 个商品撰写文案：{approved:,} 条通过规则，{fallen:,} 条未通过。"
        "正式店铺由人工审核，演示自动通过。例如：",
    ),
}
