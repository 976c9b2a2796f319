// Provinces side by side, or years: ranks over the years, and what moved them.
import { key, strip } from "./charts.js";
import { add, framedTable, h } from "./dom.js";
import { choice, heading, nodeChoice } from "./parts.js";
import { arrow, figure, marks, name, number, place, signed, t, unit, w } from "./speech.js";

const MOST = 5;

export async function show(main, context) {
  const years = context.state.mode === "years";
  add(main, heading(t(years ? "compare_years" : "compare_provinces"), t(years ? "compare_years_lead" : "compare_provinces_lead")),
    h("div", { class: "tabs" }, [[null, "compare_provinces"], ["years", "compare_years"]].map(([mode, said]) =>
      context.link({ mode }, t(said), (years ? "years" : null) === mode ? { "aria-current": "true" } : {}))));
  await (years ? showYears : showProvinces)(main, context);
}

async function showProvinces(main, context) {
  const { state } = context;
  const { items: ranking } = await context.get("scores", { limit: 500 });
  const known = new Map(ranking.map((row) => [row.adcode, row]));
  let wanted = [...new Set((state.with ?? "").split(",").filter((code) => known.has(code)))].slice(0, MOST);
  if (!wanted.length) wanted = ranking.slice(0, 3).map((row) => row.adcode);
  const set = (codes) => context.go({ with: codes.join(",") });
  const chips = wanted.map((code, index) => h("li", {}, key(index), context.link({ view: "province", province: code }, place(known.get(code))),
    wanted.length > 1 ? h("button", { type: "button", class: "remove", id: `remove-${code}`, "aria-label": t("remove", { place: place(known.get(code)) }), on: { click: () => set(wanted.filter((one) => one !== code)) } }, "×") : null));
  const others = ranking.filter((row) => !wanted.includes(row.adcode)).sort((a, b) => a.adcode.localeCompare(b.adcode));
  add(main, h("ul", { class: "chips", "aria-label": t("chosen") }, chips),
    wanted.length < MOST ? h("div", { class: "tools" }, choice("add", t("add"), [["", t("choose")], ...others.map((row) => [row.adcode, place(row)])], "", (code) => code && set([...wanted, code]))) : h("p", { class: "hint" }, t("most_provinces", { most: MOST })));
  if (wanted.length < 2) {
    add(main, h("p", { class: "hint" }, t("choose_two")));
    return;
  }
  const found = await context.get("compare", { adcode: wanted });
  const head = h("tr", {}, h("th", { scope: "col" }, t("node")), h("th", { scope: "col", class: "strip-cell" }, t("position")),
    found.provinces.map((province, index) => h("th", { scope: "col", class: "n" }, key(index), place(province))));
  const rows = found.nodes.map((cells) => {
    const [first] = cells;
    const shares = cells.map((cell) => (first.indicator ? cell.normalized : cell.score === null ? null : cell.score / 100));
    return h("tr", { class: `level-row-${first.level}` },
      h("th", { scope: "row" }, name(first), " ", first.indicator ? marks({ fidelity: first.in_use ? first.fidelity : "missing" }) : null),
      h("td", { class: "strip-cell" }, strip(shares)),
      cells.map((cell) => h("td", { class: "n" }, first.indicator ? value(cell) : [h("strong", {}, cell.rank ?? "—"), h("small", {}, number(cell.score))])));
  });
  add(main, framedTable(t("compare_provinces"), head, rows, { class: "comparison" }), h("p", { class: "hint" }, t("compare_note")));
}

function value(cell) {
  if (cell.value === null) return "—";
  const filled = cell.fill && cell.fill !== "none" ? marks({ fill: cell.fill, value_year: cell.value_year }) : null;
  return [h("span", {}, figure(cell.value)), h("small", {}, unit(cell.unit)), filled];
}

async function showYears(main, context) {
  const { node, nodes, state } = context;
  const [{ items: histories }, found] = await Promise.all([
    context.get("history", { edition: null, node, limit: 500 }),
    context.get("changes", { node, against: state.against ?? null, limit: 500 }),
  ]);
  const columns = [...new Map(histories.flatMap((one) => one.years).map((year) => [year.year, year])).values()].sort((a, b) => a.year - b.year);
  const ranked = Math.max(1, ...histories.flatMap((one) => one.years.map((year) => year.rank ?? 0)));
  const level = (rank) => (rank === null || rank === undefined ? 0 : 6 - Math.min(5, Math.floor(((rank - 1) / ranked) * 6)));
  const head = h("tr", {}, h("th", { scope: "col" }, t("province")), columns.map((year) => h("th", { scope: "col", class: "n" }, year.year, year.status === "final" ? null : h("small", {}, w("status", year.status)))));
  const rows = histories.map((one) => h("tr", {}, h("th", { scope: "row" }, context.link({ view: "province", province: one.adcode }, place(one))),
    columns.map(({ year }) => {
      const cell = one.years.find((own) => own.year === year);
      return h("td", { class: `n heat level-${level(cell?.rank)}` }, cell?.rank ?? "—");
    })));
  add(main, h("div", { class: "tools" }, nodeChoice(context)), h("h2", {}, t("ranks_over_years", { node: name(nodes.get(node)) })),
    framedTable(t("ranks_over_years", { node: name(nodes.get(node)) }), head, rows, { class: "years" }), h("h2", {}, t("what_moved", { edition: context.edition.edition })));
  if (!found.against) {
    add(main, h("p", { class: "hint" }, t("no_changes")));
    return;
  }
  add(main, h("p", { class: "lead" }, t("what_moved_lead", { against: found.against })),
    found.available.length > 1 ? h("div", { class: "tools" }, choice("against", t("against"), found.available.map((one) => [one, one]), found.against, (value_) => context.go({ against: value_ }))) : null,
    changesTable(context, found));
}

function changesTable(context, found) {
  const moving = [...new Set(found.items.flatMap((row) => row.parts.filter((part) => Math.abs(part.score_points ?? 0) >= 0.005).map((part) => part.part)))];
  const most = Math.max(0.01, ...found.items.flatMap((row) => row.parts.map((part) => Math.abs(part.score_points ?? 0))));
  const head = h("tr", {}, h("th", { scope: "col" }, t("province")), h("th", { scope: "col", class: "n" }, t("rank")), h("th", { scope: "col", class: "move" }, t("moved")), h("th", { scope: "col", class: "n" }, t("score_change")),
    moving.map((part) => h("th", { scope: "col", class: "n" }, w("part", part))));
  const rows = found.items.map((row) => h("tr", {}, h("th", { scope: "row" }, context.link({ view: "province", province: row.adcode }, place(row))),
    h("td", { class: "n" }, `${row.rank_before ?? "—"} → ${row.rank_after ?? "—"}`),
    h("td", { class: "move" }, arrow(row.rank_before === null || row.rank_after === null ? null : row.rank_before - row.rank_after)),
    h("td", { class: "n" }, h("strong", {}, row.score_before === null || row.score_after === null ? "—" : signed(row.score_after - row.score_before, 2))),
    moving.map((part) => {
      const points = row.parts.find((one) => one.part === part)?.score_points ?? null;
      return h("td", { class: `n part ${points > 0 ? "gain" : "loss"}` }, h("span", { class: "part-bar", css: { width: `${(Math.abs(points ?? 0) / most) * 100}%` } }), h("span", {}, signed(points, 2)));
    })));
  return framedTable(t("what_moved", { edition: found.edition }), head, rows, { class: "changes" });
}
