// The boards: each community's and all communities' pictures, with a choice of what and when.

import { api } from "./api.js";
import { drawn } from "./charts.js";
import { el, fill } from "./dom.js";
import { lang, t } from "./words.js";

const DAYS = [1, 7, 14, 28, 90, 365];
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
let known = { language: "", boards: [] };

export async function boards() {
  if (known.language !== lang()) known = { language: lang(), boards: await api.boards(lang()) };
  return known.boards;
}

export async function boardView(name, platform, group, place) {
  const board = (await boards()).find((each) => each.name === name);
  if (!board) return fill(place, el("p", { class: "empty" }, t("found_none")));
  const chosen = { days: DAYS.includes(board.days) ? board.days : 28, platforms: "", kinds: "", platform, group };
  const grids = el("div", {});
  const redraw = () => drawBoard(board, chosen, grids);
  const bar = el("div", { class: "bar" }, select(t("range"), DAYS.map((days) => [`${days} ${t("days")}`, String(days)]), String(chosen.days), (value) => ((chosen.days = Number(value)), redraw())));
  fill(place, el("h1", {}, board.title), el("p", { class: "about" }, board.about), bar, grids);
  if (board.variables.includes("community")) await chooseCommunity(bar, chosen, place);
  else if (board.variables.includes("platforms")) await choosePlatforms(bar, chosen, redraw);
  await redraw();
}

async function chooseCommunity(bar, chosen, place) {
  const { rows } = await api.choose("groups", {});
  if (!chosen.group && rows.length) [chosen.platform, chosen.group] = cut(rows[0].value);
  const go = (value) => {
    const [platform, group] = cut(value);
    location.hash = `#/board/community/${encodeURIComponent(platform)}/${encodeURIComponent(group)}`;
  };
  bar.prepend(select(t("group"), rows.map((row) => [row.text, row.value]), `${chosen.platform}/${chosen.group}`, go));
  const name = rows.find((row) => row.value === `${chosen.platform}/${chosen.group}`)?.text;
  if (name) place.querySelector("h1").textContent = name;
}

const cut = (value) => [value.slice(0, value.indexOf("/")), value.slice(value.indexOf("/") + 1)];

async function choosePlatforms(bar, chosen, redraw) {
  const { rows } = await api.choose("platform", {});
  bar.append(select(t("platform"), [[t("all"), ""], ...rows.map((row) => [row.value, row.value])], "", (value) => ((chosen.platforms = value), redraw())));
}

function select(label, options, value, change) {
  return el("label", {}, label, el("select", { onchange: (event) => change(event.target.value) }, options.map(([text, each]) => el("option", { value: each, selected: each === value }, text))));
}

async function drawBoard(board, chosen, grids) {
  const until = Date.now();
  const given = {
    since: String(until - chosen.days * 86400000),
    until: String(until),
    zone,
    platforms: chosen.platforms,
    kinds: chosen.kinds,
    platform: chosen.platform || "",
    group_id: chosen.group || "",
  };
  const places = [];
  grids.setAttribute("aria-busy", "true");
  fill(
    grids,
    board.rows.map((row) => [
      el("h2", { class: "row" }, row.title),
      el(
        "div",
        { class: "grid" },
        row.panels.map((panel) => {
          const place = el("div", {}, el("div", { class: "empty" }, t("loading")));
          places.push([panel, place]);
          return el("section", { class: "panel", style: `grid-column: span ${panel.width}` }, el("h3", {}, panel.title), el("p", {}, panel.reading), place);
        }),
      ),
    ]),
  );
  await Promise.all(
    places.map(async ([panel, place]) => {
      try {
        const { rows } = await api.panel(panel.name, given);
        fill(place, drawn(panel, rows, place));
      } catch (failure) {
        fill(place, el("div", { class: "empty" }, failure.message || t("offline")));
      }
    }),
  );
  grids.removeAttribute("aria-busy");
}
