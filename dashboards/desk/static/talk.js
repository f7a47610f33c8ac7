// Short words to the operator, and short questions.

import { byId, el, fill } from "./dom.js";
import { t } from "./words.js";

let gone = 0;

export function tell(text, offer = "", act = null) {
  clearTimeout(gone);
  fill(byId("news"), el("div", { class: "toast" }, el("span", {}, text), act ? el("button", { type: "button", onclick: act }, offer) : null));
  gone = setTimeout(() => fill(byId("news")), act ? 12000 : 5000);
}

export function complain(failure) {
  tell(failure.status === 0 ? t("offline") : `${t("failed")}: ${failure.message}`);
}

// Resolves to what was entered or chosen; null when it was left.
export function ask(title, { value = "", long = false, choices = null } = {}) {
  const dialog = byId("dialog");
  return new Promise((resolve) => {
    let answer = null;
    const done = (given) => {
      answer = given;
      dialog.close();
    };
    const input = choices
      ? el("div", { class: "deeds" }, choices.map(([text, each]) => el("button", { type: "button", onclick: () => done(each) }, text)))
      : long
        ? el("textarea", { rows: 4, maxlength: 2000, "aria-labelledby": "dialog-title" })
        : el("input", { value, maxlength: 200, "aria-labelledby": "dialog-title" });
    fill(
      dialog,
      el(
        "form",
        {
          method: "dialog",
          onsubmit: (event) => {
            event.preventDefault();
            if (!choices) done(input.value);
          },
        },
        el("h3", { id: "dialog-title" }, title),
        input,
        el(
          "div",
          { class: "deeds" },
          el("button", { type: "button", onclick: () => done(null) }, t("cancel")),
          choices ? null : el("button", { class: "main", type: "submit" }, t("save")),
        ),
      ),
    );
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    dialog.showModal();
    if (!choices) input.focus();
  });
}

export function showKeys(rows) {
  const dialog = byId("dialog");
  fill(
    dialog,
    el("h3", { id: "dialog-title" }, t("keys")),
    el("table", {}, el("tbody", {}, rows.map(([key, text]) => el("tr", {}, el("td", {}, el("kbd", {}, key)), el("td", {}, text))))),
    el("div", { class: "deeds" }, el("button", { type: "button", class: "main", onclick: () => dialog.close() }, "OK")),
  );
  dialog.showModal();
}
