// The ranking of one node: sorted, searched, with intervals and what moved.
import { bar, interval } from "./charts.js";
import { add, framedTable, h } from "./dom.js";
import { choice, heading, nodeChoice, rested, searchField, sortable } from "./parts.js";
import { arrow, name, number, place, t, w } from "./speech.js";

export async function show(main, context) {
  const { state, node, nodes, root } = context;
  const scale = state.scale ?? "yearly";
  const found = await context.get("scores", { node, limit: 500, scale });
  const results = h("div", { id: "results" });
  const view = { search: state.search ?? "", tier: state.tier ?? "", sort: state.sort ?? "rank" };

  const draw = () => {
    const focused = document.activeElement?.id;
    const rows = chosen(found, view);
    results.replaceChildren(
      h("p", { class: "count", role: "status" }, t("count", { shown: rows.length, total: found.total })),
      table(context, found, rows, view, (sort) => { view.sort = sort; noteView(); draw(); }));
    if (focused?.startsWith("sort-")) document.getElementById(focused)?.focus();
  };
  const noteView = () => context.note({ search: view.search || null, tier: view.tier || null, sort: view.sort === "rank" ? null : view.sort });
  const changed = rested(() => { noteView(); draw(); }, 60);
  const tiers = [...new Set(found.items.map((row) => row.tier).filter((tier) => tier !== null))].sort();

  add(main, 
    heading(name(nodes.get(node)), lead(found)),
    h("div", { class: "tools" }, nodeChoice(context), searchField(view.search, (value) => { view.search = value; changed(); }),
      tiers.length > 1 ? choice("tier", t("tier"), [["", t("all")], ...tiers.map((tier) => [String(tier), w("tier", tier)])], view.tier, (value) => { view.tier = value; noteView(); draw(); }) : null,
      choice("scale", t("scale"), [["yearly", t("scale_yearly")], ["panel", t("scale_panel")]], scale, (value) => context.go({ scale: value === "panel" ? "panel" : null }))),
    scale === "panel" ? h("p", { class: "hint" }, t("scale_note")) : null,
    results, node === root ? h("p", { class: "hint" }, t("tiers_note")) : null, h("p", { class: "hint" }, t("interval_note")));
  draw();
}

/** Say what the ranking rests on: how many indicators, how faithful. */
function lead(found) {
  const order = ["as_defined", "partial", "estimated", "proxy", "missing"];
  const told = order.filter((code) => found.fidelity[code]).map((code) => `${w("fidelity", code)} ${found.fidelity[code]}`);
  return t("rests_on", { list: told.join(t("comma")) });
}

function chosen(found, { search, tier, sort }) {
  const wanted = search.toLowerCase();
  const rows = found.items.filter((row) => (!tier || row.tier === Number(tier)) &&
    (!wanted || [row.short_zh, row.name_en, row.adcode, w("region", row.region)].some((text) => text.toLowerCase().includes(wanted))));
  const key = sort.replace("-", "");
  const sign = sort.startsWith("-") ? -1 : 1;
  const value = (row) => key === "name" ? place(row) : key === "width" ? (row.rank_p95 === null ? null : row.rank_p95 - row.rank_p05) : key in row ? row[key] : row.below[key] ?? null;
  return rows.map((row, index) => [value(row), index, row]).sort(([a, i], [b, j]) => {
    if (a === null || b === null) return (a === null) - (b === null) || i - j;
    return sign * (typeof a === "string" ? a.localeCompare(b, "zh-CN") : a - b) || i - j;
  }).map(([, , row]) => row);
}

function table(context, found, rows, view, onSort) {
  const { nodes, root } = context;
  const below = Object.keys(found.items[0]?.below ?? {});
  const withTier = found.node === root && found.scale === "yearly";
  const withSpan = found.items.some((row) => row.rank_p05 !== null);
  const most = found.items.filter((row) => row.rank !== null).length;
  const head = h("tr", {},
    sortable("rank", t("rank"), view.sort, onSort, { class: "n" }),
    found.before ? sortable("places", t("against_year", { edition: found.before.slice(0, 4) }), view.sort, onSort, { first: "descending", class: "move" }) : null,
    sortable("name", t("province"), view.sort, onSort),
    sortable("score", t("score"), view.sort, onSort, { first: "descending", class: "score" }),
    withSpan ? sortable("width", t("interval"), view.sort, onSort, { class: "span-cell" }) : null,
    withTier ? h("th", { scope: "col", class: "roomy" }, t("tier")) : null,
    below.map((child) => sortable(child, name(nodes.get(child)), view.sort, onSort, { first: "descending", class: "n roomy" })),
    h("th", { scope: "col", class: "roomy" }, t("filled")));
  return framedTable(name(nodes.get(found.node)), head, rows.map((row) => h("tr", { "data-adcode": row.adcode },
    h("td", { class: "n rank" }, row.rank ?? "—"),
    found.before ? h("td", { class: "move" }, arrow(row.places)) : null,
    h("th", { scope: "row" }, context.link({ view: "province", province: row.adcode }, place(row)), h("small", { class: "roomy region" }, w("region", row.region))),
    h("td", { class: "score" }, h("span", { class: "score-number" }, number(row.score)), bar(row.score === null ? 0 : row.score / 100, row.tier ? `tier-${row.tier}` : "plain")),
    withSpan ? h("td", { class: "span-cell" }, interval(row, most), h("span", { class: "span-text" }, row.rank_p05 === null ? "—" : `${number(row.rank_p05, 0)}–${number(row.rank_p95, 0)}`)) : null,
    withTier ? h("td", { class: "roomy" }, row.tier === null ? "—" : h("span", { class: `tier-label tier-label-${row.tier}` }, w("tier", row.tier))) : null,
    below.map((child) => h("td", { class: "n roomy" }, number(row.below[child]))),
    h("td", { class: "roomy" }, row.filled ? h("span", { class: "mark mark-filled" }, t("filled_count", { count: row.filled })) : h("span", { class: "still" }, "—")))), { class: "ranking" });
}
