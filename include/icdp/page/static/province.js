// One province: how it stands, what it rests on, how it came here, who is near.
import { interval, line, strip } from "./charts.js";
import { add, framedTable, h, outside } from "./dom.js";
import { choice, heading } from "./parts.js";
import { arrow, figure, marks, name, note, number, ordinal, percent, place, t, unit, w } from "./speech.js";

export async function show(main, context) {
  const { state, root } = context;
  const [{ items: provinces }, { items: histories }] = await Promise.all([context.get("provinces", { limit: 500 }), context.get("history", { edition: null, limit: 500 })]);
  const adcode = provinces.some((one) => one.adcode === state.province) ? state.province : histories[0].adcode;
  const profile = await context.get(`provinces/${adcode}`);
  const overall = profile.nodes.find((row) => row.node === root);
  const inner = profile.nodes.filter((row) => !row.indicator && row.node !== root);
  const leaves = profile.nodes.filter((row) => row.indicator);
  add(main, 
    heading(place(profile.province) === profile.province.name_en ? profile.province.name_en : profile.province.name_zh, w("region", profile.province.region)),
    h("div", { class: "tools" }, choice("province", t("province"), provinces.map((one) => [one.adcode, place(one)]), adcode, (value) => context.go({ province: value })),
      context.link({ view: "compare", with: `${adcode},${near(profile)}` }, t("compare_near"), { class: "button" })),
    summary(profile, overall),
    h("div", { class: "side-by-side" }, section(t("dimensions"), standings(context, inner, profile)), section(t("strong_weak"), extremes(leaves))),
    section(t("over_years"), years(histories.find((one) => one.adcode === adcode), histories.length)),
    section(t("indicators"), indicators(context, adcode, inner, leaves)),
    section(t("neighbours"), neighbours(context, profile)));
}

const section = (title, ...content) => h("section", {}, h("h2", {}, title), ...content);
const near = (profile) => profile.neighbours.filter((one) => one.near).slice(0, 3).map((one) => one.adcode).join(",");

function summary(profile, overall) {
  const places = overall.rank === null || overall.rank_before === null ? null : overall.rank_before - overall.rank;
  const block = (label, value, more = null) => h("div", { class: "stat" }, h("dt", {}, label), h("dd", {}, h("span", { class: "big" }, value), more ? h("span", { class: "more" }, more) : null));
  const tiers = profile.p_tier.map((p, index) => (p !== null && p >= 0.005 ? `${w("tier", index + 1)} ${percent(p)}` : null)).filter(Boolean);
  return h("dl", { class: "stats" },
    block(t("composite_rank"), overall.rank ?? "—", [t("of_ranked", { ranked: overall.ranked }), profile.before ? [" · ", t("against_year", { edition: profile.before.slice(0, 4) }), " ", arrow(places)] : null]),
    block(t("score"), number(overall.score, 2)),
    block(t("interval"), overall.rank_p05 === null ? "—" : `${number(overall.rank_p05, 0)}–${number(overall.rank_p95, 0)}`, t("interval_short")),
    block(t("tier"), profile.tier ? w("tier", profile.tier) : "—", tiers.length ? t("tier_chance", { list: tiers.join(t("comma")) }) : null));
}

function standings(context, rows, profile) {
  const head = h("tr", {}, h("th", { scope: "col" }, t("node")), h("th", { scope: "col", class: "n" }, t("rank")), profile.before ? h("th", { scope: "col", class: "move" }, t("against_year", { edition: profile.before.slice(0, 4) })) : null,
    h("th", { scope: "col", class: "span-cell" }, t("interval")), h("th", { scope: "col", class: "n" }, t("score")));
  return framedTable(t("dimensions"), head, rows.map((row) => h("tr", { class: `level-row-${row.level}` },
    h("th", { scope: "row" }, context.link({ view: null, node: row.node }, name(row))),
    h("td", { class: "n rank" }, row.rank ?? "—"),
    profile.before ? h("td", { class: "move" }, arrow(row.rank === null || row.rank_before === null ? null : row.rank_before - row.rank)) : null,
    h("td", { class: "span-cell" }, interval(row, row.ranked), h("span", { class: "span-text" }, row.rank_p05 === null ? "—" : `${number(row.rank_p05, 0)}–${number(row.rank_p95, 0)}`)),
    h("td", { class: "n" }, number(row.score)))));
}

function extremes(leaves) {
  const ranked = leaves.filter((row) => row.rank !== null).sort((a, b) => a.rank - b.rank);
  const list = (title, rows) => h("div", {}, h("h3", {}, title), h("ol", { class: "plain-list" }, rows.map((row) =>
    h("li", {}, h("span", {}, name(row), " ", marks(row)), h("strong", {}, ordinal(row.rank))))));
  return h("div", { class: "stack" }, list(t("strong"), ranked.slice(0, 4)), list(t("weak"), ranked.slice(-4).reverse()));
}

function indicators(context, adcode, inner, leaves) {
  const columns = 7;
  const head = h("tr", {}, h("th", { scope: "col" }, t("indicator")), h("th", { scope: "col", class: "n" }, t("value")), h("th", { scope: "col", class: "n" }, t("year")),
    h("th", { scope: "col", class: "strip-cell" }, t("position")), h("th", { scope: "col", class: "n" }, t("rank")), h("th", { scope: "col", class: "n" }, t("points")), h("th", { scope: "col" }, t("citation")));
  const groups = inner.filter((row) => leaves.some((leaf) => leaf.parent === row.node));
  const rows = groups.flatMap((group) => [
    h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: columns }, name(group))),
    ...leaves.filter((leaf) => leaf.parent === group.node).flatMap((leaf) => indicator(context, adcode, leaf, columns)),
  ]);
  return [framedTable(t("indicators"), head, rows, { class: "indicators" }), h("p", { class: "hint" }, t("position_note"))];
}

