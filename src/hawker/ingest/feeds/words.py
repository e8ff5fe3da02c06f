"""What shops call the columns of a catalogue, in English, Chinese and their neighbours' tongues."""

from __future__ import annotations

import re
import unicodedata

_COLUMNS = {
    "id": (
        "productid itemid 商品编号 商品id 产品编号 产品id 宝贝id id sku skuid skucode 商品编码 "
        "商品代码 产品编码 货号 编号 编码 stockcode productcode itemcode offerid variantid "
        "articlenumber articleno article artikelnummer productnumber itemnumber asin uniqid uniqueid "
        "uuid reference ref référence handle upc ean gtin 条码"
    ),
    "title": (
        "title producttitle itemtitle productname itemname name 标题 商品标题 商品名称 商品名 "
        "宝贝标题 宝贝名称 产品名称 产品标题 名称 品名 商品 product item titel produktname "
        "bezeichnung nom titre nombre nome description itemdescription"
    ),
    "group": ("itemgroupid groupid parentid parentsku parentproduct spuid spu spu编号 款号 款式编号"),
    "description": (
        "description productdescription longdescription shortdescription itemdescription "
        "aboutproduct about details productdetails body summary overview features 描述 商品描述 "
        "产品描述 详情 商品详情 简介 商品简介 介绍 卖点 beschreibung descripción"
    ),
    "category": (
        "category categorypath producttype categories categoryname productcategory 类目 分类 类别 "
        "商品类目 商品分类 商品类别 品类 类目路径 所属分类 department type kategorie catégorie "
        "categoría googleproductcategory"
    ),
    "brand": (
        "brand brandname manufacturer vendor maker 品牌 品牌名 品牌名称 商标 厂商 制造商 marke marque marca"
    ),
    "label": "label brandtype shelfmark 标签",
    "price": (
        "listprice regularprice originalprice rrp msrp fullprice 原价 市场价 吊牌价 标价 划线价 "
        "price unitprice itemprice 价格 单价 售价 销售价 现价 商品价格 价钱 定价 sellingprice "
        "currentprice finalprice preis prix precio prezzo"
    ),
    "sale_price": (
        "saleprice salesprice specialprice discountprice discountedprice promoprice offerprice "
        "dealprice 促销价 活动价 优惠价 折后价 折扣价 特价 券后价 会员价 sellingprice currentprice "
        "finalprice 售价 销售价 现价 price 价格"
    ),
    "currency": ("currency currencycode pricecurrency 币种 货币 货币单位 währung devise"),
    "availability": (
        "availability instock stockstatus status available isavailable 库存状态 商品状态 状态 "
        "上架状态 是否有货 是否上架 有货 verfügbarkeit disponibilité"
    ),
    "stock": (
        "stock stockquantity inventory inventoryquantity quantityavailable qtyavailable stocklevel "
        "onhand quantity qty 库存 库存数量 库存量 现有库存 数量 bestand lager"
    ),
    "link": ("link url producturl productlink itemurl pageurl 链接 商品链接 网址 商品网址 商品url 详情链接"),
    "image": (
        "image imageurl imagelink images imageurls picture pictureurl photo thumbnail img imgurl "
        "mainimage 图片 主图 商品图片 图片链接 图片地址 主图链接 图片url bild"
    ),
    "gtin": "gtin ean ean13 upc upceancode barcode isbn 条码 条形码 商品条码",
    "mpn": ("mpn modelnumber model partnumber manufacturerpartnumber 型号 产品型号 规格型号"),
    "color": "color colour 颜色 颜色分类 色彩 farbe couleur",
    "size": "size 尺码 尺寸 大小 größe taille",
    "material": "material fabric 材质 面料 材料 成分",
    "gender": "gender sex 性别 适用性别",
    "age_group": "agegroup 年龄段 适用年龄",
    "condition": "condition itemcondition 成色 新旧 新旧程度",
    "language": "language lang locale 语言",
}
_SALES = {
    "order": ("invoiceno invoice invoiceid orderid orderno ordernumber basketid 订单号 订单编号 订单id"),
    "customer": ("customerid customer userid user clientid memberid 客户编号 客户id 用户id 会员id 买家"),
    "time": ("invoicedate orderdate date timestamp datetime purchasedate 下单时间 订单时间 日期 时间"),
    "quantity": "quantity qty units 数量 购买数量",
}

WORDS = {field: tuple(words.split()) for field, words in _COLUMNS.items()}
"""Folded header words by field, the likeliest first; a column is given to one field only."""

SALES = {kind: frozenset(words.split()) for kind, words in _SALES.items()}
"""Header words that tell a list of sales from a list of products."""


def folded(header: str) -> str:
    """A header name as compared: composed, lower case, letters and digits only, brackets left out.

    >>> folded("Upc Ean Code"), folded("价格（元）")
    ('upceancode', '价格')
    """
    text = unicodedata.normalize("NFKC", header).casefold()
    bare = re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", text)
    return "".join(char for char in (bare if bare.strip() else text) if char.isalnum())


def sales(header: list[str]) -> bool:
    """Whether a table holds sales rather than products: an order or a customer, and when or how many."""
    names = {folded(name) for name in header}
    told = {kind for kind, words in SALES.items() if names & words}
    return bool(told & {"order", "customer"}) and len(told) >= 2
