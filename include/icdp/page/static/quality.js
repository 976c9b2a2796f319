// Results of the checks between load and scoring.
import { add, framedTable, h } from "./dom.js";
import { choice, heading, pager, rested, searchField } from "./parts.js";
import { t, w } from "./speech.js";

const LIMIT = 100;

function decisions(items) {
  const head = h("tr", {}, ["decision", "decided_by", "decided_at", "reason"].map((key) => h("th", { scope: "col" }, t(key))));
  return framedTable(t("approvals"), head, items.map((row) => h("tr", {}, h("th", { scope: "row" }, w("decision", row.decision)),
    h("td", {}, row.decided_by), h("td", {}, `${row.decided_at.slice(0, 16).replace("T", " ")} UTC`), h("td", { class: "made" }, row.reason || "—"))), { class: "narrow approvals" });
}

export async function show(main, context) {
  const { state } = context;
  const page = Number(state.page ?? 1);
  const passed = state.passed === "all" ? null : state.passed === "true";
  const [approvals, found] = await Promise.all([context.get("approvals", { limit: 500 }), context.get("quality", { severity: state.severity ?? null, passed, search: state.search ?? null, page, limit: LIMIT })]);
  const severities = ["error", "warn", "note"];
  const head = h("tr", {}, ["check", "severity", "subject", "observed", "expected", "told"].map((key) => h("th", { scope: "col" }, t(key))));
  const rows = found.items.map((row) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, row.check_id)),
    h("td", {}, h("span", { class: `mark ${row.passed ? "mark-as_defined" : `mark-${row.severity}`}` }, row.passed ? t("passed") : w("severity", row.severity)), row.waived ? h("span", { class: "mark" }, t("waived")) : null),
    h("td", {}, row.subject), h("td", {}, row.observed), h("td", {}, row.expected), h("td", { class: "made" }, row.message, row.waiver ? h("span", { class: "note" }, row.waiver) : null)));
  add(main, heading(t("quality"), t("quality_lead")),
    h("ul", { class: "tallies" }, severities.map((severity) => h("li", {}, h("span", { class: "big" }, found.failed[severity] ?? 0), h("span", {}, t("failed_of", { severity: w("severity", severity), total: (found.failed[severity] ?? 0) + (found.passed[severity] ?? 0) }))))),
    h("div", { class: "tools" },
      choice("passed", t("result"), [["", t("failed")], ["true", t("passed")], ["all", t("all")]], state.passed ?? "", (value) => context.go({ passed: value || null, page: null })),
      choice("severity", t("severity"), [["", t("all")], ...severities.map((one) => [one, w("severity", one)])], state.severity ?? "", (value) => context.go({ severity: value || null, page: null })),
      searchField(state.search, rested((value) => context.go({ search: value || null, page: null }, { replace: true })), t("search_any"))),
    rows.length ? framedTable(t("quality"), head, rows, { class: "results" }) : h("p", { class: "hint" }, t("nothing")),
    pager(context, page, found),
    approvals.items.length ? decisions(approvals.items) : h("p", { class: "hint" }, t("approvals_none")));
}
