// Elements built from data: every text becomes a text node, so that markup in a figure's title stays text.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "css") for (const [property, to] of Object.entries(value)) element.style.setProperty(property, to);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "selected") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Add children to an element; those that are null are left out. */
export const add = (element, ...children) => fill(element, {}, children);

/** Return an HTML element; `on` holds listeners, `css` style properties, null children are left out. */
export function h(name, properties = {}, ...children) {
  return fill(document.createElement(name), properties, children);
}

/** Return an SVG element. */
export function s(name, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, name), properties, children);
}

/** Return a link only for addresses of the web; everything else stays text. In Airflow's frame nothing can be opened. */
export function outside(address, text = address) {
  const framed = window.top !== window;
  if (framed || !/^https?:\/\//i.test(address)) return h("span", { class: "address" }, text === address ? address : `${text} ${address}`);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer", class: "address" }, text);
}

export const hidden = (text) => h("span", { class: "for-ears" }, text);

/** Return a table in a frame of its own that scrolls by itself where the screen is too narrow. */
export function framedTable(label, head, rows, properties = {}) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    h("table", properties, h("caption", { class: "for-ears" }, label), h("thead", {}, head), h("tbody", {}, rows)));
}
