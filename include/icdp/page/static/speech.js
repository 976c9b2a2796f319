// What is said, in the language of the reader.
import told from "./words.js";
import { h } from "./dom.js";

let language = 0;

export const normalisations = told.normalisations;
export const isEnglish = () => language === 1;

export function speak(lang) {
  language = lang === "en" ? 1 : 0;
  document.documentElement.lang = language ? "en" : "zh-CN";
}

/** Return what the page says under a key, with {name} filled in. */
export function t(key, values = {}) {
  const said = told.text[key];
  if (!said) throw new Error(`no text ${key}`);
  return said[language].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Return what a code of the published tables is called; a code without a name stands for itself. */
export const w = (kind, code) => told.words[kind]?.[String(code)]?.[language] ?? String(code);

/** Return the name of a node, or of a province. */
export const name = (row) => (language ? row.name_en : row.name_zh);
export const place = (row) => (language ? row.name_en : row.short_zh);
export const note = (row) => (language ? row.note_en : row.note_zh) ?? "";

export function number(value, digits = 1) {
  if (value === null || value === undefined) return "—";
  return new Intl.NumberFormat(language ? "en" : "zh-CN", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** Return a figure with as many digits as its size asks for. */
export function figure(value) {
  if (value === null || value === undefined) return "—";
  const size = Math.abs(value);
  const most = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  return new Intl.NumberFormat(language ? "en" : "zh-CN", { maximumFractionDigits: most }).format(value);
}

/** Return a unit in the reader's language. */
export const unit = (code) => (code ? w("unit", code) : "");

export const percent = (share, digits = 0) => (share === null || share === undefined ? "—" : `${number(100 * share, digits)}%`);

export function signed(value, digits = 0) {
  if (value === null || value === undefined) return "—";
  const shown = number(Math.abs(value), digits);
  return Number(shown.replaceAll(",", "")) === 0 ? shown : (value > 0 ? "+" : "−") + shown;
}

export function ordinal(rank) {
  return rank === null || rank === undefined ? t("unranked") : t("rank_of", { rank });
}

/** Return an arrow with the places gained or lost; words for those who do not see it. */
export function arrow(places) {
  if (places === null || places === undefined) return h("span", { class: "still" }, "—");
  if (places === 0) return h("span", { class: "still", title: t("same") }, "＝", h("span", { class: "for-ears" }, t("same")));
  const up = places > 0;
  const said = t(up ? "gained" : "lost", { places: Math.abs(places) });
  return h("span", { class: up ? "up" : "down", title: said }, h("span", { "aria-hidden": "true" }, `${up ? "▲" : "▼"} ${Math.abs(places)}`),
    h("span", { class: "for-ears" }, said));
}

/** Return the marks of a value: how faithful it is, and how it was filled where it is not of the year. */
export function marks(row) {
  const found = [];
  if (row.fidelity && row.fidelity !== "as_defined") found.push([row.fidelity, w("fidelity", row.fidelity)]);
  if (row.fill && row.fill !== "none") {
    found.push(["filled", row.fill === "carried" ? t("carried_from", { year: row.value_year }) : w("fill", row.fill)]);
  } else if (row.status === "E") found.push(["estimated", w("observation_status", "E")]);
  return found.map(([kind, said]) => h("span", { class: `mark mark-${kind}` }, said));
}
