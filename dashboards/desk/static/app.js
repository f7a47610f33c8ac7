// The page: who is here, where they are in it, and what is new.

import { api } from "./api.js";
import { boardView, boards } from "./boards.js";
import { byId, el, fill } from "./dom.js";
import { complain, showKeys, tell } from "./talk.js";
import { KEYS, LISTS, count, onWork, refresh, seen, urgent, workKey, workView } from "./work.js";
import { lang, speak, t } from "./words.js";

const main = byId("main");
let redraw = () => {};
let me = null;

function where() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return parts[0] ? parts : [LISTS.find((name) => count(name)) || "answer"];
}

async function show() {
  const [name, ...more] = where();
  redraw = () => {};
  drawNav();
  try {
    if (name === "board") await boardView(more[0], more[1], more[2], main);
    else if (name === "search") await searchView(more[0] || "");
    else redraw = workView(LISTS.includes(name) ? name : "answer", main);
  } catch (failure) {
    if (failure.status === 401) return signIn();
    complain(failure);
  }
  document.title = `${main.querySelector("h1")?.textContent || ""} · 活群`;
}

async function drawNav() {
  const [name, board] = where();
  const lists = LISTS.map((each) => {
    const open = count(each);
    return el("li", {}, el("a", { href: `#/${each}`, "aria-current": name === each ? "page" : null }, t(each), el("span", { class: `count ${urgent(each) ? "bad" : ""}` }, open ? String(open) : "")));
  });
  const pictures = (await boards().catch(() => [])).map((each) =>
    el("li", {}, el("a", { href: `#/board/${each.name}`, "aria-current": name === "board" && board === each.name ? "page" : null }, each.title)),
  );
  fill(byId("nav"), el("h2", {}, t("work")), el("ul", {}, lists), el("h2", {}, t("boards")), el("ul", {}, pictures));
}

function drawFrame() {
  speak(lang());
  byId("skip").textContent = t("skip");
  byId("nav").setAttribute("aria-label", t("work"));
  byId("word").placeholder = t("search");
  byId("word").setAttribute("aria-label", t("search"));
  fill(
    byId("tools"),
    el("button", { type: "button", class: "wide", onclick: help, "aria-label": t("keys") }, "?"),
    el("button", { type: "button", onclick: turn, "aria-label": t("theme") }, "◐"),
    el("button", { type: "button", lang: lang() === "zh" ? "en" : "zh-CN", onclick: change }, t("language")),
    me?.tokens ? el("button", { type: "button", class: "wide", onclick: leave }, t("sign_out")) : null,
  );
}

function change() {
  speak(lang() === "zh" ? "en" : "zh");
  drawFrame();
  show();
}

function turn() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const current = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  paint(current === "dark" ? "light" : "dark");
  show();
}

function paint(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("huoqun-theme", theme);
}

async function leave() {
  await api.signOut().catch(() => {});
  location.reload();
}

function help() {
  const deeds = Object.entries(KEYS).map(([key, name]) => [key, t(name)]);
  showKeys([["j k", t("key_move")], ...deeds, ["z", t("undo")], ["/", t("key_search")], [`1–${LISTS.length}`, t("key_lists")], ["?", t("key_help")]]);
}

async function searchView(word) {
  const { found } = await api.search(word);
  const rows = (what) => found.filter((row) => row.what === what);
  const link = (row) =>
    el("li", {}, el("a", { href: `#/board/community/${encodeURIComponent(row.platform)}/${encodeURIComponent(row.group_id)}` }, el("strong", {}, row.name), el("span", { class: "about" }, `${row.platform} ${row.group_id}${row.user_id ? ` ${row.user_id}` : ""}`)));
  fill(
    main,
    el("h1", {}, word),
    found.length ? null : el("p", { class: "empty" }, t("found_none")),
    [["group", "found_groups"], ["member", "found_people"]].map(([what, title]) => (rows(what).length ? [el("h2", { class: "row" }, t(title)), el("ul", { class: "found" }, rows(what).map(link))] : null)),
  );
}

function signIn() {
  const input = el("input", { type: "password", id: "token", autocomplete: "current-password", required: true });
  const wrong = el("p", { class: "late", role: "alert" });
  fill(byId("nav"));
  fill(
    main,
    el(
      "div",
      { class: "signin" },
      el("h1", {}, "活群 huoqun"),
      el(
        "form",
        {
          onsubmit: async (event) => {
            event.preventDefault();
            try {
              await api.signIn(input.value.trim());
              await begin();
            } catch (failure) {
              wrong.textContent = failure.status === 401 ? t("bad_token") : t("offline");
            }
          },
        },
        el("label", { for: "token" }, t("token")),
        input,
        el("button", { class: "main", type: "submit" }, t("sign_in")),
        wrong,
      ),
    ),
  );
  input.focus();
}

// One question that is answered when there is other work: asked again and again while the page is open.
async function watch() {
  let failed = 0;
  for (;;) {
    try {
      const before = seen();
      const answer = await api.live(before);
      if (answer.seen !== before || failed) await refresh();
      failed = 0;
    } catch (failure) {
      if (failure.status === 401) return signIn();
      failed += 1;
      if (failed === 2) tell(t("offline"));
      await new Promise((next) => setTimeout(next, Math.min(15000, 500 * 2 ** failed)));
    }
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("dialog").open) return;
  if (event.target.closest("input, textarea, select")) return;
  const list = LISTS[Number(event.key) - 1];
  if (event.key === "/") byId("word").focus();
  else if (event.key === "?") help();
  else if (list) location.hash = `#/${list}`;
  else if (!workKey(event.key)) return;
  event.preventDefault();
});

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = `#/search/${encodeURIComponent(byId("word").value.trim())}`;
});

byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

async function begin() {
  me = await api.me();
  drawFrame();
  await refresh();
  await show();
  watch();
}

const theme = localStorage.getItem("huoqun-theme");
if (theme) paint(theme);
drawFrame();
onWork(() => {
  drawNav();
  redraw();
});
addEventListener("hashchange", show);
setInterval(() => redraw(), 20000);
begin().catch((failure) => (failure.status === 401 ? signIn() : (complain(failure), setTimeout(() => location.reload(), 5000))));
