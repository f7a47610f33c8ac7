// A panel's answer as a picture or a table. The definitions are those of the Grafana dashboards.

import { el } from "./dom.js";
import { duration, lang, said, t } from "./words.js";

const COLOURS = ["#1a7f5a", "#c2571a", "#3b6fc4", "#a23c8f", "#8a7a00", "#4b8f99", "#b3403a", "#6d5fc0"];
const AT_ONCE = 300;

export function drawn(panel, rows, place) {
  if (!rows.length) return el("div", { class: "empty" }, t("no_data"));
  if (panel.shape === "table") return table(panel, rows);
  if (panel.shape === "matrix") return matrix(panel, rows);
  if (panel.shape === "numbers") return table(panel, rows);
  return chart(panel, rows, place);
}

export function shown(value, unit) {
  if (value === null || value === undefined || value === "") return "–";
  if (Array.isArray(value)) return value.map((each) => said(String(each))).join("\n");
  if (unit === "share") return `${Math.round(Number(value) * 1000) / 10}%`;
  if (unit === "seconds") return Number(value) < 90 ? `${Math.round(Number(value))} s` : duration(Number(value) * 1000);
  if (unit === "time") return new Date(at(value) * 1000).toLocaleString(lang() === "zh" ? "zh-CN" : "en-GB", { dateStyle: "short", timeStyle: "short" });
  if (unit === "text") return said(String(value));
  const number = Number(value);
  if (Number.isNaN(number)) return String(value);
  return number.toLocaleString(undefined, { maximumFractionDigits: 2 });
}

// The store writes moments as "2026-11-22 08:30:00.000" in UTC, days as "2026-11-22", local ones.
function at(value) {
  const text = String(value);
  return text.length === 10 ? new Date(`${text}T00:00:00`).getTime() / 1000 : new Date(`${text.replace(" ", "T")}Z`).getTime() / 1000;
}

function table(panel, rows) {
  const head = panel.fields.map((field) => el("th", { class: number(field) ? "number" : "", scope: "col" }, field.title));
  const body = rows.slice(0, AT_ONCE).map((row) => el("tr", {}, panel.fields.map((field) => cell(field, row))));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": panel.title }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}

const number = (field) => field.unit !== "text" && field.unit !== "time";

function cell(field, row) {
  const value = row[field.column];
  const text = field.words[value] ?? shown(value, field.unit);
  const level = field.levels.reduce((found, [from, each]) => (value !== null && (from === null || Number(value) >= from) ? each : found), "");
  const inside = field.opens && row.group_id ? el("a", { href: `#/board/community/${encodeURIComponent(row.platform)}/${encodeURIComponent(row.group_id)}` }, text) : text;
  return el("td", { class: `${number(field) ? "number" : ""} ${level}` }, inside);
}

function matrix(panel, rows) {
  const field = panel.fields[0];
  const sorted = (values) => [...new Set(values)].sort((a, b) => (typeof a === "number" ? a - b : String(a).localeCompare(String(b))));
  const across = sorted(rows.map((row) => row[panel.x]));
  const down = sorted(rows.map((row) => row[panel.by]));
  const found = new Map(rows.map((row) => [`${row[panel.by]}|${row[panel.x]}`, Number(row[field.column])]));
  const most = Math.max(...found.values(), 1e-9);
  const body = down.map((one) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, String(one)),
      across.map((other) => {
        const value = found.get(`${one}|${other}`);
        const share = value === undefined ? 0 : value / most;
        return el("td", { style: share ? `background: color-mix(in srgb, var(--own) ${Math.round(share * 42)}%, transparent)` : "" }, value === undefined ? "" : field.unit === "share" ? `${Math.round(value * 100)}` : shown(value, field.unit));
      }),
    ),
  );
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": panel.title },
    el("table", { class: "matrix" }, el("thead", {}, el("tr", {}, el("th", {}), across.map((each) => el("th", { scope: "col" }, String(each))))), el("tbody", {}, body)),
  );
}

function chart(panel, rows, place) {
  const { xs, series } = columns(panel, rows);
  const stacked = panel.shape === "stacked";
  const bars = stacked || panel.shape === "bars";
  const data = stacked ? pile(series) : series.map((each) => each.values);
  const unit = panel.fields[0].unit;
  const holder = el("div", { class: "chart", role: "img", "aria-label": `${panel.title}: ${series.map((each) => each.name).join(", ")}` });
  const ink = getComputedStyle(document.documentElement).getPropertyValue("--soft");
  const line = getComputedStyle(document.documentElement).getPropertyValue("--line");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const options = {
    width: Math.max(240, place.clientWidth - 24),
    height: 210,
    legend: { show: false },
    cursor: { y: false },
    scales: { x: { time: panel.shape !== "curves" }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 1, unit === "share" ? 1 : 1)] } },
    axes: [axis, { ...axis, size: 64, values: (_, values) => values.map((value) => shown(value, unit)) }],
    series: [
      {},
      ...series.map((each, n) => ({
        label: each.name,
        stroke: COLOURS[n % COLOURS.length],
        width: bars ? 0 : 2,
        fill: bars ? COLOURS[n % COLOURS.length] : undefined,
        paths: paths(panel, n, series.length),
        points: { show: bars ? false : undefined },
      })),
    ],
  };
  const order = stacked ? [...data].reverse() : data;
  if (stacked) options.series = [options.series[0], ...options.series.slice(1).reverse()];
  new uPlot(options, [xs, ...order], holder);
  const legend = el("div", { class: "legend" }, series.map((each, n) => el("span", {}, el("i", { style: `background:${COLOURS[n % COLOURS.length]}` }), each.name)));
  return el("div", {}, holder, legend);
}

// Two kinds of bars stand side by side; a third is part of the second, and stands before it.
function paths(panel, n, many) {
  if (panel.shape === "stacked" || (panel.shape === "bars" && many === 1)) return uPlot.paths.bars({ size: [0.8, 40], align: 0 });
  if (panel.shape === "bars") return uPlot.paths.bars({ size: [0.4, 20], align: n === 0 ? -1 : 1 });
  return panel.shape === "steps" ? uPlot.paths.stepped({ align: 1 }) : undefined;
}

function columns(panel, rows) {
  const x = (row) => (panel.shape === "curves" ? Number(row[panel.x]) : at(row[panel.x]));
  const xs = [...new Set(rows.map(x))].sort((a, b) => a - b);
  const place = new Map(xs.map((value, n) => [value, n]));
  const empty = () => new Array(xs.length).fill(null);
  const number = (value) => (value === null || value === undefined ? null : Number(value));
  if (!panel.by) {
    const series = panel.fields.map((field) => ({ name: field.title, values: empty(), column: field.column }));
    rows.forEach((row) => series.forEach((each) => (each.values[place.get(x(row))] = number(row[each.column]))));
    return { xs, series };
  }
  const field = panel.fields[0];
  const found = new Map();
  rows.forEach((row) => {
    const key = String(row[panel.by]);
    if (!found.has(key)) found.set(key, { name: field.words[key] ?? key, values: empty() });
    found.get(key).values[place.get(x(row))] = number(row[field.column]);
  });
  return { xs, series: [...found.values()] };
}

// Each series on top of those before it.
function pile(series) {
  const so = new Array(series[0].values.length).fill(0);
  return series.map((each) => each.values.map((value, n) => (so[n] += value ?? 0)));
}
