// Small drawings of numbers that also stand in the text beside them: for the eye only, hidden from screen readers.
import { s } from "./dom.js";

/** Return a bar of a share (0-1). */
export function bar(share, colour) {
  const width = Math.max(0, Math.min(1, share ?? 0)) * 100;
  return s("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { x: 0, y: 0, width: 100, height: 10, class: "bar-all" }), s("rect", { x: 0, y: 0, width, height: 10, class: colour }));
}

/** Return a line of ranks, the first at the left, with the interval and the rank on it. */
export function interval(row, most) {
  const x = (rank) => 4 + ((rank - 1) / Math.max(1, most - 1)) * 112;
  const parts = [s("line", { x1: 4, x2: 116, y1: 8, y2: 8, class: "axis" })];
  if (row.rank_p05 !== null && row.rank_p05 !== undefined) {
    parts.push(s("line", { x1: x(row.rank_p05), x2: x(row.rank_p95), y1: 8, y2: 8, class: "span" }));
  }
  if (row.rank !== null) parts.push(s("circle", { cx: x(row.rank), cy: 8, r: 3.4, class: "dot" }));
  return s("svg", { class: "interval", viewBox: "0 0 120 16", "aria-hidden": "true" }, parts);
}

const SHAPES = [
  (x, y, r) => s("circle", { cx: x, cy: y, r }),
  (x, y, r) => s("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r }),
  (x, y, r) => s("path", { d: `M${x} ${y - 1.2 * r}L${x + 1.2 * r} ${y + r}L${x - 1.2 * r} ${y + r}Z` }),
  (x, y, r) => s("path", { d: `M${x} ${y - 1.3 * r}L${x + 1.3 * r} ${y}L${x} ${y + 1.3 * r}L${x - 1.3 * r} ${y}Z` }),
  (x, y, r) => s("path", { d: `M${x} ${y + 1.2 * r}L${x + 1.2 * r} ${y - r}L${x - 1.2 * r} ${y - r}Z` }),
];

export function symbol(index, x = 7, y = 7, r = 4.4) {
  const shape = SHAPES[index % SHAPES.length](x, y, r);
  shape.setAttribute("class", `series-${(index % SHAPES.length) + 1}`);
  return shape;
}

export const key = (index) => s("svg", { class: "key", viewBox: "0 0 14 14", "aria-hidden": "true" }, symbol(index));

/** Return shares (0-1) of several on one line, each with its own shape. */
export function strip(shares) {
  const placed = shares.map((share, index) => (share === null || share === undefined ? null : symbol(index, 8 + share * 144, 9, 4.2)));
  return s("svg", { class: "strip", viewBox: "0 0 160 18", "aria-hidden": "true" },
    s("line", { x1: 8, x2: 152, y1: 9, y2: 9, class: "axis" }), placed.reverse());
}

/** Return a line over the years; `points` are {year, value, label}. A year without a value leaves a gap. */
export function line(points, { low, high, upsideDown = false, title, number = String }) {
  const [width, height, left, right, top, bottom] = [460, 190, 34, 20, 22, 26];
  const x = (year) => left + ((year - points[0].year) / Math.max(1, points.at(-1).year - points[0].year)) * (width - left - right);
  const y = (value) => {
    const share = (value - low) / Math.max(1e-9, high - low);
    return top + (upsideDown ? share : 1 - share) * (height - top - bottom);
  };
  const ticks = [low, (low + high) / 2, high].map(Math.round);
  const parts = ticks.map((tick) => [
    s("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "grid" }),
    s("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end", class: "tick" }, String(tick)),
  ]);
  parts.push(points.map((point) => s("text", { x: x(point.year), y: height - 6, "text-anchor": "middle", class: "tick" }, String(point.year))));
  let path = "";
  points.forEach((point, index) => {
    if (point.value === null) return;
    const before = index > 0 && points[index - 1].value !== null;
    path += `${before ? "L" : "M"}${x(point.year).toFixed(1)} ${y(point.value).toFixed(1)}`;
  });
  parts.push(s("path", { d: path, class: "curve" }));
  for (const point of points.filter((one) => one.value !== null)) {
    parts.push(s("circle", { cx: x(point.year), cy: y(point.value), r: 3.6, class: point.hollow ? "point hollow" : "point" }));
    parts.push(s("text", { x: x(point.year), y: y(point.value) - 9, "text-anchor": "middle", class: "value" }, number(point.value)));
  }
  return s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title }, parts);
}