function indicator(context, adcode, leaf, columns) {
  if (leaf.value === null) {
    return [h("tr", { class: "absent" }, h("th", { scope: "row" }, name(leaf)), h("td", { colspan: columns - 1 },
      h("span", { class: "mark mark-missing" }, w("fidelity", "missing")), " ", leaf.in_use ? t("no_own_figure") : note(leaf)))];
  }
  const detail = h("tr", { class: "trace", id: `trace-${leaf.node}`, hidden: true }, h("td", { colspan: columns }));
  const button = h("button", { type: "button", class: "quiet", id: `why-${leaf.node}`, "aria-expanded": "false", "aria-controls": detail.id, on: { click: async () => {
    const open = detail.hidden;
    detail.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open && !detail.firstChild.firstChild) detail.firstChild.append(trace(await context.get(`provinces/${adcode}/indicators/${leaf.node}`), leaf));
  } } }, t("show"), h("span", { class: "for-ears" }, ` ${t("citation")} ${name(leaf)}`));
  return [h("tr", {}, h("th", { scope: "row" }, name(leaf), " ", marks(leaf)), h("td", { class: "n" }, figure(leaf.value), h("small", {}, ` ${unit(leaf.unit)}`)),
    h("td", { class: "n" }, leaf.value_year), h("td", { class: "strip-cell" }, strip([leaf.normalized])), h("td", { class: "n" }, leaf.rank ?? "—"), h("td", { class: "n" }, number(leaf.points, 2)), h("td", {}, button)), detail];
}

function trace(found, leaf) {
  return h("div", {},
    h("p", {}, t("made_by"), " ", h("code", {}, found.expression ?? "—"), note(leaf) ? h("span", { class: "hint" }, ` · ${note(leaf)}`) : null, " · ", w("fidelity", leaf.fidelity), " · ", w("basis", leaf.basis)),
    h("ul", { class: "figures" }, found.figures.map((row) => h("li", {},
      h("p", {}, h("code", {}, row.series), ` ${row.value_year}`, t("colon"), h("strong", {}, row.value_text ?? figure(row.value)), ` ${unit(row.unit)} `, h("span", { class: "mark" }, w("basis", row.basis))),
      h("p", { class: "citation" }, [row.publisher, row.title].filter(Boolean).join(t("colon")), row.locator ? ` · ${row.locator}` : "", row.row === null ? "" : ` · ${t("line", { row: row.row })}`),
      row.source_url ? h("p", { class: "citation" }, outside(row.source_url)) : null,
      row.note ? h("p", { class: "citation" }, row.note) : null,
      h("p", { class: "citation digest" }, `${w("layer", row.layer)} · ${(row.retrieved_at ?? "").slice(0, 10)} · SHA-256 ${row.payload_sha256 ?? "—"}`)))));
}

function years(history, provinces) {
  if (!history) return h("p", {}, t("nothing"));
  const ranks = history.years.map((year) => ({ year: year.year, value: year.rank, hollow: year.status !== "final" }));
  const scores = history.years.map((year) => ({ year: year.year, value: year.panel_score, hollow: year.status !== "final" }));
  const known = scores.map((one) => one.value).filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const charts = [h("figure", {}, h("figcaption", {}, t("rank_by_year")), line(ranks, { low: 1, high: provinces, upsideDown: true, title: t("rank_by_year") }))];
  if (known.length) {
    const span = { low: Math.max(0, Math.floor(least / 10) * 10 - 10), high: Math.ceil(most / 10) * 10 + 10 };
    charts.push(h("figure", {}, h("figcaption", {}, t("score_by_year")), line(scores, { ...span, title: t("score_by_year"), number: (value) => number(value) })));
  }
  const head = h("tr", {}, [t("year"), t("edition"), t("rank"), t("score"), t("panel_score")].map((said, index) => h("th", { scope: "col", class: index ? "n" : "" }, said)));
  return [h("div", { class: "columns" }, charts), h("p", { class: "hint" }, t("years_note")), h("details", {}, h("summary", {}, t("as_table")),
    framedTable(t("over_years"), head, history.years.map((year) => h("tr", {}, h("th", { scope: "row" }, year.year), h("td", { class: "n" }, `${year.edition} ${w("status", year.status)}`),
      h("td", { class: "n" }, year.rank ?? "—"), h("td", { class: "n" }, number(year.score, 2)), h("td", { class: "n" }, number(year.panel_score, 2))))))];
}

function neighbours(context, profile) {
  const list = (title, rows) => h("div", {}, h("h3", {}, title), rows.length ? h("ol", { class: "plain-list" }, rows.map((row) =>
    h("li", {}, context.link({ province: row.adcode }, place(row)), h("span", {}, `${ordinal(row.rank)} · ${number(row.score)}`)))) : h("p", {}, "—"));
  return h("div", { class: "columns" }, list(t("near_in_rank"), profile.neighbours.filter((one) => one.near)), list(t("same_region"), profile.neighbours.filter((one) => one.same_region)));
}
