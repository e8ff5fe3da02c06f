"""What the command line says to a person, in English and Chinese, in one place."""
# ruff: noqa: E501 (a sentence stays on one line)

from __future__ import annotations

from typing import Any

WORDS: dict[str, tuple[str, str]] = {
    "next": ("Next", "下一步"),
    "copying": ("Copying the shop", "正在备份店铺"),
    "copied": (
        "{file}: {parts:,} parts, {size:,.1f} MB. It holds the shop's secrets: keep it safe.",
        "{file}：共 {parts:,} 个文件，{size:,.1f} MB。其中含店铺密钥，请妥善保管。",
    ),
    "copied_elsewhere": (
        "Orders and ledger are in PostgreSQL: copy them with pg_dump, before this copy.",
        "订单与账本在 PostgreSQL 中：请先用 pg_dump 备份，再做本备份。",
    ),
    "restored": ("{folder} is the shop as it was at {made} (UTC).", "{folder}：店铺已恢复到 {made}（UTC）。"),
    "restored_elsewhere": (
        "Restore orders and ledger into PostgreSQL with pg_restore, then serve with --database.",
        "请用 pg_restore 恢复 PostgreSQL 中的订单与账本，再用 --database 启动。",
    ),
    "place": ("Where", "位置"),
    "finding": ("What was found", "发现"),
    "rows": ("Rows", "行数"),
    "more_findings": (
        "… and {count:,} more: hawker check lists what matters, --json all of it.",
        "……另有 {count:,} 条：重要的见 hawker check，全部见 --json。",
    ),
    "in_order": ("Nothing to report: the shop is in order.", "未发现问题，店铺数据正常。"),
    "checked": (
        "Errors {errors:,} · warnings {warnings:,} · notes {notes:,}",
        "错误 {errors:,} · 警告 {warnings:,} · 提示 {notes:,}",
    ),
    "unsealed": ("{count:,} lines lie open in {file}", "{count:,} 行已可读：{file}"),
    "written": ("Written: {file}", "已写入：{file}"),
    "made": ("A new shop, '{name}', in {folder}", "新店铺“{name}”已建立：{folder}"),
    "already": ("{folder} is a shop already; nothing was changed.", "{folder} 已是店铺，未作改动。"),
    "settings_file": ("settings: language, currency, placements", "设置：语言、币种、广告位"),
    "tables_folder": ("catalogue, audiences, segments, as Parquet", "商品、受众、人群（Parquet）"),
    "events_folder": ("the event log", "事件日志"),
    "quarantine_folder": ("rows set aside, each with its reason", "暂存的问题行，逐行注明原因"),
    "models_folder": ("trained models, promoted and rolled back", "训练好的模型，可上线、可回退"),
    "decisions_folder": ("every decision, on record", "每次投放决策的完整记录"),
    "money_files": ("campaigns and the exact ledger", "广告活动与精确账本"),
    "settings_why": ("then edit shop.toml as you like", "shop.toml 可随时修改"),
    "field": ("Field", "字段"),
    "column": ("Column", "列"),
    "example": ("For example", "示例"),
    "every_row": ("(every row)", "（每行）"),
    "read_as": ("{files} · {form}", "{files} · {form}"),
    "day_first": ("3/4/2024 is read as 3 April.", "3/4/2024 按 4 月 3 日读取。"),
    "zone": (
        "Times that name no zone are read in {zone} (--timezone).",
        "未注明时区的时间按 {zone} 读取（--timezone）。",
    ),
    "dry": ("Nothing was written.", "未写入任何内容。"),
    "ask": ("Read it so?", "按此读取吗？"),
    "declined": (
        "Nothing was written. Say which column is what with --map FIELD=COLUMN.",
        "未写入。可用 --map 字段=列 指定。",
    ),
    "products_kept": (
        "{products:,} products kept ({variants:,} of them variants), {changed:,} new or changed, {set_aside:,} set aside",
        "保留商品 {products:,} 个（其中款式 {variants:,} 个），新增或变更 {changed:,} 个，暂存 {set_aside:,} 个",
    ),
    "events_kept": (
        "{events:,} events kept, {duplicates:,} already known, {set_aside:,} set aside  ({rate:,.0f} rows/s)",
        "保留事件 {events:,} 条，重复 {duplicates:,} 条，暂存 {set_aside:,} 条（每秒 {rate:,.0f} 行）",
    ),
    "campaigns_kept": (
        "Campaigns {campaigns:,} · ads {ads:,} · creatives {creatives:,}; new or changed {changed:,}",
        "广告活动 {campaigns:,} · 广告 {ads:,} · 创意 {creatives:,}；新增或变更 {changed:,}",
    ),
    "mend": (
        "To mend one in {folder}: hawker ingest unseal FILE, edit 'raw', hawker ingest restore FILE",
        "修正 {folder} 中的行：hawker ingest unseal 文件，编辑 raw 字段，hawker ingest restore 文件",
    ),
    "loading": ("loading", "加载中"),
    "value": ("Value", "数值"),
    "interval": ("95 % interval", "95% 置信区间"),
    "log_loss": ("log loss", "对数损失"),
    "auc": ("AUC", "AUC"),
    "group_auc": ("AUC within a page", "页内 AUC"),
    "calibration": ("predicted / observed", "预测 / 实际"),
    "trained": (
        "Trained: {model}, on {rows:,} rows in {seconds:.1f} s; judged on later days:",
        "训练完成：{model}，共 {rows:,} 行，用时 {seconds:.1f} 秒；在其后的日期上评估：",
    ),
    "tuned": (
        "Searched {kind}: {count:,} settings, {pruned:,} given up early, {failed:,} failed; log loss lower by {gain}",
        "参数搜索（{kind}）：共 {count:,} 组，提前终止 {pruned:,} 组，失败 {failed:,} 组；对数损失降低 {gain}",
    ),
    "tuned_stays": (
        "Searched {kind}: {count:,} settings, {pruned:,} given up early, {failed:,} failed; none better than its own",
        "参数搜索（{kind}）：共 {count:,} 组，提前终止 {pruned:,} 组，失败 {failed:,} 组；没有优于原参数的",
    ),
    "tuned_picture": ("The search as a picture: {file}", "搜索过程图：{file}"),
    "updated": (
        "{version} has learned on: {rows:,} rows of {days:,} days, each predicted before it was learned.",
        "{version} 已继续学习：{days:,} 天共 {rows:,} 行，每行都先预测、后学习。",
    ),
    "update_change": ("log loss, newest days, against what serves", "最近几天的对数损失（与线上模型之差）"),
    "update_older": ("the same on older rows, not rehearsed", "较早且未复习的行上的同一差值"),
    "update_serves": (
        "It is no worse (at most {bound}), so it serves now: {version}.",
        "不比线上差（上限 {bound}），已上线：{version}。",
    ),
    "update_stays": (
        "It may be worse by more than {bound}: {version} is saved and does not serve.",
        "可能比线上差超过 {bound}：{version} 已保存，未上线。",
    ),
    "segmenting": ("segments", "人群划分"),
    "segmented": (
        "Segments {count:,}, of {shoppers:,} shoppers:",
        "人群 {count:,} 个，共 {shoppers:,} 位顾客：",
    ),
    "floor_learned": (
        "Floor of {placement}: {floor} a thousand, not {present}, would have added {gain} [{low}, {high}] "
        "per thousand requests ({auctions:,} looked at), had nobody changed a bid.",
        "{placement} 的底价：若为每千次 {floor}（现为 {present}），在出价不变的前提下，"
        "每千次请求可多收入 {gain} [{low}, {high}]（依据 {auctions:,} 次竞价）。",
    ),
    "floor_not_applied": (
        "It is applied only with learn_floors = true in shop.toml.",
        "仅当 shop.toml 中设置 learn_floors = true 时才会应用。",
    ),
    "card": ("Its card, for whom and how well: {path}", "模型卡（对谁、效果如何）：{path}"),
    "saved": ("Saved as {version}; it does not serve yet.", "已保存为 {version}，尚未上线。"),
    "no_models": ("There are no models yet.", "尚无模型。"),
    "model_version": ("Version", "版本"),
    "model_outcome": ("Predicts", "预测目标"),
    "model_kind": ("Made by", "算法"),
    "model_serves": ("serves", "线上"),
    "model_raw": ("As it came", "原始"),
    "model_calibrated": ("Calibrated", "校准后"),
    "model_added": (
        "{source}, from elsewhere, on the {rows:,} rows it was calibrated on:",
        "外部模型 {source}，在其校准所用的 {rows:,} 行上：",
    ),
    "model_against": (
        "Calibrated, less {version}, which serves, on the same rows:",
        "校准后与线上模型 {version} 之差（相同的行）：",
    ),
    "model_flattered": (
        "What serves was fitted on these rows too and looks better here than it is.",
        "线上模型训练时也用过这些行，在此显得偏好。",
    ),
    "model_written": (
        "{version} written to {file}: {size:,.1f} kB, rows of {count:,} features to log-odds.",
        "{version} 已写入 {file}：{size:,.1f} kB，输入 {count:,} 个特征，输出对数几率。",
    ),
    "tested": (
        "{visits:,} decisions on days that {version} has not seen, by the engine that serves:",
        "{version} 在未见过的日期上做出 {visits:,} 次决策，引擎与线上相同：",
    ),
    "per_slot": ("Converted", "转化"),
    "random": ("by chance", "随机"),
    "popular": ("what is popular", "热门商品"),
    "own_history": ("the shopper's own history", "顾客自己的历史"),
    "hawker": ("hawker", "hawker"),
    "lift_own_history": ("ahead of own history", "比历史规则提升"),
    "lift_popular": ("ahead of popular", "比热门规则提升"),
    "is_better": (
        "Better: the whole interval of its lead over the shopper's own history lies above zero.",
        "更优：相对顾客历史规则的提升，其置信区间整体大于零。",
    ),
    "not_better": (
        "Not proven better: the interval of its lead over the shopper's own history does not lie above zero.",
        "尚不能证明更优：相对顾客历史规则的提升，其置信区间未整体大于零。",
    ),
    "promoted": ("{version} serves from now on.", "{version} 已上线。"),
    "rolled_back": ("{version} serves again.", "已回退，{version} 重新上线。"),
    "warming": ("Building the engine …", "正在准备引擎……"),
    "serving": ("'{name}' serves at {address}", "“{name}”已在 {address} 提供服务"),
    "keyless": (
        "No keys yet: this machine may do everything, others nothing. hawker key create makes one.",
        "尚无密钥：本机可执行一切操作，其他机器一律拒绝。可用 hawker key create 创建。",
    ),
    "key_once": (
        "Keep it now: it is not shown again. Its id is {id}, its role {role}.",
        "请立即保存，此后不再显示。编号 {id}，角色：{role}。",
    ),
    "no_keys": (
        "There are no keys: only this machine can call the API.",
        "尚无密钥：只有本机可以调用接口。",
    ),
    "key_ended": ("{id} is revoked.", "{id} 已吊销。"),
    "key_id": ("Key", "编号"),
    "key_secret": ("Begins with", "开头"),
    "key_role": ("Role", "角色"),
    "key_name": ("Name", "名称"),
    "key_for": ("For", "适用"),
    "key_created": ("Made", "创建"),
    "key_used": ("Last used", "最近使用"),
    "key_state": ("State", "状态"),
    "key_valid": ("valid", "有效"),
    "key_expired": ("expired", "已过期"),
    "key_revoked": ("revoked", "已吊销"),
    "role_shop": ("shop", "店铺"),
    "role_advertiser": ("advertiser", "广告主"),
    "role_reader": ("reader", "只读"),
    "role_page": ("page", "网页"),
    "docs_page": ("every endpoint, to try out", "全部接口，可直接试用"),
    "ask_page": ("an ad for a page", "请求一条广告"),
    "health_page": ("is it up?", "运行状态"),
    "stop": (
        "Stop with Ctrl-C: what was promised is written down first.",
        "按 Ctrl-C 停止；已承诺的内容会先写入磁盘。",
    ),
    "demo_en": (
        "A real grocer: Complete Journey, one year, 2,469 households. It records what was promoted and what was "
        "bought, never clicks; bids are invented and marked synthetic.",
        "真实的超市：Complete Journey，一年，2,469 户。数据记录促销与购买，不含点击；出价为虚拟，已标注 synthetic。",
    ),
    "demo_zh": (
        "An invented Chinese shop: every product, shopper and event of it is synthetic and marked so.",
        "虚构的中文店铺：商品、顾客与事件均为模拟，并逐条标注 synthetic。",
    ),
    "demo_read": (
        "{products:,} products, {flights:,} flights, {campaigns:,} campaigns with {ads:,} ads",
        "商品 {products:,} 个，排期 {flights:,} 条，广告活动 {campaigns:,} 个，广告 {ads:,} 个",
    ),
    "demo_trained": (
        "Trained: {model}, on {rows:,} rows in {seconds:.0f} s; on the later slice it was calibrated on:",
        "训练完成：{model}，{rows:,} 行，用时 {seconds:.0f} 秒；在其后的校准时段上：",
    ),
    "demo_rival": (
        "  beside it: {model}, AUC within requests {order}, log loss {loss}",
        "  对比：{model}，请求内 AUC {order}，log loss {loss}",
    ),
    "demo_task_purchase": (
        "Held out: {visits:,} store visits, ten slots each, filled by decide(). Conversions per impression:",
        "留出检验：{visits:,} 次到店，每次 10 个广告位，由 decide() 填充。每次展示的转化：",
    ),
    "demo_task_click": (
        "Held out: {visits:,} pages that showed random ads; decide() picks one of each. Clicks per pick:",
        "留出检验：{visits:,} 个随机展示广告的页面，由 decide() 各选其一。每次选择的点击：",
    ),
    "method_bootstrap": (
        "Intervals: bootstrap over shoppers, 1,000 resamples, policies paired.",
        "区间：按顾客自助法重抽样 1,000 次，策略配对比较。",
    ),
    "demo_promoted": (
        "Promoted: {lift} over the shopper's own history.",
        "已上线：比顾客自身历史规则提升 {lift}。",
    ),
    "demo_lost": (
        "Not promoted: {lift} over the shopper's own history, an interval not above zero. Popularity serves.",
        "未上线：相对顾客自身历史规则 {lift}，区间未全部大于零。继续按热度投放。",
    ),
    "demo_decided": (
        "One live decision, {id}, on record: {eligible:,} ads were eligible.",
        "一次实时决策 {id} 已记录：可投放广告 {eligible:,} 个。",
    ),
    "ad": ("Ad", "广告"),
    "advertiser": ("On behalf of", "广告主"),
    "price": ("Price", "价格"),
    "propensity": ("Propensity", "倾向"),
    "demo_there": (
        "The demo shop is in {folder}; build it again with --fresh.",
        "示例店铺已在 {folder}；加 --fresh 可重建。",
    ),
    "demo_done": (
        "Done in {seconds:.0f} s, {gigabytes:.1f} GB at most.",
        "用时 {seconds:.0f} 秒，内存峰值 {gigabytes:.1f} GB。",
    ),
    "demo_serve_why": ("serves it: an API to call and pages to open", "启动服务：可调用接口、可打开页面"),
    "demo_open": ("Open:", "打开："),
    "demo_try": ("Try:", "试试："),
    "replaying": ("replaying", "重放中"),
    "no_decisions": ("No decision is on record yet.", "尚无决策记录。"),
    "replayed": (
        "Executed again: {total:,}; the same, bit for bit: {same:,} ({share:.1%}).",
        "重新执行 {total:,} 次决策：{same:,} 次逐位一致（{share:.1%}）。",
    ),
    "not_executed": ("{count:,} could not be executed: {reason}", "{count:,} 次无法执行：{reason}"),
    "decision": ("Decision", "决策"),
    "differs_in": ("Differs in", "不一致之处"),
    "decided": ("{id}, decided at {time} for '{place}'", "{id}，于 {time} 为“{place}”作出"),
    "overall": (
        "What {version} goes by: {ads:,} ads shown in {decisions:,} decisions to {shoppers:,} shoppers, each "
        "against the others considered ({method}). In log-odds, either way, in the mean:",
        "{version} 的依据：{decisions:,} 次决策向 {shoppers:,} 位顾客展示的 {ads:,} 条广告，"
        "各与其他候选比较（{method}）。对数几率的平均绝对贡献：",
    ),
    "by_reason": ("Reason", "原因"),
    "by_feature": ("Feature", "特征"),
    "mean_part": ("mean part", "平均贡献"),
    "odds": (
        "chance of this slot {propensity:.3f} · predicted chance of {outcome} {probability:.4f}",
        "获得该位置的概率 {propensity:.3f} · 预测{outcome}概率 {probability:.4f}",
    ),
    "considered": (
        "{considered:,} ads were scored, of {eligible:,} that could be shown.",
        "可展示广告 {eligible:,} 条，其中评分 {considered:,} 条。",
    ),
    "left_out": ("Not shown", "未展示"),
    "left_out_why": ("because", "原因"),
    "again": (
        "Executed again from its record: the same, bit for bit.",
        "按记录重新执行：结果逐位一致。",
    ),
    "differently": (
        "Executed again from its record it differs in: {what}.",
        "按记录重新执行，不一致之处：{what}。",
    ),
    "not_again": ("It cannot be executed again: {reason}", "无法重新执行：{reason}"),
    "words_of": ("words", "词语"),
    "unknown_shopper": ("Nothing is recorded of '{shopper}'.", "没有“{shopper}”的记录。"),
    "shopper_as_of": ("{shopper}, as of {time}", "{shopper}（截至 {time}）"),
    "visits": ("visits", "到访"),
    "visits_told": ("{count:,}, {weekly:.1f} a week", "{count:,} 次，每周 {weekly:.1f} 次"),
    "last_seen": ("last seen", "最近到访"),
    "dwell": ("stays", "停留"),
    "seconds": ("{seconds:.0f} s a visit", "每次 {seconds:.0f} 秒"),
    "ads_seen": ("ads", "广告"),
    "ads_told": (
        "{clicks:,} clicks of {shown:,} shown: {rate}",
        "展示 {shown:,} 次，点击 {clicks:,} 次：{rate}",
    ),
    "nothing": ("nothing", "无"),
    "nothing_lately": ("nothing lately", "近期无"),
    "bought": ("bought", "购买"),
    "bought_told": (
        "{count:,} products for {amount:,.2f} {currency}",
        "{count:,} 件，共 {amount:,.2f} {currency}",
    ),
    "last_bought": ("last bought", "最近购买"),
    "pays": ("pays, on average", "平均单价"),
    "band": ("  (price band {band} of 5)", "（价格带 {band}/5）"),
    "repeats": ("bought again", "复购"),
    "buys": ("buys", "常买类目"),
    "buys_brands": ("brands bought", "常买品牌"),
    "looks_at": ("looks at", "关注类目"),
    "likes_brands": ("brands", "关注品牌"),
    "likes_words": ("words", "关键词"),
    "never": ("never", "从未"),
    "days_ago": ("{days:,.1f} days ago", "{days:,.1f} 天前"),
    "lately": ("Lately", "最近"),
    "forget_ask": (
        "Everything that this shop knows of '{shopper}' will be erased for good. Go on?",
        "本店关于“{shopper}”的一切信息都将被永久删除。继续吗？",
    ),
    "forget_kept": ("Nothing was erased.", "未删除任何内容。"),
    "forgetting": ("erasing", "删除中"),
    "forgotten": ("Erased, under receipt {id}:", "已删除，回执 {id}："),
    "store": ("Store", "存储"),
    "removed": ("Removed", "已删除"),
    "kept_unnamed": ("Kept without the person", "去除身份后保留"),
    "store_tables": ("lists and tables", "名单与表"),
    "store_quarantine": ("rows set aside", "暂存的问题行"),
    "store_decisions": ("decision records", "决策记录"),
    "store_preferences": ("preferences", "偏好设置"),
    "store_caps": ("frequency counters", "展示频次计数"),
    "store_folds": ("snapshots of the folds", "画像快照"),
    "store_events": ("events", "事件"),
    "store_models": ("models", "模型"),
    "models_until": (
        "{count:,} models may have learned from them; they may serve until {day}.",
        "{count:,} 个模型可能学习过其数据，最迟使用至 {day}。",
    ),
    "model_overdue": (
        "Model {version} was to be retired by {day} and still serves: train and promote another.",
        "模型 {version} 应于 {day} 前停用但仍在使用：请训练并上线新模型。",
    ),
    "owed": ("Owed for {month}: {due}.", "{month} 应付：{due}。"),
    "owed_advertiser": ("Advertiser", "广告主"),
    "owed_campaign": ("Campaign", "广告活动"),
    "owed_pricing": ("Pricing", "计费"),
    "owed_count": ("Charges", "扣费次数"),
    "owed_charged": ("Charged", "扣费"),
    "owed_credits": ("Credits", "退款次数"),
    "owed_credited": ("Credited", "退款"),
    "owed_due": ("Due", "应付"),
    "no_charges": ("Nothing was charged in this month.", "本月没有扣费。"),
    "credited": (
        "{count:,} charges taken back: {amount}. Before: {again:,}; never charged: {free:,}.",
        "已退回 {count:,} 笔扣费，共 {amount}。此前已退：{again:,}；从未扣费：{free:,}。",
    ),
    "signed": ("Signed and kept in {file}.", "已签名，保存于 {file}。"),
}
"""Each in English and Chinese; braces name what is filled in."""


def words(code: str, language: str, **values: Any) -> str:
    """A sentence in a language; whatever is not Chinese is English.

    >>> words("checked", "zh-CN", errors=0, warnings=2, notes=1)
    '错误 0 · 警告 2 · 提示 1'
    """
    return WORDS[code][language.lower().startswith("zh")].format(**values)
