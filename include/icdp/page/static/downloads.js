// Every file of the edition, and the addresses of the API.
import { add, h } from "./dom.js";
import { heading } from "./parts.js";
import { number, t } from "./speech.js";

const QUESTIONS = ["editions", "scores", "provinces", "indicators", "weights", "history", "changes", "quality", "approvals", "sources", "whatif", "downloads"];

export async function show(main, context) {
  const { items } = await context.get("downloads", { limit: 500 });
  const groups = new Map();
  for (const file of items) {
    const group = groupOf(file);
    groups.set(group, [...(groups.get(group) ?? []), file]);
  }
  const order = ["reports", "workbooks", "database", "csv", "parquet", "standards", "made_from", "other"];
  add(main, heading(t("downloads"), t("downloads_lead", { edition: context.edition.edition })),
    order.filter((group) => groups.has(group)).map((group) => h("section", { class: "files" }, h("h2", {}, t(`files_${group}`), h("small", {}, t("files_count", { count: groups.get(group).length }))),
      groups.get(group).length > 12 ? h("details", {}, h("summary", {}, t("show_files")), list(groups.get(group))) : list(groups.get(group)))),
    h("section", { class: "files" }, h("h2", {}, t("api")), h("p", { class: "hint" }, t("api_lead")),
      h("ul", { class: "file-list" }, [...QUESTIONS.map((one) => [`api/${one}?edition=${context.edition.edition}`, `api/${one}`]), ["api/openapi.json", "api/openapi.json"]].map(([address, said]) => h("li", {}, h("a", { href: address, ...away() }, h("code", {}, said)))))));
}

// Airflow's frame may not open a second window.
const away = () => (window.top === window ? { target: "_blank", rel: "noopener" } : {});

const list = (files) => h("ul", { class: "file-list" }, files.map((file) => h("li", {},
  h("a", { href: file.address, ...(file.media_type.startsWith("text/html") ? away() : { download: true }) }, file.path), h("span", { class: "size" }, size(file.bytes)), h("code", { class: "digest", title: `SHA-256 ${file.sha256}` }, file.sha256.slice(0, 10)))));

function groupOf({ path }) {
  const [top] = path.split("/");
  if (top === "made_from") return "made_from";
  if (top === "csv" || top === "parquet") return top;
  const ending = path.split(".").at(-1);
  if (ending === "html" || ending === "pdf") return "reports";
  if (ending === "xlsx") return "workbooks";
  if (ending === "duckdb") return "database";
  return top === "sdmx" || ending.startsWith("json") ? "standards" : "other";
}

function size(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  let step = 0;
  let shown = bytes;
  while (shown >= 1000 && step < units.length - 1) { shown /= 1000; step += 1; }
  return `${number(shown, step ? 1 : 0)} ${units[step]}`;
}
