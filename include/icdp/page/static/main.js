// The frame of the page: edition, language, views; the address decides what is shown.
import * as address from "./address.js";
import { get, Problem } from "./api.js";
import { h } from "./dom.js";
import { name, speak, t, w } from "./speech.js";
import * as compare from "./compare.js";
import * as coverage from "./coverage.js";
import * as downloads from "./downloads.js";
import * as map from "./map.js";
import * as province from "./province.js";
import * as quality from "./quality.js";
import * as ranking from "./ranking.js";
import * as sources from "./sources.js";
import * as weights from "./weights.js";

const VIEWS = { ranking, map, province, compare, weights, coverage, quality, sources, downloads };
let asked = new AbortController();

/** What every view gets: the state of the address, the edition, its tree, and the ways to ask and to go on. */
async function gather(signal) {
  const state = address.read();
  const [{ items: editions }, { items: tree }] = await Promise.all([
    get("editions", { limit: 500 }, signal),
    get("weights", { edition: state.edition ?? "latest", limit: 500 }, signal),
  ]);
  const nodes = new Map(tree.map((node) => [node.node, node]));
  const latest = editions.filter((edition) => edition.latest);
  const wanted = state.edition ?? latest[0].edition;
  const edition = editions.find((one) => one.edition === wanted) ?? latest.find((one) => String(one.year) === wanted);
  const scored = tree.filter((node) => !node.indicator);
  const node = scored.some((one) => one.node === state.node) ? state.node : tree[0].node;
  return {
    state, editions, edition, tree, nodes, scored, node, root: tree[0].node, signal,
    get: (path, parameters = {}) => get(path, { edition: edition.edition, ...parameters }, signal),
    /** Show another state; the browser's "back" returns. */
    go(changes, options) { address.put(changes, options); return render(changes); },
    /** Note a state without showing anything anew: the view has done so itself. */
    note(changes) { address.put(changes, { replace: true }); refreshLinks(); },
    link: (changes, text, properties = {}) => link(changes, text, properties),
  };
}

function link(changes, text, properties = {}) {
  return h("a", { href: address.to(changes), "data-go": JSON.stringify(changes), ...properties }, text);
}

function refreshLinks() {
  for (const one of document.querySelectorAll("a[data-go]")) one.setAttribute("href", address.to(JSON.parse(one.dataset.go)));
}

function masthead(context) {
  const { state, editions, edition } = context;
  const english = state.lang === "en";
  const years = h("select", { id: "edition", on: { change: (event) => context.go({ edition: event.target.value, against: null }) } },
    editions.filter((one) => one.latest || one.edition === edition.edition).map((one) => h("option", { value: one.edition, selected: one === edition },
      `${one.edition}${one.status === "final" ? "" : ` · ${w("status", one.status)}`}`)));
  return h("header", { class: "masthead" }, h("div", { class: "wide masthead-row" },
    h("a", { class: "brand", href: address.to({ view: null, node: null, province: null }), "data-go": JSON.stringify({ view: null, node: null, province: null }) }, t("title")),
    h("div", { class: "masthead-tools" },
      h("label", { for: "edition" }, t("edition")), years,
      link({ lang: english ? null : "en" }, english ? "中文" : "English", { lang: english ? "zh-CN" : "en", hreflang: english ? "zh-CN" : "en", class: "language" }))));
}

function navigation(context, view) {
  return h("nav", { "aria-label": t("views"), class: "views" }, h("ul", { class: "wide" }, Object.keys(VIEWS).map((one) => h("li", {},
    link({ view: one === "ranking" ? null : one }, t(`view_${one}`), one === view ? { "aria-current": "page" } : {})))));
}

/** Say what kind of edition this is, on every view. */
function standing({ edition, root, nodes }) {
  const facts = t("edition_facts", {
    used: edition.indicators_used, total: edition.indicators_total, coverage: Math.round(100 * edition.coverage),
    day: edition.published_at.slice(0, 10),
  });
  return h("p", { class: "edition-line" },
    h("strong", {}, edition.edition), " · ", h("span", { class: `status status-${edition.status}` }, w("status", edition.status)), " · ", facts,
    edition.latest ? null : h("strong", { class: "warning" }, ` · ${t("superseded")}`),
    edition.status === "provisional" ? h("span", { class: "warning" }, ` ${t("provisional_note")}`) : null,
    h("span", { class: "for-ears" }, ` ${name(nodes.get(root))}`));
}

function footer({ edition }) {
  return h("footer", {}, h("div", { class: "wide" }, h("p", {}, t("marks_note")),
    h("p", {}, t("cite", { edition: edition.edition, version: edition.code_version, digest: edition.content_sha256.slice(0, 12) }))));
}

function sorry(error) {
  const said = error instanceof Problem ? (document.documentElement.lang === "en" ? error.en : error.zh) : String(error);
  return h("div", { class: "problem", role: "alert" }, h("p", {}, said), h("p", {}, h("a", { href: address.to({ view: null, edition: null, node: null, province: null }) }, t("to_start"))));
}

async function render(changes = {}) {
  asked.abort();
  asked = new AbortController();
  const { signal } = asked;
  const state = address.read();
  speak(state.lang);
  address.mirror();
  const view = state.view in VIEWS ? state.view : "ranking";
  let main, context;
  try {
    context = await gather(signal);
    main = h("main", { id: "main", class: `wide view-${view}`, tabindex: "-1" });
    await VIEWS[view].show(main, context);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Problem)) console.error(error);
    main = h("main", { id: "main", class: "wide", tabindex: "-1" }, h("h1", {}, t("title")), sorry(error));
  }
  if (signal.aborted) return;
  const active = document.activeElement?.id;
  const scroll = window.scrollY;
  document.title = `${main.querySelector("h1")?.textContent ?? ""} · ${t("title")}`;
  const parts = context ? [masthead(context), navigation(context, view)] : [];
  const below = context ? [footer(context)] : [];
  if (context) main.querySelector("h1")?.closest(".heading, h1").after(standing(context));
  document.body.replaceChildren(h("a", { class: "skip", href: "#main", on: { click: skip } }, t("skip")), ...parts, main, ...below);
  document.body.dataset.ready = location.search || "?";
  // A new view begins at its top; a change within one keeps the place and the focus.
  const again = active ? document.getElementById(active) : null;
  again?.focus({ preventScroll: true });
  if (again?.type === "search") again.setSelectionRange(again.value.length, again.value.length);
  if ("view" in changes || "province" in changes) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  } else window.scrollTo(0, scroll);
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

document.addEventListener("click", (event) => {
  const one = event.target.closest?.("a[data-go]");
  if (!one || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const changes = JSON.parse(one.dataset.go);
  address.put(changes);
  render("view" in changes ? changes : { ...changes });
});
window.addEventListener("popstate", () => render({ view: true }));
render();
