// The work lists: what wants somebody, and what operators do about it.

import { api } from "./api.js";
import { ask, complain, tell } from "./talk.js";
import { el, fill } from "./dom.js";
import { duration, lang, said, t } from "./words.js";

export const LISTS = ["answer", "welcome", "thank", "win_back", "protect", "move", "pipeline"];
const OPEN = new Set(["open"]);
const ENDED = new Set(["resolved", "expired"]);
const KEYS = { a: "acknowledge", s: "snooze", r: "resolve", i: "assign", n: "note", o: "reopen" };

const desk = { items: [], seen: "", ahead: 0, done: [], ended: false, listeners: [] };

export const seen = () => desk.seen;
export const onWork = (listener) => desk.listeners.push(listener);
export const count = (name) => desk.items.filter((item) => item.work === name && OPEN.has(item.state)).length;
export const urgent = (name) =>
  desk.items.some((item) => item.work === name && OPEN.has(item.state) && (item.severity === "critical" || late(item)));

export async function refresh() {
  const found = await api.work();
  desk.ahead = found.now - Date.now();
  desk.seen = found.seen;
  const waiting = new Map(desk.done.map((each) => [each.item, each]));
  desk.items = found.items.map((item) => expected(item, waiting.get(item.item)));
  desk.listeners.forEach((listener) => listener());
}

// What was just done is shown at once; the store says the same within a second or two.
function expected(item, deed) {
  if (!deed || Date.now() - deed.when > 10000) return item;
  return { ...item, ...deed.change };
}

const now = () => Date.now() + desk.ahead;
const late = (item) => item.work === "answer" && item.due_at !== null && item.due_at <= now();

export function workView(name, place) {
  const list = el("ul", { class: "items", id: "items" });
  const draw = () => drawList(name, list);
  fill(
    place,
    el("h1", {}, t(name)),
    el("p", { class: "about" }, t(`about_${name}`)),
    el(
      "div",
      { class: "bar" },
      el(
        "label",
        {},
        el("input", {
          type: "checkbox",
          checked: desk.ended,
          onchange: (event) => {
            desk.ended = event.target.checked;
            draw();
          },
        }),
        t("show_ended"),
      ),
    ),
    list,
  );
  draw();
  return draw;
}

function drawList(name, list) {
  const held = document.activeElement?.closest?.(".item")?.dataset.item;
  const deed = document.activeElement?.dataset?.deed;
  const shown = desk.items.filter((item) => item.work === name && (desk.ended || !ENDED.has(item.state)));
  if (!shown.length) {
    fill(list, el("li", { class: "empty" }, t("nothing")));
    return;
  }
  fill(list, shown.map(card));
  if (held) {
    const again = list.querySelector(`[data-item="${CSS.escape(held)}"]`);
    (again?.querySelector(deed ? `[data-deed="${deed}"]` : "h3") || again)?.focus();
  }
}

function card(item) {
  const resting = !OPEN.has(item.state);
  const title = item.title ? said(item.title) : `${item.user_name || item.user_id} · ${t(item.kind) === item.kind ? t(item.work) : t(item.kind)}`;
  return el(
    "li",
    {
      class: `item ${late(item) ? "critical" : item.severity} ${resting ? "resting" : ""}`,
      "data-item": item.item,
      tabindex: "0",
    },
    el("h3", {}, headline(item, title)),
    el(
      "div",
      { class: "where" },
      el("a", { href: `#/board/community/${encodeURIComponent(item.platform)}/${encodeURIComponent(item.group_id)}` }, item.group_name || item.group_id),
      el("span", {}, item.platform),
      el("span", { class: late(item) ? "late" : "" }, waiting(item)),
      resting || item.state !== "open" ? el("span", { class: "badge" }, t(item.state), item.handled_by ? ` · ${item.handled_by}` : "") : null,
      item.assigned_to ? el("span", { class: "badge" }, `${t("assigned")} ${item.assigned_to}`) : null,
      item.notes ? el("span", { class: "badge" }, `${item.notes} ${t("notes_n")}`) : null,
    ),
    item.text ? el("blockquote", {}, item.text) : null,
    item.reasons.length ? el("ul", {}, item.reasons.map((reason) => el("li", {}, said(reason)))) : null,
    el("div", { class: "deeds" }, deeds(item).map((name, at) => button(item, name, at === 0))),
  );
}

