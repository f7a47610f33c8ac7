"""Advertising: strangers who sell, and those who only sound like it."""

from __future__ import annotations

from tests.golden.scenarios.language import MINUTE, Community, moment
from tests.golden.scenarios.talk import SHOP, Person
from tests.golden.scenarios.usual import MIXED, NEIGHBOURS, settled


def a_stranger_posts_a_link_to_quick_money(c: Community) -> None:
    """Somebody who joined an hour ago posted a job offer with a link: staff hears of it at once."""
    settled(c, 21)
    c.joins("20 13:00", "小財")
    c.says("20 14:00", "小財", "诚招线上兼职，日结300-800，时间自由，有意扫码了解 http://job.quick-cash.top/s/81")
    c.until("22 20:00")
    c.expect("advertising", ("20 14:00", "20 14:01"), about="小財", because="链接|link|contact")


def a_stranger_advertises_in_english(c: Community) -> None:
    """The same in English, with a Telegram handle instead of a link."""
    settled(c, 21)
    c.joins("20 13:00", "Kate_invest")
    c.says(
        "20 14:00",
        "Kate_invest",
        "Hi all! I made 4,300 USD profit last week with this crypto signal group, guaranteed income, join t.me/fast_signals now",
    )
    c.until("22 20:00")
    c.expect("advertising", ("20 14:00", "20 14:01"), about="Kate_invest")


def three_strangers_paste_the_same_text(c: Community) -> None:
    """Three accounts posted nearly the same words within ten minutes, no link in them: together it is advertising.

    Nobody can tell from the first; with the second it is plain, and with the third it must have been said. That nobody answered
    these newcomers is no alarm then: the first one's five minutes are not over when the second comes.
    """
    settled(c, 21)
    text = "姐妹们，我家宝宝的湿疹用了三天就好了，真心推荐给大家，想了解的找我哦"
    for number, who in enumerate(("宝妈丽丽", "宝妈婷婷", "宝妈菲菲")):
        c.joins(moment("20 14:50") + number * MINUTE, who)
        c.says(moment("20 15:00") + 4 * number * MINUTE, who, text + "～🌸💕✨"[number])
    c.until("22 20:00")
    c.never("unanswered")
    c.expect("advertising", ("20 15:04", "20 15:09"), because="3|2|相同|同样|near|same|ident", times=None)


def a_stranger_hides_the_contact_in_odd_letters(c: Community) -> None:
    """Homophones and signs between the letters, as sellers write who have been thrown out before."""
    settled(c, 21)
    c.says("20 14:00", "低价批发小王", "原单高仿鞋包，一手货源支持验货，➕薇❤：hb8—7766，代理价更优惠")
    c.until("22 20:00")
    c.expect("advertising", ("20 14:00", "20 14:01"), about="低价批发小王")


def a_regular_shares_a_link_with_a_discount(c: Community) -> None:
    """A helper of many weeks shares where she found cheap pots, with link and discount: help among neighbours."""
    settled(c, 25)
    c.scene(
        "22 20:00",
        """
        +0s   小何: 花盆都好贵
        +30s  阿梅> 这家最近打折，满100减30，我昨天刚买的 https://m.tb.cn/h.5xQ8k
        +40s  小何> 谢谢梅姐，下单了
        """,
    )
    c.never("advertising")


def a_member_sells_in_a_group_made_for_selling(c: Community) -> None:
    """A market group: members offer what they grow, with price and contact. That is what the group is for."""
    settled(c, 25, kind="commerce")
    c.says("22 10:00", "阿珍", "自家脐橙今天到货，5斤包邮39，要的加微信 azhen1980 或者直接接龙")
    c.says("22 10:02", "建国", "1 建国 5斤")
    c.joins("22 11:00", "果农老陈")
    hello = c.says("22 11:10", "果农老陈", "大家好，我是群主介绍来的果农，自家核桃特价，20一斤，下单私我")
    c.says("22 11:11", "群主", "欢迎陈叔，他家核桃我吃过，放心", reply_to=hello)
    c.until("24 20:00")
    c.never("advertising")


def a_newcomer_asks_and_mentions_wechat(c: Community) -> None:
    """A newcomer asks whether there is a group on WeChat too, and whether the discount of last week still holds: a question."""
    settled(c, 25)
    c.joins("22 14:00", "新邻居")
    c.scene(
        "22 14:10",
        """
        +0s   [wechat] 新邻居: 请问咱们有微信群吗？怎么加？
        +60s  老周> 有的，群公告里有二维码
        +90s  [offer] 新邻居: 谢谢！上周说的花市优惠券现在还能领吗，在哪扫码？
        +40s  老周> 能领，领到月底
        """,
    )
    c.never("advertising")
    c.asked("wechat", status="answered", answered_by="老周")
    c.asked("offer", status="answered", answered_by="老周")


def staff_announces_a_sale(c: Community) -> None:
    """The shop's own staff announces a sale to all with link and code: that is their work, not advertising."""
    c.group(members=200, staff="店长", kind="commerce")
    c.talk((1, 22), [*NEIGHBOURS, Person("店长", 2.0, "lead")], a_day=5, about=SHOP, mix=MIXED)
    c.says(
        "20 10:00",
        "店长",
        "@all 周三会员日，全场8折包邮，下单立减，限时两天！链接 https://shop.example.com/sale 扫码领券",
    )
    c.tolerate("member_at_risk")
    c.never("advertising", "flood")


def a_member_warns_of_an_advertiser(c: Community) -> None:
    """A regular quotes a swindler's text to warn the others: the words of an advertisement, from one who isn't selling."""
    settled(c, 25)
    c.says(
        "22 20:00",
        "大刘",
        "大家小心，刚有人加我微信说什么兼职日结，链接点进去就要银行卡，骗子，别点 https://t.cn/Ak3x9",
    )
    c.until("24 20:00")
    c.never("advertising", "quarrel")


def an_advertiser_posts_again_after_a_day(c: Community) -> None:
    """He wrote a few harmless words first, and posted his offer on three days: his few messages make him no regular."""
    settled(c, 27)
    c.joins("20 09:00", "阿强推广")
    for text, at in (
        ("早上好", "20 09:05"),
        ("大家好呀", "20 09:06"),
        ("这群真热闹", "20 09:07"),
        ("嗯嗯", "20 09:08"),
    ):
        c.says(at, "阿强推广", text)
    c.says("20 09:09", "老周", "欢迎欢迎", reply_to="s2")
    for day in (20, 22, 24):
        c.says(
            f"{day} 15:00",
            "阿强推广",
            "小额贷款秒批，无抵押，利息低，需要的加V：dk9981 或扫码 https://dk.example.vip/1",
        )
    c.tolerate("unanswered")
    c.expect("advertising", ("20 15:00", "24 15:01"), about="阿强推广", times=None)


def people_exchange_contacts_to_meet(c: Community) -> None:
    """Two members agree to swap plants and give a phone number: contact without a pitch."""
    settled(c, 25)
    c.scene(
        "22 20:00",
        """
        +0s   晓雯: 我多了一盆绣球，想换多肉
        +40s  豆豆> 我换，你加我微信 doudou_2011，或者打 13800138000
        +30s  晓雯> 好，加了
        """,
    )
    c.never("advertising")
