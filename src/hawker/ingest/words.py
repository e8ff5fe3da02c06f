"""The words shops use, in English and Chinese: for the columns of a log, and for what happened."""

from __future__ import annotations

from hawker.records.events import EventKind

_COLUMNS: dict[str, str] = {
    "id": "eventid eventuuid logid messageid hitid uuid id 事件编号 事件id 日志编号",
    "kind": (
        "kind eventtype eventname event behaviortype behavior behaviour action actiontype interaction "
        "interactiontype type 行为类型 行为 事件类型 事件 操作 动作"
    ),
    "time": (
        "time timestamp eventtime eventtimestamp occurredat createdat ts datetime invoicedate orderdate "
        "purchasedate orderpurchasetimestamp transactiontimestamp transactiondate servertime unixtime date "
        "day reviewtime 时间戳 时间 行为时间 发生时间 下单时间 购买时间 支付时间 日期"
    ),
    "received": "received receivedat ingestedat 接收时间 入库时间",
    "shopper": (
        "shopper shopperid userid user customerid customer customeruniqueid visitorid visitor memberid "
        "member householdid household clientid buyerid reviewerid uid accountid 用户id 用户编号 用户 "
        "客户编号 客户id 客户 会员编号 会员id 会员 顾客 买家"
    ),
    "session": (
        "session sessionid usersession visit visitid basketid basket invoiceno invoice invoicenumber "
        "orderid orderno ordernumber transactionid 会话 会话id 会话编号 访问编号 订单编号 订单号 订单 "
        "购物篮"
    ),
    "product": (
        "product productid itemid item sku skuid stockcode asin parentasin goodsid goods articleid "
        "variantid offerid 商品编号 商品id 商品编码 商品 货号 产品编号 产品id 产品 宝贝id"
    ),
    "query": (
        "query searchquery searchterm searchterms searchkeyword keyword keywords q 搜索词 搜索关键词 关键词 "
        "查询词 查询"
    ),
    "quantity": "quantity qty units count itemcount number amountofitems 数量 件数 购买数量",
    "value": (
        "value revenue total totalprice totalamount linetotal salesvalue amount subtotal paymentvalue 金额 "
        "总价 总金额 实付金额 支付金额 成交金额 销售额"
    ),
    "unit_price": "unitprice price itemprice 单价 价格 售价",
    "currency": "currency currencycode 币种 货币",
    "rating": "rating stars starrating score reviewscore overall 评分 星级 打分",
    "text": "text reviewtext review comment commenttext reviewbody 评论 评价 评价内容 评论内容",
    "placement": "placement placementid adslot adposition 广告位 位置 展位",
    "location": "location store storeid country region city state 门店 门店编号 地区 城市 省份 国家",
    "device": "device devicetype platform useragent 设备 终端 平台",
    "dwell_ms": "dwellms dwell dwelltimems durationms 停留毫秒 停留时长",
    "campaign": "campaign campaignid 活动编号 推广计划 计划 活动",
    "ad": "ad adid creativeid 广告id 广告编号 广告",
    "decision": "decision decisionid requestid auctionid",
    "slot": "slot position rank slotindex 坑位 排名",
    "reason": "reason feedbackreason hidereason 原因 理由",
    "synthetic": "synthetic simulated 模拟",
    "attributes": "attributes properties traits 属性",
}

COLUMN_WORDS: dict[str, tuple[str, ...]] = {name: tuple(line.split()) for name, line in _COLUMNS.items()}
"""Column headers without case, spaces and marks, the surest first; `unit_price` is the price of one piece."""

_KINDS: dict[EventKind, str] = {
    EventKind.VIEW: (
        "view pv pageview page_view product_view view_item viewed detail 浏览 查看 访问 商品浏览 看"
    ),
    EventKind.SEARCH: "search searched site_search view_search_results 搜索 检索 查询",
    EventKind.CLICK: "click clicked select_item tap 点击 单击",
    EventKind.CART: "cart add_to_cart addtocart add_cart basket add 加购 加入购物车 加购物车 购物车",
    EventKind.WISH: "wish wishlist add_to_wishlist fav favorite favourite collect save 收藏 加收藏 心愿单",
    EventKind.LIKE: "like liked upvote 点赞 喜欢 赞",
    EventKind.PURCHASE: (
        "purchase buy bought order ordered sale transaction checkout_complete paid 购买 下单 成交 支付 买"
    ),
    EventKind.RETURN: "return returned refund refunded 退货 退款 退换",
    EventKind.REVIEW: "review rate rating rated comment 评论 评价 打分 评分",
    EventKind.SHARE: "share shared 分享 转发",
    EventKind.AD_IMPRESSION: "ad_impression impression adview exposure 广告曝光 曝光 展示 广告展示",
    EventKind.AD_VIEWABLE: "ad_viewable viewable viewable_impression 可见曝光 可见展示",
    EventKind.AD_CLICK: "ad_click adclick 广告点击",
    EventKind.AD_HIDE: "ad_hide hide_ad hide dismiss 隐藏广告 关闭广告 屏蔽",
    EventKind.AD_FEEDBACK: "ad_feedback adfeedback 广告反馈",
    EventKind.OPT_OUT: "opt_out optout unsubscribe 退出个性化 退订",
    EventKind.CONVERSION: "conversion convert converted 转化",
    EventKind.ATTRIBUTES: "attributes profile identify traits 用户属性 画像",
}

KIND_WORDS: dict[str, EventKind] = {word: kind for kind, line in _KINDS.items() for word in line.split()}
"""What a log may call an event, in lower case with `_` for spaces and hyphens."""


def bare(header: str) -> str:
    """A header without case, spaces and marks.

    >>> bare("Customer_ID "), bare("商品 编号")
    ('customerid', '商品编号')
    """
    return "".join(char for char in header.lower() if char.isalnum())


def kind_of(word: str) -> EventKind | None:
    """The kind a log's word names, or None.

    >>> kind_of("Add to Cart"), kind_of("加购"), kind_of("remove")
    (<EventKind.CART: 'cart'>, <EventKind.CART: 'cart'>, None)
    """
    return KIND_WORDS.get(word.strip().lower().replace(" ", "_").replace("-", "_"))
