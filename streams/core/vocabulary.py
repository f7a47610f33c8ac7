"""Words that say what a sentence does, by classes: those of which the weights of :mod:`streams.core.asks` speak.

A word may be in several classes. Made by hand from the grammars' question classes and from how people write in groups.
"""

# ruff: noqa: SIM905  # rows read better than a list of quotes

from __future__ import annotations

from typing import Final


def _rows(signs: str) -> list[str]:
    """Return signs of several words, which a bar parts."""
    return [" ".join(sign.split()) for sign in signs.split("|")]


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
    "INDEF": """
        没什么 没啥 不怎么 没怎么 没几 好几 十几 几十 几百 几千 几万 几乎 哪怕 哪都 哪也 谁都 谁也
        什么都 啥都 啥也 怎么都 咋都 怎么也 什么也 哪儿都 再怎么 什么的 没多少 不多少 几年前 过几天
        这几天 前几天 几句 几眼 哪天我 各种 不咋 谁知 多少有 多少年 第几次 有几次 没哪 哪里哪 也不知
        几块钱 几分钟 谁谁 无论如 谁家还 几次三 十多 好多 多亏 多半
    """.split(),
    "GUESS": """
        估计 大概 可能 应该 多半 八成 也许 恐怕 好像 似乎 看来 看样子 差不多 约 左右 或许 未必 不一定
        一般 通常 据说 听说
    """.split(),
    "ADVICE": """
        建议 试试 记得 最好 千万 别忘 要先 先把 多喝 多晒 注意 小心 换个 可以试 直接 点一下 重启 放心
        别急 别怕 不用 不必 没必要 用不着 不要 不妨 尽量 得先 必须 一定要 去医院 找客服 问客服 打电话
    """.split(),
    "YES": """
        是的 对的 对呀 对啊 嗯 没有啊 不是 有的 好的 行的 可以的 没错 没呢 不会 不行 不能 不是的 没事
        没关系 没问题 好嘞 收到 当然 必须的 肯定 同意 确实 也是
    """.split(),
    "FEEL": """
        感觉 觉得 真的 果然 居然 竟然 简直 实在 到底是 毕竟 其实 反正 幸好 还好 可惜 好在 幸亏 难得 就是
        本来 明明
    """.split(),
    "MOOD": """
        哭 笑 累 困 饿 烦 爽 服了 无语 救命 绝了 破防 绷 麻了 裂开 离谱 羡慕 心疼 感动 开心 难受 太难
        气死 烦死 累死 热死 冷死 唉 哎 呜 啊啊 天哪 天呐 我的妈 妈呀 好家伙 牛啊 厉害 恭喜 祝 加油 撒花
        欢迎 快乐 幸福
    """.split(),
    "DID": """
        买了 做了 看了 吃了 用了 去了 换了 装了 写了 学了 试了 改了 办了 考了 来了 走了 开了 养了 种了
        洗了 睡了 跑了 拍了 发了 交了 给了 送了 领了 报了 打了 说了 弄了 订了
    """.split(),
    "WORSE": """
        坏 堵 裂 碎 卡 崩 掉 漏 断 丢 死机 黑屏 花屏 发烫 发黄 发黑 发烧 蔫 烂 枯 吐 咳 疼 肿 拉肚子
        过敏 故障 异常 停电 停水 跳闸 漏电 漏水 滴水 反味 溢 不亮 不响 不热 不凉 不转 不走 不制冷 打不开
        登不上 进不去 连不上 收不到 找不到 下不了 用不了 付不了 传不上 点不了 读不出 识别不 没声 没信号
        没网 没反应 没更新 没发货 没到账 没收到 没动静 没显示 没人管 没人理 被锁 被封 被扣 被吞 被踢
        被骗 过期 失效 超时 误删 冻结 少一 少了 错了 缺一 发错 漏发 破损 变形 褪色 缩水 起球 开胶
    """.split(),
    "HOPE": """
        求推荐 求助 求教 求问 求解 求带 求链接 求分享 求拉 求科普 求建议 求救 求个 求一 有偿 高价收 求购
        急求 急急 在线等 同求 同问 蹲一 蹲个 收个 收一 想收 想租 想买 想找 想换 想学 想入 想请 想去 有意
        帮忙 帮我 帮看 帮查 帮个 麻烦 辛苦 劳烦 烦请 请帮 发我 给我 发一下 发下 看下 看看 查一下 查下
        催一下 加我 拉我 带我 算我 替我 借我 借个 匀我 来个 来人 转我 教我 教教 告诉我 通过一 说说 讲讲
        支支招 给个 给点 给份 推荐个 推荐一 介绍个
    """.split(),
    "NOTREQ": """
        要求 需求 追求 求婚 求职 求稳 请求 救命 急什么 别急 不急 着急 帮了 帮你 帮他 帮忙的 不麻烦
        麻烦了 麻烦事 留言 留下 留着 留给 请假 请客 请你 邀请 申请了 借的 求来 求求 帮助 需要的 有需要
        供求
    """.split(),
    "OPEN": """
        有人 有谁 有没有 谁有 谁知 谁能 谁会 谁懂 谁家 谁用 谁去 谁买 谁在 谁那 谁方便 谁可以 哪位 哪家
        哪个 哪里 哪儿 哪种 哪款 在哪 去哪 几点 几号 几天 几个 几月 几楼 多少钱 多久 多大 多远 多少
        怎么样 怎么办 怎么弄 怎么用 怎么去 怎么走 怎么买 怎么改 怎么看 怎么做 怎么选 怎么算 怎么回
        怎么才 为什么 为啥 什么时 啥时候 什么意 什么原 什么牌 什么样 什么办 什么好 有什么 有啥 是什么
        是啥 是谁 叫什么 叫啥 咋办 咋弄 咋整 咋回 咋样
    """.split(),
    "CLOSE": """
        了吗 了没 了么 了嘛 过吗 过没 的吗 的么 好吗 行吗 对吗 是吗 能吗 会吗 有吗 吗谢 不能 了不 了吧
        没有 呢吗 来着 呗 没啊 没呀 不啊 不呀 不呢 啊谢 谁知道 怎样 可以吗 好不好 行不行 是不是 对不对
        要不要 行不 能不 好不 对不 中不 要得不 伐 没有啊
    """.split(),
    "CITE": """
        他说 她说 他们说 人家说 客服说 老师说 老板说 领导说 医生说 我妈说 我说 我问 问我 她问 他问
        客户问 说是 据说 通知说 上面说 说的 说过 群里说 谁说 都说
    """.split(),
    "PLAIN": """
        今天 昨天 刚刚 刚才 终于 已经 早就 正在 马上 待会 等会 回头 改天 明天再 下次 一会 慢慢 先这样
        算了 走吧 就这样 那就 随缘 凑合 还行 一般般 不错 挺好 挺 蛮 很 超 巨 贼 特别 太
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
    "BARE": _rows("""
        be | been | not | never | only | also | always | probably | definitely | have | do | get | go | come
        | make | take | try | wait | arrive | work | confirm | happen | recommend | report | relate | buy |
        use | help | stop | keep | add | save | note | see | say | think | believe | imagine | agree | argue
        | complain | lie | mix | miss | worry | forget | expect | put | need
    """),
    "ASKS": _rows("""
        how much | how many | how long | how far | how often | how early | how late | how old | how big |
        how bad | how hard | how strict | how do | how does | how did | how can | how would | how should |
        how are | how is | how's the | how come | what time | what day | what kind | what type | what size |
        what is | what are | what's the | what's a | what's your | what do | what does | what did | what
        should | what would | what happens | what happened | what about | what else | what if | which one |
        which of | where do | where does | where is | where are | where's the | where can | where did |
        where should | when is | when are | when do | when does | when did | when will | when's the | who is
        | who are | who's the | who has | who do | who did | who knows how | who wants | who can | who else
        | why is | why are | why do | why does | why did | why won't | why can't | whose is
    """),
    "AUXS": _rows("""
        is it | is the | is there | is this | is that | is she | is he | is anyone | is anybody | is my |
        are you | are we | are they | are there | are the | are these | do i | do you | do we | do they | do
        the | does it | does the | does this | does that | does anyone | does anybody | did you | did they |
        did he | did she | did anyone | did the | did it | can i | can you | can we | can they | can someone
        | can somebody | can anyone | could you | could i | could someone | could somebody | could we |
        would you | would it | would this | would anyone | will it | will you | will they | will there |
        will the | should i | should we | has anyone | has anybody | has the | has it | have you | have they
        | was it | was that | was there | were there | am i | may i | shall we | any idea | any ideas | any
        chance | any tips | any luck | any news | any update | any good | any recommendations | anyone know
        | anyone else | anyone got | anyone here | anyone have | anyone want | anyone using | anyone tried |
        anybody know | anyone selling
    """),
    "ASKING": _rows("""
        need a | need help | need some | need someone | need to know | looking for | looking to | how to |
        trying to | want to know | i want to | would like | i'd like | i'd love | would love | would
        appreciate | help me | tell me | show me | send me | remind me | save me | put me | give me | let me
        know | lend me | can't figure | don't understand | don't get | don't know | not sure if | not sure
        how | not sure what | not sure why | no idea why | no idea how | i wonder if | wondering if |
        wondering how | curious if | curious how | please help | help please | pls help | please send |
        please change | please cancel | please add | please check | in need of | does anyone
    """),
    "BROKE": _rows("""
        broke | cracked | snapped | torn | ripped | leaks | leaking | dripping | flickering | frozen | froze
        | crashed | bricked | corrupted | refuses | refused | rejected | bounced | declined | charged |
        overcharged | double | twice | expired | error | stuck | jammed | won't |
        doesn't | isn't | aren't | can't | cannot | couldn't | wouldn't | hasn't | haven't | didn't | keeps
        | keep | dying | dead | wilting | yellow | brown | drooping | limping | vomiting | coughing | hurts
        | swollen | bleeding | itchy | rash | fever | buzzing | rattling | clicking | grinding | squeaking |
        slips | drops | lag | lagging | slow | offline | unavailable | unreachable | not working | not
        loading | nothing happens | no sound | no signal | never came | never arrived | hasn't arrived |
        still waiting | locked out | logged out | logging me | kicked me | wrong colour | wrong color |
        wrong size | wrong one | a hole | half empty | out of nowhere | for no reason
    """),
    "GUESS": _rows("""
        probably | maybe | perhaps | might | likely | apparently | supposedly | guess | think | thought |
        reckon | believe | suppose | imagine | usually | normally | generally | often | mostly | about |
        around | roughly | tends | seems | looks like | sounds like | must be | should be | could be | might
        be | turns out | as far as | far as i
    """),
    "YES": _rows("""
        yes | yep | yeah | yup | no | nope | nah | sure | ok | okay | agreed | true | exactly | indeed |
        absolutely | definitely | totally | correct | fine | noted | done | alright | cool | perfect | np |
        of course | not yet | not really | not anymore | not at all | not bad | me too | same here | it does
        | it is | it was | you can | they do | i do | i did | i have | there is | there are
    """),
    "TELL": _rows("""
        i used | i had | i got | i bought | i went | i made | i did | i tried | i use | i always | i usually
        | i never | i just | i think | i guess | i love | i hate | i know | i see | i'd go | i'd say | i'd
        wait | i'll | we used | we had | we got | we went | mine | my wife | my mum | my mom | my dad | my
        kid | my boss | my friend | we did | we use | just got | just finished | just landed | just woke |
        finally | already | so far | last night | this morning | on my way | back from | was great | was fun
        | was insane | was amazing | it's just | it's the | they're | that was | that is | that's the |
        that's how | that's what | that's why | that's when | there's a | there's one | here's
    """),
    "EXCL": _rows("""
        omg | wow | lol | lmao | haha | hahaha | ugh | oof | yikes | damn | dang | geez | jeez | yay |
        woohoo | hooray | phew | smh | lmfao | rofl | bruh | welp | aww | meh | sigh | what a | such a | so
        much | so many | so good | so cute | so tired | too much | too many | too good | love it | love that
        | hate it | can't wait | can't believe | no way | big if | say less | good night | good morning |
        happy birthday | happy friday | congrats | congratulations | well done | good luck | welcome | gg
    """),
    "TAIL": _rows("""
        anyone | anybody | anyone else | right | correct | yeah | no | or not | or what | or no | or is it |
        isn't it | aren't they | don't they | doesn't it | do we | aren't you | don't you | ideas | any
        ideas | thoughts | please | pls | plz | tips | advice | suggestions | help | normal | or something |
        eh | huh | at all | yet | then | exactly | tho | though | though lol | asap | who | what | why |
        where | when | how
    """),
    "WHATEVER": _rows("""
        what i | what you | what we | what they | what matters | what it | what he | what she | how i | how
        you | how they | how nice | how cute | how lovely | how sweet | how funny | how lucky | how dare |
        how it | how things | how to | where i | where there's | where there | when i | when you | when it |
        when we | when they | who cares | who knew | who knows | who needs | who doesn't | who would | who
        am | who says | why not | why i | why wait | why bother | why thank | why we | no matter | doesn't
        matter | depends on | depends what | depends how | up to you | if you | if i | if anyone | if it |
        if in | if that | as if | even if | only if | who said | what can you | what can i | so what |
        what's done | what's not | which is | which i | anyone who | anyone can | anyone but | all about
    """),
    "NOTICE": _rows("""
        reminder | notice | heads up | psa | fyi | note | update | announcement | attention | rsvp |
        everyone please | please keep | please park | please fill | please vote | please make | please
        remember | please be | please note | please don't | can everyone | link below | link in | sign up |
        book your | book now | call today | call now | per month | first month | off today | dm me | message
        me | for details | limited time | for sale | available now | new post | pinned | poll | vote | react
        | vote by | reply with
    """),
}
"""Of one to three words in small letters; in the later classes a bar parts them."""
