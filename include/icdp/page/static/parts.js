// Pieces that several views share.
import { h } from "./dom.js";
import { name, t } from "./speech.js";

/** Return the choice of a node of the tree; indicators have no ranking of their own. */
export function nodeChoice(context, label = t("node")) {
  return h("span", { class: "field" }, h("label", { for: "node" }, label),
    h("select", { id: "node", on: { change: (event) => context.go({ node: event.target.value === context.root ? null : event.target.value }) } },
      context.scored.map((node) => h("option", { value: node.node, selected: node.node === context.node }, `${"  ".repeat(node.level)}${name(node)}`))));
}

/** Return a heading cell that sorts; the arrow is drawn by the style sheet from aria-sort. */
export function sortable(key, label, now, onSort, { first = "ascending", ...properties } = {}) {
  const current = now === key ? "ascending" : now === `-${key}` ? "descending" : null;
  const next = current === null ? (first === "ascending" ? key : `-${key}`) : current === "ascending" ? `-${key}` : key;
  return h("th", { scope: "col", "aria-sort": current ?? "none", ...properties },
    h("button", { type: "button", class: "sort", id: `sort-${key}`, on: { click: () => onSort(next) } }, label));
}

export function searchField(value, onInput, label = t("search")) {
  return h("span", { class: "field" }, h("label", { for: "search" }, label),
    h("input", { id: "search", type: "search", value: value ?? "", maxlength: "40", autocomplete: "off", spellcheck: "false", on: { input: (event) => onInput(event.target.value.trim()) } }));
}

export function choice(id, label, options, value, onChange) {
  return h("span", { class: "field" }, h("label", { for: id }, label),
    h("select", { id, on: { change: (event) => onChange(event.target.value) } },
      options.map(([key, said]) => h("option", { value: key, selected: key === value }, said))));
}

/** Return the way to the pages before and after. */
export function pager(context, page, { total, limit }) {
  const last = Math.max(1, Math.ceil(total / limit));
  if (last === 1) return null;
  const go = (to, said, id) => h("button", { type: "button", id, disabled: to < 1 || to > last, on: { click: () => context.go({ page: to === 1 ? null : to }) } }, said);
  return h("nav", { class: "pager", "aria-label": t("pages") }, go(page - 1, t("page_before"), "page-before"), h("span", {}, t("page_of", { page, last, total })), go(page + 1, t("page_after"), "page-after"));
}

export function heading(title, lead = null) {
  return h("div", { class: "heading" }, h("h1", {}, title), lead ? h("p", { class: "lead" }, lead) : null);
}

/** Call a function once the hand rests. */
export function rested(call, after = 180) {
  let waiting = 0;
  return (...values) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => call(...values), after);
  };
}
