// Every word of the page, in Chinese and English. `said` takes its part of texts that the streams write in both.

const WORDS = {
  skip: ["跳到内容", "Skip to the content"],
  search: ["搜索群或人", "Find a group or a person"],
  work: ["工作", "Work"],
  boards: ["图表", "Charts"],
  answer: ["待答", "Answer"],
  welcome: ["迎新", "Welcome"],
  thank: ["致谢", "Thank"],
  win_back: ["挽回", "Win back"],
  protect: ["守护", "Protect"],
  move: ["搬家或收尾", "Move or close"],
  pipeline: ["数据源", "Sources"],
  about_answer: ["没有回应就没有出路：先答等得最久的。", "Where there is no response, there is no way out: the longest wait first."],
  about_welcome: ["第一周没得到回应的新人，多半不会再来。", "A newcomer who gets nothing in the first week rarely comes back."],
  about_thank: ["私下说声谢谢，他们就会成为骨干。", "A private word of thanks makes them the core of the group."],
  about_win_back: ["常来的人变安静了，趁早问候一句。", "Regulars who grow quiet: a word while it still counts."],
  about_protect: ["广告、刷屏、争吵、接连退群：别让人被赶走。", "Ads, floods, quarrels, leave bursts: keep people from being driven away."],
  about_move: ["在变冷的群：救它，或把还活跃的人带到活着的群。", "Dying groups: revive them, or bring those still active to a living one."],
  about_pipeline: ["没有动静的数据源：机器人可能掉线了。", "Sources gone silent: a bot may be offline."],
  nothing: ["没有要做的，很好。", "Nothing to do here. Good."],
  all_done: ["眼下没有人在等你。", "Nobody is waiting for you right now."],
  acknowledge: ["我来处理", "I take it"],
  snooze: ["稍后", "Later"],
  resolve: ["已处理", "Done"],
  reopen: ["重新打开", "Reopen"],
  assign: ["交给…", "Hand over…"],
  note: ["备注", "Note"],
  undo: ["撤销", "Undo"],
  undone: ["已撤销", "Taken back"],
  open: ["待处理", "open"],
  acked: ["处理中", "in hand"],
  snoozed: ["稍后", "later"],
  resolved: ["已处理", "done"],
  expired: ["已过期", "expired"],
  overdue: ["已超时", "overdue"],
  due_in: ["还剩", "due in"],
  waits: ["等了", "waits"],
  ago: ["前", " ago"],
  just_now: ["刚刚", "just now"],
  hour: ["1 小时后", "In an hour"],
  four_hours: ["4 小时后", "In four hours"],
  tomorrow: ["明早 9 点", "Tomorrow at 9"],
  week: ["一周后", "In a week"],
  to_whom: ["交给谁", "To whom"],
  what_note: ["记一句", "What should others know"],
  save: ["保存", "Save"],
  cancel: ["取消", "Cancel"],
  sign_in: ["登录", "Sign in"],
  sign_out: ["退出", "Sign out"],
  token: ["访问令牌", "Access token"],
  bad_token: ["令牌不对", "This token is not known"],
  offline: ["连不上工作台，稍后自动重试", "The desk can't be reached; it will be tried again"],
  failed: ["没有成功", "That did not work"],
  show_ended: ["显示已结束的", "Show what ended"],
  language: ["EN", "中文"],
  theme: ["明暗", "Light or dark"],
  keys: ["快捷键", "Keyboard"],
  key_move: ["上一项、下一项", "previous, next"],
  key_help: ["这张表", "this table"],
  key_search: ["搜索", "search"],
  key_lists: ["切换列表", "change the list"],
  no_data: ["这段时间没有数据", "No data in this time"],
  days: ["天", "days"],
  range: ["时间范围", "Time range"],
  platform: ["平台", "Platform"],
  kind: ["类型", "Kind"],
  group: ["群", "Group"],
  all: ["全部", "All"],
  found_groups: ["群", "Groups"],
  found_people: ["人", "People"],
  found_none: ["没有找到", "Nothing found"],
  person: ["成员", "member"],
  loading: ["正在取…", "Loading…"],
  newcomer_word: ["新人", "newcomer"],
  helped: ["帮过很多人", "helped many"],
  started: ["带起过话题", "starts talk"],
  assigned: ["交给", "with"],
  notes_n: ["条备注", "notes"],
  new_work: ["有新的事", "New work"],
};

const KEY = "huoqun-language";
let language = localStorage.getItem(KEY) || (navigator.language.startsWith("zh") ? "zh" : "en");

export function lang() {
  return language;
}

export function speak(next) {
  language = next;
  localStorage.setItem(KEY, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}

export function t(name) {
  const words = WORDS[name];
  return words ? words[language === "zh" ? 0 : 1] : name;
}

// The streams write "中文 · English"; a text in one language stays whole.
export function said(text) {
  const at = text.indexOf(" · ");
  if (at < 0) return text;
  return language === "zh" ? text.slice(0, at) : text.slice(at + 3);
}

export function duration(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60000));
  const zh = language === "zh";
  if (minutes < 1) return zh ? "不到 1 分钟" : "under a minute";
  if (minutes < 60) return zh ? `${minutes} 分钟` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return zh ? `${hours} 小时` : `${hours} h`;
  return zh ? `${Math.floor(hours / 24)} 天` : `${Math.floor(hours / 24)} d`;
}
