// The control API of the simulator. All data of the page comes from here.

/** A response with an error status. */
export class APIError extends Error {
  /**
   * @param {number} status
   * @param {{error?: string, reason?: import("./strings.js").Note}} body
   */
  constructor(status, body) {
    super(body.error ?? `HTTP ${status}`);
    this.status = status;
    this.reason = body.reason ?? null;
  }
}

async function fetchFrom(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(`/simulator/${path}`, options);
  if (response.status === 401) location.assign("/simulator/login");
  if (!response.ok) throw new APIError(response.status, await response.json().catch(() => ({})));
  return response;
}

async function call(method, path, body) {
  const response = await fetchFrom(method, path, body);
  return response.status === 204 ? null : response.json();
}

async function textOf(path) {
  return (await fetchFrom("GET", path)).text();
}

/** Returns a path with its parts escaped and the parameters that have a value. */
function at(parts, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== ""));
  const path = parts.map(encodeURIComponent).join("/");
  return query.size > 0 ? `${path}?${query}` : path;
}

export const api = {
  state: () => call("GET", "state"),
  reset: () => call("POST", "reset"),

  follower: (openid) => call("GET", at(["followers", openid])),
  addFollower: (profile) => call("POST", "followers", profile),
  editFollower: (openid, changes) => call("PATCH", at(["followers", openid]), changes),
  chat: (openid, before, limit) => call("GET", at(["followers", openid, "chat"], { before, limit })),
  send: (openid, message) => call("POST", at(["followers", openid, "messages"]), message),
  act: (openid, event) => call("POST", at(["followers", openid, "events"]), event),
  comment: (openid, comment) => call("POST", at(["followers", openid, "comments"]), comment),
  authorize: (openid, url) => call("POST", at(["followers", openid, "authorizations"]), { url }),
  conversationAsGo: (openid) => textOf(at(["followers", openid, "go"])),

  qrcodes: () => call("GET", "qrcodes"),
  articles: () => call("GET", "articles"),
  article: (id) => call("GET", at(["articles", id])),
  templates: () => call("GET", "templates"),
  addMedia: (file) => call("POST", "media", file),
  mediaURL: (id) => `/simulator/${at(["media", id])}`,

  calls: (parameters) => call("GET", at(["log", "calls"], parameters)),
  call: (id) => call("GET", at(["log", "calls", id])),
  callAsCurl: (id) => textOf(at(["log", "calls", id, "curl"])),
  pushes: (parameters) => call("GET", at(["log", "pushes"], parameters)),
  push: (id) => call("GET", at(["log", "pushes", id])),
  pushAsGo: (id) => textOf(at(["log", "pushes", id, "go"])),

  callback: () => call("GET", "callback"),
  saveCallback: (settings) => call("PATCH", "callback", settings),
  expireTokens: () => call("POST", "tokens/expire", {}),
  revokeTokens: () => call("DELETE", "tokens"),
  quotas: () => call("GET", "quotas"),
  exhaustQuota: (path) => call("POST", "quotas/exhaust", { path }),
  clearQuotas: () => call("POST", "quotas/clear", {}),
  faults: () => call("GET", "faults"),
  addFault: (fault) => call("POST", "faults", fault),
  removeFault: (id) => call("DELETE", at(["faults", id])),
  clearFaults: () => call("DELETE", "faults"),
  clock: () => call("GET", "clock"),
  advanceClock: (seconds) => call("PATCH", "clock", { advance_s: seconds }),
};
