// The page's own API, asked by relative addresses: it works under whatever prefix Airflow has.

export class Problem extends Error {
  constructor(problem) {
    super(problem.en);
    this.zh = problem.zh;
    this.en = problem.en;
  }
}

/** Return an answer of the API. Parameters that are null are left out, lists are repeated. */
export async function get(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== null && one !== undefined) query.append(name, one);
  }
  const text = query.toString();
  const answer = await fetch(`api/${path}${text ? `?${text}` : ""}`, { signal, headers: { Accept: "application/json" } });
  // The session has ended: the page itself leads to the login and back.
  if (answer.status === 401) location.reload();
  const body = await answer.json().catch(() => ({ zh: "服务器没有回答", en: "the server gave no answer" }));
  if (!answer.ok) throw new Problem(body);
  return body;
}