function headline(item, title) {
  if (item.title) return title;
  if (item.work === "answer") return item.user_name || item.user_id;
  if (item.work === "thank") return `${item.user_name || item.user_id} · ${t(item.kind === "thinker" ? "started" : "helped")}`;
  return title;
}

function waiting(item) {
  if (item.work === "answer" && item.due_at !== null) {
    const left = item.due_at - now();
    return left > 0 ? `${t("due_in")} ${duration(left)}` : `${t("overdue")} ${duration(-left)}`;
  }
  const ago = now() - item.since;
  return ago < 60000 ? t("just_now") : lang() === "zh" ? `${duration(ago)}${t("ago")}` : `${duration(ago)}${t("ago")}`;
}

const deeds = (item) =>
  ENDED.has(item.state)
    ? ["reopen", "note"]
    : item.state === "open"
      ? ["acknowledge", "resolve", "snooze", "assign", "note"]
      : ["resolve", "reopen", "snooze", "assign", "note"];

function button(item, name, main) {
  return el("button", { type: "button", class: main ? "main" : "", "data-deed": name, onclick: () => perform(item, name) }, t(name));
}

const CHANGES = {
  acknowledge: { state: "acked" },
  resolve: { state: "resolved" },
  reopen: { state: "open" },
  snooze: { state: "snoozed" },
};

async function perform(item, name) {
  const more = await details(name, item);
  if (more === null) return;
  const action = {
    id: crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`,
    item: item.item,
    kind: item.kind,
    action: name,
    platform: item.platform,
    group_id: item.group_id,
    ...more,
  };
  try {
    const done = await api.act(action);
    const change = name === "assign" ? { assigned_to: more.assignee } : name === "note" ? { notes: item.notes + 1 } : { ...CHANGES[name], handled_by: done.by };
    expect(item, change);
    tell(`${t(name)}: ${headline(item, said(item.title)) || t(item.work)}`, t("undo"), () => undo(item, action.id));
  } catch (failure) {
    complain(failure);
  }
}

function expect(item, change) {
  desk.done = desk.done.filter((each) => each.item !== item.item && Date.now() - each.when < 10000);
  desk.done.push({ item: item.item, when: Date.now(), change });
  desk.items = desk.items.map((each) => (each.item === item.item ? { ...each, ...change } : each));
  desk.listeners.forEach((listener) => listener());
}

async function undo(item, id) {
  try {
    await api.act({
      id: `${id}-undo`,
      item: item.item,
      kind: item.kind,
      action: "undo",
      platform: item.platform,
      group_id: item.group_id,
      undoes: id,
    });
    expect(item, { state: item.state, handled_by: item.handled_by, assigned_to: item.assigned_to, notes: item.notes });
    tell(t("undone"));
  } catch (failure) {
    complain(failure);
  }
}

async function details(name, item) {
  if (name === "assign") {
    const assignee = await ask(t("to_whom"), { value: item.assigned_to });
    return assignee === null ? null : { assignee: assignee.trim() };
  }
  if (name === "note") {
    const note = await ask(t("what_note"), { long: true });
    return note === null || !note.trim() ? null : { note: note.trim() };
  }
  if (name === "snooze") {
    const until = await ask(t("snooze"), { choices: times() });
    return until === null ? null : { until: Number(until) };
  }
  return {};
}

function times() {
  const morning = new Date(now());
  morning.setDate(morning.getDate() + 1);
  morning.setHours(9, 0, 0, 0);
  const hour = 3600000;
  return [
    [t("hour"), now() + hour],
    [t("four_hours"), now() + 4 * hour],
    [t("tomorrow"), morning.getTime()],
    [t("week"), now() + 7 * 24 * hour],
  ].map(([text, value]) => [text, String(Math.round(value))]);
}

// j and k go through the list; a letter does to the item in hand what its button does.
export function workKey(key) {
  const items = [...document.querySelectorAll(".item")];
  const at = items.indexOf(document.activeElement?.closest?.(".item"));
  if (key === "j" || key === "k") {
    items[Math.min(items.length - 1, Math.max(0, at + (key === "j" ? 1 : -1)))]?.focus();
    return true;
  }
  if (key === "z") {
    document.querySelector(".toast button")?.click();
    return true;
  }
  const deed = KEYS[key];
  if (!deed || at < 0) return false;
  items[at].querySelector(`[data-deed="${deed}"]`)?.click();
  return true;
}

export { KEYS };
