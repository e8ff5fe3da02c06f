"""How shoppers put it: four products, a shop's rules, and hundreds of ways to ask for what they say."""

from __future__ import annotations

from pathlib import Path

from tests.shops import UNIT

from hawker.records.catalogue import Product
from hawker.storage.shop import Settings, Shop
from hawker.storage.tables import write_products

LAMP, PAN = "Halden Brass Reading Lamp", "Ostra Cast Iron Pan"
BAG, CUP = "远川 帆布双肩包 18升", "泥屋 陶瓷马克杯 350毫升"
PRODUCTS = (
    Product(
        "lamp-4",
        LAMP,
        category="Home > Lamps",
        brand="Halden",
        price=80 * UNIT,
        sale_price=60 * UNIT,
        currency="USD",
        stock=17,
        color="gold",
        material="brass",
        attributes={"Weight": "1.2 kg", "Height": "45 cm", "Power": "9 W", "Country of origin": "Portugal"},
    ),
    Product(
        "pan-9",
        PAN,
        category="Kitchen > Pans",
        brand="Ostra",
        price=45 * UNIT,
        currency="USD",
        stock=230,
        color="black",
        material="cast iron",
        attributes={"Weight": "2.7 kg", "Diameter": "28 cm", "Country of origin": "Sweden"},
    ),
    Product(
        "pack-3",
        BAG,
        category="箱包 > 双肩包",
        brand="远川",
        price=200 * UNIT,
        sale_price=150 * UNIT,
        currency="CNY",
        stock=64,
        color="军绿",
        material="帆布",
        language="zh",
        attributes={"容量": "18升", "重量": "0.8千克", "产地": "福建"},
    ),
    Product(
        "cup-6",
        CUP,
        category="厨房 > 杯子",
        brand="泥屋",
        price=35 * UNIT,
        currency="CNY",
        stock=9,
        color="米白",
        material="陶瓷",
        language="zh",
        attributes={"容量": "350毫升", "重量": "0.4千克", "产地": "江西景德镇"},
    ),
)
POLICIES = """# Delivery
Standard delivery takes 4 to 6 working days and costs 7.50 USD. Orders of 90 USD or more are delivered free.

# Express delivery
Express orders placed before 11:00 arrive on the next working day. Express delivery costs 16 USD.

# Returns
Goods may be returned within 21 days of receipt, unused and in the original box. You pay the return postage.

# Cancelling
An order can be cancelled free of charge within 3 hours.

# Payment
We accept Visa, Mastercard and bank transfer.

# Gift wrapping
Gift wrapping costs 2.50 USD an item.

# Customer service
Our team answers from Monday to Friday, 8:30 to 16:30.

# 配送
标准配送4至6个工作日送达,运费9元,满120元包邮。

# 加急配送
11点前下单的加急订单次日送达,加急费16元。

# 退货
签收后15天内可退货,退货运费由买家承担。

# 取消订单
下单后2小时内可以取消。

# 支付
支持微信支付、支付宝和银联卡。

# 礼品包装
礼品包装每件5元。

# 客服
客服在线时间为每天9点至22点。
"""
SAID: dict[str, tuple[str, ...]] = {
    "60.00 USD": (
        "How much is the {lamp}?",
        "What does the {lamp} cost at the moment?",
        "{lamp} price please",
        "What would I have to pay for the {lamp}?",
        "What are you asking for the {lamp}?",
        "What's the {lamp} going for?",
        "current price of the {lamp}",
        "Could you quote me a price for the {lamp}",
        "I'd like to know the selling price of the {lamp}",
        "how many dollars is the {lamp}?",
        "What is the {lamp} selling for right now?",
        "Is the {lamp} on sale?",
        "Is the {lamp} reduced at the moment?",
        "Any discount on the {lamp}?",
    ),
    "80.00 USD": (
        "What was the price of the {lamp} before the sale?",
        "What did the {lamp} cost before it was reduced?",
        "What is the regular price of the {lamp}?",
        "original price of the {lamp}?",
        "How much is the {lamp} without the discount?",
        "What does the {lamp} normally cost?",
        "What's the {lamp} usually sold for?",
        "The {lamp} was reduced from what?",
        "list price for the {lamp}",
        "What is the RRP of the {lamp}?",
        "How much was the {lamp} before the discount?",
        "What did the {lamp} use to sell for before the markdown?",
        "full price of the {lamp} please",
    ),
    "20.00 USD": (
        "How much do I save on the {lamp}?",
        "How big is the discount on the {lamp}?",
        "By how much is the {lamp} reduced?",
        "How much has the {lamp} been marked down?",
        "What's the saving on the {lamp}?",
        "How much cheaper is the {lamp} than before?",
    ),
    "25 %": (
        "By what percentage is the {lamp} reduced?",
        "How many percent off is the {lamp}?",
        "What percent discount is there on the {lamp}?",
    ),
    "15.00 USD": (
        "What is the price difference between the {lamp} and the {pan}?",
        "How much more expensive is the {lamp} than the {pan}?",
        "How much cheaper is the {pan} than the {lamp}?",
        "By how much do the {lamp} and the {pan} differ in price?",
        "How far apart are the prices of the {lamp} and the {pan}?",
        "How much would I save if I took the {pan} instead of the {lamp}?",
        "What's the gap in price between the {pan} and the {lamp}?",
        "How much extra do I pay for the {lamp} compared with the {pan}?",
        "difference in price: {lamp} vs {pan}",
    ),
    "1.5 kg": (
        "How much heavier is the {pan} than the {lamp}?",
        "What is the weight difference between the {lamp} and the {pan}?",
        "By how much is the {lamp} lighter than the {pan}?",
    ),
    "17 left": (
        "How many of the {lamp} do you have?",
        "How many {lamp} are left?",
        "How many units of the {lamp} are in stock?",
        "Is the {lamp} available?",
        "Do you still have the {lamp}?",
        "Can I still order the {lamp}?",
        "Is the {lamp} sold out?",
        "stock level of the {lamp}?",
        "Have you run out of the {lamp}?",
        "Is there any {lamp} left?",
        "Is the {lamp} obtainable right now?",
        "How many pieces of the {lamp} remain?",
        "number of {lamp} remaining",
        "Do you carry the {lamp}?",
    ),
    "120.00 USD": (
        "How much are two {lamp}?",
        "What do 2 of the {lamp} cost?",
        "total price for two units of the {lamp}",
    ),
    "300.00 CNY": ("两个{bag}多少钱", "买2件{bag}要多少钱"),
    "1.2 kg": (
        "How heavy is the {lamp}?",
        "How much does the {lamp} weigh?",
        "weight of the {lamp}",
        "What does the {lamp} weigh in kilos?",
        "How many kilograms is the {lamp}?",
        "Is the {lamp} heavy?",
        "What's the mass of the {lamp}?",
    ),
    "45 cm": ("How tall is the {lamp}?", "What is the height of the {lamp}?", "dimensions of the {lamp}?"),
    "9 W": (
        "How many watts does the {lamp} have?",
        "power of the {lamp}?",
        "What's the wattage of the {lamp}?",
    ),
    "brass": (
        "What is the {lamp} made of?",
        "What material is the {lamp}?",
        "Which material was used for the {lamp}?",
        "What's the {lamp} composed of?",
        "Is the {lamp} made of plastic?",
        "What stuff is the {lamp} made from?",
    ),
    "gold": (
        "What colour is the {lamp}?",
        "Which color does the {lamp} have?",
        "what shade is the {lamp}",
        "In what colour does the {lamp} come?",
    ),
    "Halden": (
        "Who makes the {lamp}?",
        "What brand is the {lamp}?",
        "Who is the manufacturer of the {lamp}?",
        "Which company makes the {lamp}?",
        "Who produces the {lamp}?",
        "What make is the {lamp}?",
    ),
    "Portugal": (
        "Where is the {lamp} made?",
        "In which country was the {lamp} manufactured?",
        "Where does the {lamp} come from?",
        "country of origin of the {lamp}",
        "Where is the {lamp} produced?",
        "What country is the {lamp} from?",
        "Where was the {lamp} assembled?",
        "Is the {lamp} imported?",
    ),
    "Ostra Cast Iron Pan is cheaper": (
        "Which is cheaper, the {lamp} or the {pan}?",
        "Is the {pan} cheaper than the {lamp}?",
        "Does the {lamp} cost more than the {pan}? Which costs less?",
        "Which of the two costs less: {lamp} or {pan}?",
        "I want to spend less: {lamp} or {pan}?",
        "Which one is easier on the wallet, {lamp} or {pan}?",
        "{lamp} or {pan}, which has the lower price?",
    ),
    "Ostra Cast Iron Pan has the higher weight": (
        "Which is heavier, the {lamp} or the {pan}?",
        "Does the {lamp} weigh more than the {pan}?",
        "{lamp} or {pan} - which one weighs more?",
        "Is the {pan} heavier than the {lamp}?",
    ),
    "4 to 6 working days": (
        "How long does delivery take?",
        "How long will my order take to arrive?",
        "When will I receive my parcel after ordering?",
        "How many days does shipping take?",
        "How soon can I expect my goods?",
        "How fast do you deliver?",
        "What are your delivery times?",
        "How long until it gets here?",
        "How long do I have to wait for my order?",
        "When do orders arrive?",
    ),
    "7.50 USD": (
        "How much is delivery?",
        "What do you charge for shipping?",
        "What does standard shipping cost?",
        "How much is postage?",
        "What are the delivery fees?",
        "shipping costs?",
    ),
    "90 USD": (
        "How much do I have to spend to get free delivery?",
        "When is shipping free?",
        "From what amount is delivery free?",
        "Is there free shipping?",
        "What is the minimum order for free delivery?",
        "At what order value do you waive the delivery fee? Is delivery free?",
        "How much must I order for free postage?",
        "Do you ship for free?",
    ),
    "16 USD": (
        "How much is express delivery?",
        "What does overnight or express shipping cost?",
        "Express delivery fee?",
        "What is the surcharge for express?",
    ),
    "next working day": (
        "How fast is express delivery?",
        "When does an express order arrive?",
        "Do you offer next-day or express delivery?",
        "Can I get it faster with express?",
    ),
    "21 days": (
        "How long do I have to return something?",
        "What is your return policy?",
        "Within how many days can I send it back?",
        "Until when can I return an item?",
        "How many days do I have to change my mind?",
        "Can I return goods that I don't like?",
        "What's the return window?",
        "What is the deadline for returns?",
        "Can I bring it back if I don't like it?",
        "How long can I keep it before returning it?",
        "Can I send the {lamp} back?",
    ),
    "You pay the return postage": (
        "Who pays for return shipping?",
        "Is returning free?",
        "Do I have to pay to send it back?",
        "How much does a return cost?",
        "Are returns free of charge?",
        "Who covers the return postage?",
    ),
    "3 hours": (
        "How long after ordering can I still cancel?",
        "Can I cancel my order?",
        "Until when is cancelling possible?",
        "How do I cancel an order?",
        "I ordered by mistake, can I cancel?",
        "How much time do I have to cancel?",
        "What is the deadline for a cancellation?",
        "Can an order be cancelled after I placed it?",
    ),
    "Visa, Mastercard and bank transfer": (
        "How can I pay?",
        "Which payment methods do you accept?",
        "Do you take credit cards?",
        "Can I pay by bank transfer?",
        "What forms of payment do you take?",
        "What are my payment options?",
        "Can I pay with Visa?",
        "Which cards do you accept?",
    ),
    "2.50 USD": (
        "Can you gift wrap it?",
        "Do you offer gift wrapping and what does it cost?",
        "How much is gift-wrapping?",
        "Could you wrap it as a present?",
        "Can you pack it as a gift?",
        "What do you charge to wrap a present?",
        "It's for a birthday, can you wrap it?",
    ),
    "8:30 to 16:30": (
        "When can I reach customer service?",
        "What are your customer service hours?",
        "What are your support hours?",
        "When is your team available?",
        "Until what time can I call someone?",
        "What time do you open?",
        "When can I speak to your support team?",
        "At what times does somebody answer the phone?",
    ),
    "150.00 CNY": (
        "{bag}多少钱",
        "请问{bag}现在卖多少",
        "{bag}怎么卖的",
        "{bag}什么价位",
        "{bag}现价是多少",
        "买{bag}要花多少钱",
        "{bag}的售价",
        "{bag}几块钱",
        "{bag}贵吗",
        "{bag}要付多少",
        "{bag}打折吗",
        "{bag}有优惠吗",
        "{bag}到手价多少",
    ),
    "200.00 CNY": (
        "{bag}原价多少",
        "{bag}打折前多少钱",
        "{bag}优惠之前卖什么价",
        "{bag}原来卖多少钱",
        "{bag}不打折是多少钱",
        "{bag}的划线价",
        "{bag}降价前什么价格",
        "{bag}平时卖多少钱",
        "{bag}没打折的时候多少钱",
        "{bag}的吊牌价是多少",
        "{bag}促销以前的价格是多少",
        "{bag}正价多少",
        "想问下{bag}的原价",
    ),
    "便宜50.00 CNY": (
        "{bag}便宜了多少",
        "{bag}比原价便宜多少",
        "{bag}优惠了多少钱",
        "{bag}能省多少钱",
        "{bag}降了多少",
        "{bag}打几折",
    ),
    "115.00 CNY": (
        "{bag}和{cup}差多少钱",
        "{bag}与{cup}的差价是多少",
        "{bag}比{cup}贵多少",
        "{cup}比{bag}便宜多少钱",
        "{bag}跟{cup}价格相差多少",
        "{bag}和{cup}价格差多少",
        "买{bag}比买{cup}多花多少钱",
        "{cup}和{bag}之间的价差",
        "{bag}和{cup}哪个便宜，差多少",
    ),
    "0.4千克": (
        "{bag}比{cup}重多少",
        "{bag}和{cup}重量差多少",
        "{cup}多重",
        "{cup}有多沉",
        "{cup}的重量是多少",
        "{cup}重吗",
        "{cup}有几斤",
    ),
    "64": (
        "{bag}有货吗",
        "{bag}还有吗",
        "{bag}还剩多少",
        "{bag}库存多少",
        "{bag}现在能买到吗",
        "{bag}有现货吗",
        "{bag}卖完了吗",
        "{bag}还有几个",
        "{bag}还能下单吗",
        "{bag}缺货吗",
        "{bag}还有多少件",
        "{bag}库存还够吗",
    ),
    "福建": (
        "{bag}产地是哪里",
        "{bag}来自什么地方",
        "{bag}是哪里产的",
        "{bag}哪里生产的",
        "{bag}在哪儿做的",
        "{bag}产自哪里",
        "{bag}是什么地方的",
        "{bag}是国产的吗",
        "{bag}的原产地",
        "{bag}从哪里来的",
    ),
    "帆布": (
        "{bag}是什么材质",
        "{bag}什么面料的",
        "{bag}用什么做的",
        "{bag}什么料子",
        "{bag}的用料是什么",
        "{bag}是用什么材料制成的",
    ),
    "军绿": ("{bag}什么颜色", "{bag}是啥色的", "{bag}的颜色", "{bag}哪种颜色"),
    "远川": (
        "{bag}什么牌子",
        "{bag}是哪个品牌",
        "{bag}哪家生产的",
        "{bag}的厂家是谁",
        "{bag}谁家的",
        "{bag}啥牌子",
    ),
    "18升": ("{bag}容量多大", "{bag}能装多少升", "{bag}几升的", "{bag}的容积"),
    "马克杯 350毫升”更便宜": (
        "{bag}和{cup}哪个便宜",
        "{bag}贵还是{cup}贵，哪个更便宜",
        "{bag}跟{cup}哪个更划算",
        "{bag}与{cup}哪个价格低",
        "{bag}和{cup}哪一个更实惠",
    ),
    "双肩包 18升”的重量更高": (
        "{bag}和{cup}哪个重",
        "{bag}和{cup}哪个更沉",
        "{bag}比{cup}重吗",
    ),
    "4至6个工作日": (
        "下单后多久能收到",
        "一般多少天送达",
        "多久到货",
        "几天能到",
        "要等几天",
        "什么时候能送到",
        "发货后几天到",
        "送货要多久",
        "快递一般几天",
        "配送需要多长时间",
        "买了多久能拿到",
    ),
    "运费9元": ("运费多少", "邮费多少钱", "快递费怎么收", "配送费是多少", "邮费要多少"),
    "满120元包邮": (
        "满多少包邮",
        "买多少免运费",
        "包邮吗",
        "多少钱起免邮",
        "免运费的门槛是多少",
        "怎么才能包邮",
        "消费满多少可以免邮费",
    ),
    "加急费16元": ("加急多少钱", "加急配送怎么收费", "加急要加多少钱", "加急费用是多少"),
    "次日送达": ("加急几天到", "加急什么时候送到", "能加急吗", "最快多久到", "想快点收到怎么办"),
    "15天内": (
        "几天之内能退",
        "买了不喜欢,几天之内能退?",
        "多少天内可以退货",
        "退货期限多久",
        "能退货吗",
        "不合适可以退吗",
        "收到后多久可以退",
        "最晚什么时候可以退",
        "退货有时间限制吗",
        "买回来后悔了能退吗",
    ),
    "由买家承担": (
        "退货要自己付邮费吗",
        "退货运费谁出",
        "退货谁承担运费",
        "退货要钱吗",
        "退货的快递费谁付",
        "退货免费吗",
    ),
    "2小时内": (
        "下单后多久可以取消",
        "能取消订单吗",
        "怎么取消订单",
        "多久之内可以取消",
        "拍错了能取消吗",
        "付款后还能取消吗",
        "订单最晚什么时候能取消",
    ),
    "微信支付、支付宝和银联卡": (
        "支持哪些付款方式",
        "怎么付款",
        "可以用微信吗",
        "支付宝能付吗",
        "有哪些支付方式",
        "能刷卡吗",
        "可以用什么付钱",
        "付款方式有哪几种",
    ),
    "每件5元": (
        "可以包装成礼物吗",
        "可以包装成礼物吗,要加多少钱",
        "有礼品包装吗",
        "礼物包装多少钱",
        "送人的，能包装一下吗",
        "包装成礼品要另外收费吗",
        "能帮忙包装好看点吗",
    ),
    "9点至22点": (
        "客服几点上班",
        "客服在线时间",
        "几点到几点有客服",
        "客服什么时候在",
        "晚上有客服吗",
        "你们客服几点下班",
        "周末客服在吗",
        "什么时候能联系到客服",
    ),
}
"""What has to be said, and the questions that ask for it."""
UNSAID = (
    "Do you deliver by drone?",
    "Do you offer financing over 36 months?",
    "Can I pay in bitcoin?",
    "Can I pay cash on delivery?",
    "Do you accept American Express?",
    "Can I pay with Klarna?",
    "Do you have a student discount?",
    "Do you ship to Japan?",
    "Is there a pick-up point?",
    "Do you price match?",
    "Do you offer engraving?",
    "Can I rent the {lamp}?",
    "Do you take trade-ins?",
    "Do you deliver to PO boxes?",
    "Is the {lamp} cheaper at another shop?",
    "Is the {lamp} cheaper somewhere else?",
    "Will the {lamp} be cheaper next month?",
    "What was the price of the {lamp} last year?",
    "How many people bought the {lamp}?",
    "What do others think of the {lamp}?",
    "What is the decibel level of the {lamp}?",
    "Who designed the {lamp}?",
    "What is the warranty of the {pan}?",
    "Does the {lamp} have Bluetooth?",
    "How many calories are in the {pan}?",
    "What margin do you make on the {lamp}?",
    "Is the {pan} dishwasher safe?",
    "When will the {pan} be discontinued?",
    "What is the battery life of the {pan}?",
    "Which celebrity uses the {lamp}?",
    "How many stars does the {lamp} have?",
    "Which movie features the {lamp}?",
    "你们用无人机送货吗",
    "可以分期付款吗",
    "能用比特币付吗",
    "可以货到付款吗",
    "有学生优惠吗",
    "能寄到日本吗",
    "可以自提吗",
    "有价保吗",
    "可以刻字吗",
    "支持以旧换新吗",
    "{bag}在别的店便宜吗",
    "{bag}京东卖多少钱",
    "{bag}下个月会降价吗",
    "{bag}去年卖多少钱",
    "{bag}卖了多少件",
    "{bag}是谁设计的",
    "{bag}保修多久",
    "{bag}支持蓝牙吗",
    "{cup}能进微波炉吗",
    "{cup}的进价是多少",
    "{bag}哪个明星代言",
    "{bag}评价怎么样",
    "{cup}噪音多大",
    "{cup}什么时候停产",
)
"""What neither the catalogue nor the rules say."""


def filled(question: str) -> str:
    """A question with the titles in their places."""
    return question.format(lamp=LAMP, pan=PAN, bag=BAG, cup=CUP)


def shop(folder: Path) -> Shop:
    """The shop in a new folder."""
    made = Shop.create(folder, Settings(name="Corner"))
    write_products(made.table("catalogue"), PRODUCTS)
    (folder / "policies.md").write_text(POLICIES, "utf-8")
    return made
