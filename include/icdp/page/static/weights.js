// The weights, and what the ranks would be with others: calculated by the engine, by the same steps as an edition.
import { bar } from "./charts.js";
import { add, framedTable, h } from "./dom.js";
import { choice, heading, nodeChoice } from "./parts.js";
import { arrow, name, normalisations, number, percent, place, t, w } from "./speech.js";

export async function show(main, context) {
  const { state, tree, nodes, node } = context;
  const scenario = {
    weights: new Map((state.weights ?? "").split(",").filter(Boolean).map((text) => text.split(":")).filter(([id, share]) => nodes.has(id) && Number(share) < 1).map(([id, share]) => [id, Number(share)])),
    drop: new Set((state.drop ?? "").split(",").filter((id) => nodes.has(id))),
    normalise: normalisations.includes(state.normalise) ? state.normalise : null,
  };
  const results = h("div", { class: "whatif-results", "aria-live": "polite", "aria-busy": "false" });
  const controls = new Map();
  let busy = false, again = false;

  const tell = () => context.note({
    weights: [...scenario.weights].map(([id, share]) => `${id}:${share}`).join(",") || null, drop: [...scenario.drop].join(",") || null, normalise: scenario.normalise,
  });
  // One question at a time; what was moved meanwhile is asked next.
  const ask = async () => {
    if (busy) { again = true; return; }
    busy = true;
    results.setAttribute("aria-busy", "true");
    do {
      again = false;
      try {
        const found = await context.get("whatif", { node, weight: [...scenario.weights].map(([id, share]) => `${id}:${share}`), drop: [...scenario.drop], normalise: scenario.normalise });
        update(found);
        results.replaceChildren(outcome(context, found));
      } catch (error) {
        if (context.signal.aborted) return;
        results.replaceChildren(h("p", { class: "problem", role: "alert" }, document.documentElement.lang === "en" ? error.en : error.zh ?? String(error)));
      }
    } while (again);
    busy = false;
    results.setAttribute("aria-busy", "false");
  };
  const update = (found) => {
    const weighed = new Map(found.weighed.map((row) => [row.node, row]));
    for (const [id, control] of controls) control(weighed.get(id), scenario);
  };
  const changed = () => { tell(); ask(); };
  const reset = () => { scenario.weights.clear(); scenario.drop.clear(); scenario.normalise = null; context.go({ weights: null, drop: null, normalise: null }, { replace: true }); };

  const inner = tree.filter((one) => !one.indicator && tree.some((child) => child.parent === one.node && child.in_use));
  add(main, heading(t("whatif"), t("whatif_lead")),
    h("p", { class: "notice", role: "note" }, t("whatif_notice", { edition: context.edition.edition })),
    h("div", { class: "tools" }, nodeChoice(context, t("shown_node")),
      choice("normalise", t("normalisation"), [["", t("as_edition")], ...normalisations.map((method) => [method, w("normalisation", method)])], scenario.normalise ?? "", (value) => { scenario.normalise = value || null; changed(); }),
      h("button", { type: "button", id: "reset", on: { click: reset } }, t("reset"))),
    h("div", { class: "whatif" }, h("form", { class: "whatif-controls", "aria-label": t("weights"), on: { submit: (event) => event.preventDefault() } },
      inner.map((parent) => siblings(parent, tree.filter((child) => child.parent === parent.node), scenario, controls, changed))), results));
  await ask();
}

/** Return the controls of the children of one node: moving one leaves the others their proportions. */
function siblings(parent, children, scenario, controls, changed) {
  const used = children.filter((child) => child.in_use);
  const method = used[0]?.method;
  return h("fieldset", { class: `depth-${parent.level}` },
    h("legend", {}, name(parent), method ? h("small", {}, w("method", method)) : null, parent.cr === null ? null : h("small", {}, `CR ${number(parent.cr, 3)}`)),
    children.map((child) => (child.in_use ? control(child, used, scenario, controls, changed) : h("p", { class: "unused" }, name(child), " ", h("span", { class: "mark mark-missing" }, t("not_in_use"))))));
}

function control(child, used, scenario, controls, changed) {
  const id = `weight-${child.node}`;
  const output = h("output", { for: id }, percent(child.local_weight, 1));
  const slider = h("input", { type: "range", id, min: "0", max: "0.99", step: "0.01", value: child.local_weight, disabled: used.length < 2, on: { input: () => {
    const others = used.filter((one) => one !== child && scenario.weights.has(one.node));
    // Somebody must make up the rest: when all were set, the one set first is free again.
    if (others.length === used.length - 1) scenario.weights.delete([...scenario.weights.keys()].find((one) => others.some((other) => other.node === one)));
    const left = 1 - used.filter((one) => one !== child).reduce((sum, one) => sum + (scenario.weights.get(one.node) ?? 0), 0);
    scenario.weights.delete(child.node);
    scenario.weights.set(child.node, Math.max(0, Math.min(Number(slider.value), Math.floor(left * 100) / 100, 0.99)));
    changed();
  } } });
  const without = child.indicator ? h("input", { type: "checkbox", id: `use-${child.node}`, checked: !scenario.drop.has(child.node), "aria-label": t("use", { node: name(child) }), on: { change: (event) => {
    scenario.drop[event.target.checked ? "delete" : "add"](child.node);
    changed();
  } } }) : null;
  const row = h("div", { class: "slider" }, without, h("label", { for: id }, name(child)), slider, output);
  controls.set(child.node, (weighed, { weights, drop }) => {
    const share = weighed?.local_weight_new ?? null;
    if (share !== null && document.activeElement !== slider) slider.value = share;
    const moved = share === null || Math.abs(share - (child.local_weight ?? 0)) >= 0.0005;
    output.replaceChildren(moved ? `${percent(child.local_weight, 1)} → ${percent(share, 1)}` : percent(share, 1));
    row.classList.toggle("moved", weights.has(child.node));
    row.classList.toggle("dropped", drop.has(child.node));
  });
  return row;
}

function outcome(context, found) {
  const untouched = !Object.keys(found.weights).length && !found.drop.length && !found.normalise;
  const up = found.items.filter((row) => (row.places ?? 0) !== 0).length;
  const head = h("tr", {}, h("th", { scope: "col", class: "n" }, t("new_rank")), h("th", { scope: "col", class: "n" }, t("published_rank")), h("th", { scope: "col", class: "move" }, t("moved")), h("th", { scope: "col" }, t("province")), h("th", { scope: "col", class: "score" }, t("new_score")), h("th", { scope: "col", class: "n" }, t("published_score")));
  return h("div", {}, h("p", { class: "count" }, untouched ? t("nothing_changed") : t("changed_ranks", { count: up, total: found.items.length })),
    framedTable(t("whatif"), head, found.items.map((row) => h("tr", { "data-adcode": row.adcode, "data-rank": row.rank_new }, h("td", { class: "n rank" }, row.rank_new ?? "—"), h("td", { class: "n" }, row.rank ?? "—"), h("td", { class: "move" }, arrow(row.places)),
      h("th", { scope: "row" }, context.link({ view: "province", province: row.adcode }, place(row))),
      h("td", { class: "score" }, h("span", { class: "score-number" }, number(row.score_new)), bar((row.score_new ?? 0) / 100, "plain")), h("td", { class: "n" }, number(row.score))))));
}
