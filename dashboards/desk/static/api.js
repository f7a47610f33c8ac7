// What the page asks the desk's server.

export class Failure extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Failure(0, "");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Failure(answer.status, body.detail || answer.statusText);
  return body;
}

const post = (path, body) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Huoqun-Desk": "1" },
    body: JSON.stringify(body),
  });

const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
};

export const api = {
  me: () => ask("/api/me"),
  signIn: (token) => post("/api/signin", { token }),
  signOut: () => post("/api/signout", {}),
  work: () => ask("/api/work"),
  live: (seen, signal) => ask(`/api/live${query({ seen })}`, { signal }),
  act: (action) => post("/api/act", action),
  boards: (lang) => ask(`/api/boards${query({ lang })}`),
  panel: (name, given) => ask(`/api/panel/${name}${query(given)}`),
  choose: (name, given) => ask(`/api/choose/${name}${query(given)}`),
  search: (q) => ask(`/api/search${query({ q })}`),
};
