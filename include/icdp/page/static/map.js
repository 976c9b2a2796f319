// One tile a province: where the leaders are, without the claims of drawn boundaries.
import { h } from "./dom.js";
import { heading, nodeChoice } from "./parts.js";
import { name, number, ordinal, place, t, w } from "./speech.js";

const LEVELS = 6;

export async function show(main, context) {
  const { node, nodes } = context;
  const [found, { items: provinces }] = await Promise.all([context.get("scores", { node, limit: 500 }), context.get("provinces", { limit: 500 })]);
  const scores = new Map(found.items.map((row) => [row.adcode, row]));
  const ranked = found.items.filter((row) => row.rank !== null).length;
  const size = Math.ceil(ranked / LEVELS);
  const level = (rank) => (rank === null ? 0 : LEVELS - Math.min(LEVELS - 1, Math.floor((rank - 1) / size)));
  const detail = h("div", { class: "map-detail", "aria-live": "polite" }, h("p", { class: "hint" }, t("map_hint")));
  const tell = (row, province) => detail.replaceChildren(
    h("h2", {}, place(province)), h("p", { class: "big" }, ordinal(row.rank)),
    h("dl", {}, pair(t("score"), number(row.score)), row.tier ? pair(t("tier"), w("tier", row.tier)) : null,
      row.rank_p05 === null ? null : pair(t("interval"), `${number(row.rank_p05, 0)}–${number(row.rank_p95, 0)}`),
      Object.entries(row.below).map(([child, score]) => pair(name(nodes.get(child)), number(score)))));
  const tiles = provinces.filter((province) => province.tile_column !== null).map((province) => {
    const row = scores.get(province.adcode);
    const hear = () => tell(row, province);
    return context.link({ view: "province", province: province.adcode },
      [h("span", { class: "tile-name" }, place(province)), h("span", { class: "tile-rank" }, row.rank ?? "—")],
      { class: `tile level-${level(row.rank)}`, css: { "grid-column": province.tile_column + 1, "grid-row": province.tile_row + 1 },
        "aria-label": t("tile_label", { place: place(province), rank: ordinal(row.rank), score: number(row.score) }), on: { mouseenter: hear, focus: hear } });
  });
  const legend = Array.from({ length: LEVELS }, (_, index) => {
    const [first, last] = [index * size + 1, index === LEVELS - 1 ? ranked : Math.min(ranked, (index + 1) * size)];
    return first > last ? null : h("li", {}, h("span", { class: `swatch level-${LEVELS - index}` }), `${first}–${last}`);
  });
  main.append(heading(name(nodes.get(node)), t("map_lead")), h("div", { class: "tools" }, nodeChoice(context)),
    tiles.length ? h("div", { class: "map-page" }, h("div", {}, h("div", { class: "map" }, tiles), h("ul", { class: "legend", "aria-label": t("legend_ranks") }, h("li", { class: "legend-title" }, t("rank")), legend)), detail)
      : h("p", { class: "problem" }, t("no_tiles")));
}

const pair = (term, value) => [h("dt", {}, term), h("dd", {}, value)];
