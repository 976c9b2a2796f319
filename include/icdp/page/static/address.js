// The state of the page stands in its address: what is seen can be sent to somebody, and "back" goes back.

const PATTERNS = {
  view: /^[a-z]+$/, edition: /^[0-9]{4}(-r[1-9][0-9]{0,3})?$/, node: /^[a-z][a-z0-9_]{0,63}$/, province: /^[0-9]{6}$/,
  lang: /^en$/, sort: /^-?[a-z]+$/, search: /^.{1,40}$/u, tier: /^[1-9]$/, mode: /^years$/, with: /^[0-9]{6}(,[0-9]{6}){0,4}$/,
  against: /^[0-9]{4}-r[1-9][0-9]{0,3}$/, weights: /^[a-z0-9_]+:[0-9.]+(,[a-z0-9_]+:[0-9.]+){0,39}$/,
  drop: /^[a-z0-9_]+(,[a-z0-9_]+){0,39}$/, normalise: /^[a-z][a-z0-9_]*$/, page: /^[1-9][0-9]{0,4}$/,
  severity: /^(error|warn|note)$/, passed: /^(all|true)$/, outcome: /^[a-z_]+$/, scale: /^panel$/,
};
// What a change of view leaves as it is; everything else belongs to one view.
const SHARED = ["edition", "node", "lang", "province"];

export function read() {
  const found = new URLSearchParams(location.search);
  const state = {};
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    const value = found.get(name);
    if (value !== null && pattern.test(value)) state[name] = value;
  }
  return state;
}

/** Return the address of a state; null takes a part away. A change of view drops what belongs to the view before. */
export function to(changes, now = read()) {
  const elsewhere = "view" in changes && changes.view !== (now.view ?? null);
  const kept = elsewhere ? Object.fromEntries(SHARED.filter((name) => name in now).map((name) => [name, now[name]])) : now;
  const parameters = new URLSearchParams();
  for (const name of Object.keys(PATTERNS)) {
    const value = name in changes ? changes[name] : kept[name];
    if (value !== null && value !== undefined && value !== "") parameters.set(name, value);
  }
  const query = parameters.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
  return query ? `?${query}` : location.pathname;
}

export function put(changes, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", to(changes));
  mirror();
}

/** In Airflow's frame let Airflow's own address tell the view as well: it opens the same view when it is shared. */
export function mirror() {
  if (window.top === window) return;
  try {
    const base = /^.*?\/plugin\/[^/]+/.exec(parent.location.pathname);
    if (base) parent.history.replaceState(parent.history.state, "", base[0] + location.pathname + location.search);
  } catch {
    // A frame of somebody else's: the address is not ours to tell.
  }
}
