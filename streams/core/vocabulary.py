"""Words that say what a sentence does, by classes: those of which the weights of :mod:`streams.core.asks` speak.

A word may be in several classes. Made by hand from the grammars' question classes and from how people write in groups.
"""

# ruff: noqa: SIM905  # rows read better than a list of quotes

from __future__ import annotations

from typing import Final

CHINESE: Final[dict[str, list[str]]] = {
    "WHO": """
        谁 边个 哪位
    """.split(),
    "WHAT": """
        什么 啥 乜
    """.split(),
    "HOW": """
        怎么 怎样 咋 如何
    """.split(),
    "WHY": """
        为什么 为啥 为何 干嘛 凭什么 凭啥
    """.split(),
    "WHERE": """
        哪
    """.split(),
    "MANY": """
        多少 几 多久 多大 多长 多远 多高 多重
    """.split(),
    "ASK": """
        请问 想问 问一下 问下 请教 咨询 打听 求助 求问 问个 问问
    """.split(),
    "ANOTA": """
        是不是 有没有 能不能 要不要 会不会 行不行 好不好 对不对 用不用 来不来 去不去 值不值 算不算 有无 有冇 A不A
    """.split(),
    "ALL": """
        都 也 就 再 还
    """.split(),
    "ANY": """
        随便 无所谓 不管 无论 不论 任何 不重要 管他
    """.split(),
    "KNEW": """
        终于 总算 原来 才知道 懂了 知道了 难怪 怪不得 算是 明白为 我知道 就知道
    """.split(),
    "UNK": """
        不知道 不晓得 不确定 不清楚 不懂 搞不懂 看不懂 没懂 不明白 好奇
    """.split(),
    "REP": """
        问我 问他 问她 问你家 问我们 问能 问要 问什么 人问 老问 又问 问了 被问 问这 问为
    """.split(),
    "SO": """
        这么 那么 这样 太 真 好多
    """.split(),
    "RHET": """
        难道 何必 何苦 不就 至于 怎么能 怎么会 有什么 图什么 哪有 谁能 谁让 谁不 不会吧 早知道 说好的 谁懂 还让 能不
    """.split(),
    "PROB": """
        不开 不了 没反应 失败 报错 无法 闪退 崩 坏 漏 断 掉线 丢 少了 少发 碎 显示 提示 一直 老是 突然 没到 没收 不到
        不见 不上 不能 不动 不出 不过 不亮 卡 没网
        没有跳 没动静 黑屏 没声 错误 不对 起不来 不掉 乱码 超时
    """.split(),
    "DONE": """
        好了 解决 恢复 正常 搞定 找到 修好 可以了 不用 到账了 补了 补到 补发 自己好 完了 拿到 收到了
    """.split(),
    "REQ": """
        求 麻烦 帮 借 需要 急 申请 发我 给我 拉我 跪求 劳烦 拜托 救 蹲 想买 想收 想租 想找 想换 想拼 取消 退款 改成
        改到 留 能否 匀 支招 指点
    """.split(),
    "GRP": """
        有人 大家 各位 你们 群里 大佬 老师 团长 老板 客服 物业 姐妹 家人们 群主 管理员 邻居 朋友
    """.split(),
    "YOU": """
        你 您 恁 侬
    """.split(),
    "ME": """
        我 俺
    """.split(),
    "SHE": """
        他 她 它 别人 客户 孩子 我妈 同事 朋友 老公 老婆
    """.split(),
    "AD": """
        加我 微信 私信 私聊 私我 扫码 进群 下单 免费 团购 优惠 特价 限时 包邮 低价 批发 专业 点击 领取 首月 名师
        一对一 一条龙 滴滴 抢购 预约 体验 试听 秒批 找我 带看
        助教 包过 上门 代办 半价 送货 手慢无 想要的
    """.split(),
    "POLL": """
        投票 接龙 扣 回复 评论区 问卷 打分 抽奖 统计 截止 留言 点赞 公告 通知 置顶 【 《
    """.split(),
    "PLS": """
        请大家 请各位 请 大家 各位
    """.split(),
    "THX": """
        谢谢 感谢 多谢 辛苦 谢了
    """.split(),
    "HA": """
        哈哈 笑死 hhh haha
    """.split(),
    "COND": """
        如果 要是 假如 万一 的话
    """.split(),
    "ALT": """
        还是 或者 or
    """.split(),
    "SEE": """
        看你 要看 得看 取决 主要看 看主 先看 再看
    """.split(),
    "DOC": """
        公告 置顶 群文件 说明书 攻略 教程 文件里 通知
    """.split(),
    "MA": """
        吗 嘛 么
    """.split(),
    "NE": """
        呢
    """.split(),
    "BA": """
        吧
    """.split(),
    "BU": """
        不 没
    """.split(),
    "A": """
        啊 呀 哇 噻 捏 哦 哩 嘞 呐
    """.split(),
    "LE": """
        了
    """.split(),
    "NOT": """
        不 没 别
    """.split(),
    "TIME": """
        今天 昨天 刚 早上 上周 之前 已经 现在 明天
    """.split(),
    "GOOD": """
        好 牛 强 帅 甜 美 香 可爱 好吃 绝
    """.split(),
    "WANT": """
        想知道 想了解 想问 想请教 想咨询 想打听
    """.split(),
    "HEY": """
        早上好 早安 晚安 晚上好 下午好 大家好 你好 各位早 早
    """.split(),
    "TAG": """
        对吧 没错吧 是吧 对不 没记错 是不是 对吗 好吗 行吗
    """.split(),
}
"""Of one to three characters, or English."""

