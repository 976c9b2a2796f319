// What each source gave for the year, and why something of it could not be used.
import { add, framedTable, h } from "./dom.js";
import { choice, heading, pager, rested, searchField } from "./parts.js";
import { t, w } from "./speech.js";

const LIMIT = 100;

export async function show(main, context) {
  const { state } = context;
  const page = Number(state.page ?? 1);
  const found = await context.get("sources", { outcome: state.outcome ?? null, search: state.search ?? null, page, limit: LIMIT });
  const outcomes = [...new Set(Object.values(found.outcomes).flatMap((counts) => Object.keys(counts)))].sort();
  const summary = h("tr", {}, h("th", { scope: "col" }, t("source")), outcomes.map((one) => h("th", { scope: "col", class: "n" }, w("outcome", one))));
  const head = h("tr", {}, ["source", "item", "outcome", "layer", "reason", "receipt"].map((key) => h("th", { scope: "col" }, t(key))));
  add(main, heading(t("sources"), t("sources_lead", { year: context.edition.year })),
    framedTable(t("by_source"), summary, Object.entries(found.outcomes).map(([source, counts]) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, source)), outcomes.map((one) => h("td", { class: "n" }, counts[one] ?? 0)))), { class: "narrow" }),
    h("div", { class: "tools" },
      choice("outcome", t("outcome"), [["", t("all")], ...outcomes.map((one) => [one, w("outcome", one)])], state.outcome ?? "", (value) => context.go({ outcome: value || null, page: null })),
      searchField(state.search, rested((value) => context.go({ search: value || null, page: null }, { replace: true })), t("search_any"))),
    found.items.length ? framedTable(t("sources"), head, found.items.map((row) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, row.source)), h("td", {}, h("code", {}, row.item || "—")),
      h("td", {}, h("span", { class: `mark ${row.outcome === "accepted" ? "mark-as_defined" : "mark-warn"}` }, w("outcome", row.outcome))), h("td", {}, row.layer ? w("layer", row.layer) : "—"), h("td", { class: "made" }, row.reason || "—"),
      h("td", {}, h("code", { title: row.receipt ?? "" }, (row.receipt ?? "—").slice(0, 10))))), { class: "results" }) : h("p", { class: "hint" }, t("nothing")),
    pager(context, page, found));
}
