"""The sentences of the assistant, in English and Chinese: one table, filled with what is on record."""

from __future__ import annotations

from typing import Any

SENTENCES: dict[str, tuple[str, str]] = {
    "price": ("{title} costs {price}.", "“{title}”的价格是{price}。"),
    "price_sale": ("{title} costs {sale} now, reduced from {price}.", "“{title}”现价{sale}，原价{price}。"),
    "price_many": ("{count} of them come to {total}.", "{count}件共{total}。"),
    "price_regular": (
        "{title} regularly costs {price}; it is {sale} now.",
        "“{title}”原价{price}，现价{sale}。",
    ),
    "price_saving": (
        "{title} costs {sale} instead of {price}: {off} less ({share} %).",
        "“{title}”现价{sale}，原价{price}，便宜{off}（{share}%）。",
    ),
    "not_reduced": (
        "{title} is not reduced; its price is {price}.",
        "“{title}”目前没有降价，价格是{price}。",
    ),
    "in_stock": ("{title} is in stock.", "“{title}”有货。"),
    "in_stock_count": ("{title} is in stock, {count} left.", "“{title}”有货，库存{count}件。"),
    "out_of_stock": ("{title} is out of stock.", "“{title}”目前无货。"),
    "preorder": ("{title} can be pre-ordered.", "“{title}”目前可以预订。"),
    "backorder": (
        "{title} is not there now but can be ordered and is sent later.",
        "“{title}”暂时缺货，可以下单，到货后发出。",
    ),
    "fact": ("The {name} of {title} {verb} {value}.", "“{title}”的{name}是{value}。"),
    "told": ("The catalogue says of {title}: “{value}”.", "关于“{title}”，商品资料写道：“{value}”。"),
    "category": ("{title} is in the category {value}.", "“{title}”属于{value}。"),
    "link": ("{title} is shown at {value}.", "“{title}”的页面是{value}。"),
    "fits": ("Yes: the {name} of {title} {verb} {value}.", "可以：“{title}”的{name}是{value}。"),
    "fits_not": ("No: the {name} of {title} {verb} {value}.", "不合适：“{title}”的{name}是{value}。"),
    "fits_not_told": (
        "No: the catalogue says of {title}: “{value}”.",
        "不合适：关于“{title}”，商品资料写道：“{value}”。",
    ),
    "least": ("{title} has the lower {name}: {value}.", "“{title}”的{name}更低：{value}。"),
    "most": ("{title} has the higher {name}: {value}.", "“{title}”的{name}更高：{value}。"),
    "cheaper": ("{title} is cheaper: {value}.", "“{title}”更便宜：{value}。"),
    "dearer": ("{title} is more expensive: {value}.", "“{title}”更贵：{value}。"),
    "other": ("{title}: {value}.", "“{title}”是{value}。"),
    "same": ("Both have the same {name}: {value}.", "两者的{name}相同：{value}。"),
    "difference": ("The difference is {value}.", "相差{value}。"),
    "differs": ("{name}: {listed}.", "{name}：{listed}。"),
    "alike": ("The catalogue shows no difference between them.", "商品资料中看不出它们的区别。"),
    "recommend": ("These may suit:", "可以看看这些："),
    "recommended": ("{title} – {price}.", "“{title}”，{price}。"),
    "order_status": ("Your order {order} is {value}.", "您的订单{order}状态为{value}。"),
    "order_due": ("It is expected on {value}.", "预计送达时间：{value}。"),
    "order_tracking": ("Its tracking number is {value}.", "快递单号是{value}。"),
    "greeting": ("Hello! What would you like to know?", "您好！请问想了解什么？"),
    "thanks": ("You are welcome.", "不客气。"),
    "which": ("Which of these do you mean?", "请问您指的是哪一个？"),
    "what": ("What would you like to know about {title}?", "请问想了解“{title}”的哪方面？"),
    "which_product": ("Which product do you mean?", "请问您指的是哪件商品？"),
    "unknown_product": (
        "I find no product of that name in the catalogue.",
        "商品目录里没有找到您说的商品。",
    ),
    "not_on_record": (
        "The catalogue does not say that about {title}.",
        "商品资料里没有说明“{title}”的这一点。",
    ),
    "not_on_record_name": (
        "The catalogue does not give the {name} of {title}.",
        "商品资料里没有写明“{title}”的{name}。",
    ),
    "no_price": ("The catalogue names no price for {title}.", "商品资料里没有“{title}”的价格。"),
    "no_count": ("The catalogue does not say how many are left.", "商品资料里没有写明库存数量。"),
    "not_comparable": (
        "The catalogue does not give the {name} of all of them in a way that can be compared.",
        "商品资料里没有可以比较的{name}。",
    ),
    "no_policy": ("The shop's policies do not say that.", "本店的规则里没有说明这一点。"),
    "future": ("What will be is not on record.", "以后的情况没有记录。"),
    "past": ("What was before is not on record.", "以前的情况没有记录。"),
    "elsewhere": ("Only this shop's own offer is on record.", "这里只有本店的商品资料。"),
    "people": ("What other shoppers did or think is not on record here.", "这里没有销量和评价的记录。"),
    "out_of_scope": (
        "I can only answer about this shop's products, orders and policies.",
        "我只能回答与本店商品、订单和规则有关的问题。",
    ),
    "not_mine": (
        "I cannot change prices or grant discounts; prices are as the catalogue has them.",
        "我不能改价或给予折扣，价格以商品资料为准。",
    ),
    "not_an_order": ("I cannot follow instructions of that kind.", "我不能执行这样的指令。"),
    "person": ("A person will take this over.", "我为您转给人工客服。"),
    "not_signed_in": ("Please sign in, so that I may look at your orders.", "请先登录，我才能查看您的订单。"),
    "no_orders": ("I cannot look into orders here.", "我在这里无法查看订单。"),
    "order_not_found": ("I find no such order of yours.", "没有找到您的这个订单。"),
    "none_fit": ("I find nothing fitting in the catalogue.", "商品目录里没有找到合适的商品。"),
    "passed_on": ("I pass your question on to a person.", "我会把您的问题转给人工客服。"),
    "contact": ("You reach a person here: {contact}.", "人工客服：{contact}。"),
    "too_long": ("Please ask in fewer words.", "请把问题说得短一些。"),
    "empty": ("Please ask a question.", "请输入您的问题。"),
}
LABELS: dict[str, tuple[str, str]] = {
    "price": ("price", "价格"),
    "stock": ("stock", "库存"),
    "brand": ("brand", "品牌"),
    "color": ("colour", "颜色"),
    "size": ("size", "尺码"),
    "material": ("material", "材质"),
    "gender": ("gender", "适用性别"),
    "age": ("age group", "适用年龄"),
    "age_group": ("age group", "适用年龄"),
    "condition": ("condition", "新旧程度"),
    "category": ("category", "类别"),
    "model": ("model number", "型号"),
    "mpn": ("model number", "型号"),
    "gtin": ("barcode number", "条形码"),
    "id": ("article number", "商品编号"),
    "weight": ("weight", "重量"),
    "dimensions": ("measurements", "尺寸"),
    "capacity": ("capacity", "容量"),
    "battery": ("battery", "电池与续航"),
    "power": ("power", "功率"),
    "waterproof": ("protection against water", "防水"),
    "origin": ("origin", "产地"),
    "season": ("season", "季节"),
    "taste": ("taste", "口味"),
    "scent": ("scent", "香味"),
    "skin": ("skin type", "适用肤质"),
    "pack": ("contents of the pack", "规格"),
    "pages": ("number of pages", "页数"),
    "load": ("load capacity", "承重"),
    "area": ("area", "适用面积"),
    "warranty": ("warranty", "保修"),
    "ingredients": ("ingredients", "成分"),
    "care": ("care instructions", "洗涤方式"),
    "nutrition": ("nutrition facts", "营养成分"),
    "released": ("date in question", "相关日期"),
    "fits": ("use", "适用范围"),
    "适用": ("use", "适用范围"),
    "link": ("page", "页面"),
}


def chinese(language: str) -> bool:
    """Whether a language is Chinese; whatever is not is answered in English."""
    return language.lower().startswith("zh")


def sentence(code: str, language: str, **values: Any) -> str:
    """A sentence of the table.

    >>> sentence("price", "zh-CN", title="绿茶", price="4.00 CNY")
    '“绿茶”的价格是4.00 CNY。'
    """
    name = str(values.get("name", ""))
    plural = name.endswith("s") and not name.endswith("ss")
    return SENTENCES[code][chinese(language)].format(verb="are" if plural else "is", **values)


def label(field: str, language: str) -> str:
    """What a field is called; a name that is in no table, as the catalogue writes it."""
    return LABELS[field][chinese(language)] if field in LABELS else field


def summary(language: str, *, turns: list[str], products: list[str], reason: str) -> str:
    """What a person who takes over has to know, in lines."""
    heads = (
        ("顾客问：", "涉及商品：", "未能回答：")
        if chinese(language)
        else ("Asked:", "About:", "Not answered:")
    )
    gap = "" if chinese(language) else " "
    parts = ((heads[0], " / ".join(turns)), (heads[1], ", ".join(products)), (heads[2], reason))
    return "\n".join(f"{head}{gap}{said}" for head, said in parts if said)
