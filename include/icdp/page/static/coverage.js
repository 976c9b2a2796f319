// What is used for each indicator: how faithful, how complete, how fresh; or why it is missing.
import { add, framedTable, h } from "./dom.js";
import { heading } from "./parts.js";
import { name, note, percent, t, unit, w } from "./speech.js";

const ORDER = ["as_defined", "partial", "estimated", "proxy", "missing"];

export async function show(main, context) {
  const { nodes } = context;
  const { items } = await context.get("indicators", { limit: 500 });
  const code = (row) => (row.in_use ? row.fidelity : "missing");
  const counts = ORDER.map((one) => [one, items.filter((row) => code(row) === one).length]).filter(([, count]) => count);
  const head = h("tr", {}, [["indicator"], ["fidelity"], ["provinces_with", "n"], ["years", "n"], ["weight", "n"], ["made_from"]].map(([key, align]) => h("th", { scope: "col", class: align ?? "" }, t(key))));
  const rows = items.map((row) => h("tr", { class: row.in_use ? "" : "absent" },
    h("th", { scope: "row" }, name(row), h("small", {}, name(nodes.get(row.above[0])))),
    h("td", {}, h("span", { class: `mark mark-${code(row)}` }, w("fidelity", code(row)))),
    h("td", { class: "n" }, row.provinces ?? "—", row.in_use && row.provinces_current < row.provinces ? h("small", {}, t("current", { count: row.provinces_current })) : null),
    h("td", { class: "n" }, span(row), row.carried ? h("span", { class: "mark mark-filled" }, `${w("fill", "carried")} ${row.carried}`) : null, row.imputed ? h("span", { class: "mark mark-filled" }, `${t("imputed")} ${row.imputed}`) : null),
    h("td", { class: "n" }, row.in_use ? percent(row.effective_weight, 1) : "—"),
    h("td", { class: "made" }, row.in_use ? h("code", {}, row.expression) : null, row.in_use ? ` ${unit(row.unit)}` : null, note(row) ? h("span", { class: "note" }, note(row)) : null,
      row.in_use && row.missing ? h("span", { class: "note" }, t("without", { list: row.missing })) : null)));
  add(main, heading(t("coverage"), t("coverage_lead", { used: items.filter((row) => row.in_use).length, total: items.length })),
    h("div", { class: "parts", "aria-hidden": "true" }, counts.map(([one, count]) => h("span", { class: `fill-${one}`, css: { "flex-grow": count } }))),
    h("ul", { class: "legend" }, counts.map(([one, count]) => h("li", {}, h("span", { class: `swatch fill-${one}` }), `${w("fidelity", one)} ${count}`))),
    framedTable(t("coverage"), head, rows, { class: "coverage" }));
}

function span(row) {
  if (row.value_year_min === null) return "—";
  return row.value_year_min === row.value_year_max ? String(row.value_year_min) : `${row.value_year_min}–${row.value_year_max}`;
}
