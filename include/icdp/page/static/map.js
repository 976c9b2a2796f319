// One tile a province: where the leaders are, without the claims of drawn boundaries.
import { add, h } from "./dom.js";
import { heading, nodeChoice } from "./parts.js";
import { name, number, ordinal, place, t, w } from "./speech.js";

const LEVELS = 6;

export async function show(main, context) {
  const { node, nodes } = context;
  const [found, { items: provinces }] = await Promise.all([context.get("scores", { node, limit: 500 }), context.get("provinces", { limit: 500 })]);
  const scores = new Map(found.items.map((row) => [row.adcode, row]));
  const ranked = found.items.filter((row) => row.rank !== null).length;
  const group = (rank) => Math.min(LEVELS - 1, Math.floor(((rank - 1) * LEVELS) / ranked));
  const level = (rank) => (rank === null ? 0 : LEVELS - group(rank));
  const detail = h("div", { class: "map-detail" });
  const tell = (row, province) => detail.replaceChildren(
    h("h2", {}, place(province)), h("p", { class: "big" }, ordinal(row.rank)),
    h("dl", {}, pair(t("score"), number(row.score)), row.tier ? pair(t("tier"), w("tier", row.tier)) : null,
      row.rank_p05 === null ? null : pair(t("interval"), `${number(row.rank_p05, 0)}–${number(row.rank_p95, 0)}`),
      Object.entries(row.below).map(([child, score]) => pair(name(nodes.get(child)), number(score)))), h("p", { class: "hint" }, t("map_hint")));
  const placed = provinces.filter((province) => province.tile_column !== null);
  const [west, north] = [Math.min(...placed.map((one) => one.tile_column)), Math.min(...placed.map((one) => one.tile_row))];
  const columns = Math.max(...placed.map((one) => one.tile_column)) - west + 1;
  const tiles = placed.map((province) => {
    const row = scores.get(province.adcode);
    const hear = () => tell(row, province);
    return context.link({ view: "province", province: province.adcode },
      [h("span", { class: "tile-name" }, place(province)), h("span", { class: "tile-rank" }, row.rank ?? "—")],
      { class: `tile level-${level(row.rank)}`, css: { "grid-column": province.tile_column - west + 1, "grid-row": province.tile_row - north + 1 },
        "aria-label": t("tile_label", { place: place(province), rank: ordinal(row.rank), score: number(row.score) }), on: { mouseenter: hear, focus: hear } });
  });
  const [leader] = found.items;
  tell(leader, provinces.find((province) => province.adcode === leader.adcode));
  const legend = Array.from({ length: LEVELS }, (_, index) => {
    const own = Array.from({ length: ranked }, (_none, at) => at + 1).filter((rank) => group(rank) === index);
    return own.length ? h("li", {}, h("span", { class: `swatch level-${LEVELS - index}` }), `${own[0]}–${own.at(-1)}`) : null;
  });
  add(main, heading(name(nodes.get(node)), t("map_lead")), h("div", { class: "tools" }, nodeChoice(context)),
    tiles.length ? h("div", { class: "map-page" }, h("div", {}, h("div", { class: "map", css: { "grid-template-columns": `repeat(${columns}, minmax(0, 1fr))` } }, tiles), h("ul", { class: "legend", "aria-label": t("legend_ranks") }, h("li", { class: "legend-title" }, t("rank")), legend)), detail)
      : h("p", { class: "problem" }, t("no_tiles")));
}

const pair = (term, value) => [h("dt", {}, term), h("dd", {}, value)];