ENGLISH: Final[dict[str, list[str]]] = {
    "WH": """
        what what's whats which who who's whos where where's wheres when when's whens how how's hows why
        whose wdym whys
    """.split(),
    "AUX": """
        is are am was were do does did can could will would should has have may might shall r
    """.split(),
    "NAUX": """
        isn't aren't don't doesn't didn't can't couldn't won't wouldn't shouldn't hasn't haven't wasn't
        isnt dont doesnt didnt cant wont
    """.split(),
    "YOU": """
        you u ya your you're
    """.split(),
    "I": """
        i i'm i've i'd im we we're we've
    """.split(),
    "MY": """
        my our me us
    """.split(),
    "SHE": """
        he she they it it's that that's this these those there there's he's she's they're
    """.split(),
    "ANY": """
        anyone anybody any1 someone somebody some1 any
    """.split(),
    "NOBODY": """
        everyone everybody nobody all people folks guys
    """.split(),
    "HELP": """
        help recommend recommendation recommendations advice ideas suggestions suggestion tips workaround
        fix explain appreciated halp
    """.split(),
    "PROB": """
        error fails failed failing fail hangs crashes crash crashing broken stuck missing keeps keep
        dropping invalid blank wrong down stopped blocked locked lost timeout timeouts denied leaking off
        jammed nothing not no never still cannot declined disappeared dead
    """.split(),
    "DONE": """
        fixed solved works worked sorted done found back got resolved finally arrived merged sent nvm
    """.split(),
    "KNOW": """
        know see understand learned figured realised realise get learn explains now
    """.split(),
    "UNK": """
        wonder wondering curious unsure clue idea idk dunno confused sure figure trying understand
        struggling
    """.split(),
    "REP": """
        asked asks asking told said says wants explained
    """.split(),
    "EVER": """
        whatever whoever whenever wherever whichever however
    """.split(),
    "PLS": """
        please pls plz kindly could can
    """.split(),
    "WANT": """
        need looking want love like requesting iso lf lfg lf2m wtb wtt borrow request seeking
    """.split(),
    "AD": """
        free dm off call order today book discount message limited enroll details link offer buy sale
        selling trial quote insured rates rent now deal price bio
    """.split(),
    "POLL": """
        poll vote react survey pinned closes comment reply
    """.split(),
    "THX": """
        thanks thank thx ty cheers appreciate tysm
    """.split(),
    "HA": """
        lol haha lmao omg hahaha 😂 wow
    """.split(),
    "OR": """
        or versus vs
    """.split(),
    "IF": """
        if unless
    """.split(),
    "CARE": """
        matter matters care mind depends
    """.split(),
    "ADV": """
        try use check look read go take buy bring
    """.split(),
    "GOOD": """
        nice cute lovely great good amazing funny sweet kind exciting brutal performance bargain
    """.split(),
    "HEY": """
        hi hello hey morning gm
    """.split(),
    "TAGR": """
        right correct yeah innit no
    """.split(),
    "SO": """
        so and but then ok also
    """.split(),
    "EVEN": """
        even just could possibly else ever needs anyway
    """.split(),
    "TIME": """
        yesterday today tonight tomorrow when while last this
    """.split(),
}
"""Single words in small letters."""
