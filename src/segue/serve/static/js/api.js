// Client of segue's HTTP API, /api/v1.
//
// Requests that only read are repeated while the server cannot be reached, until it answers again.
// `connection` dispatches "offline" and "online", and "signed-out" when the session has ended.

const ROOT = "/api/v1";
const RETRY_MS = 1000;

export const connection = new EventTarget();

let csrf = "";
let offline = null; // resolves when the server answers again

/** Error answer of the server: a problem document (RFC 9457). `kind` is the last part of its type. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `The server answered ${status}.`);
    this.status = status;
    this.title = document.title;
    this.kind = document.type?.split("/").at(-1);
    this.job = document.job;
  }
}

/** GET a resource. `query` holds the query parameters; lists become repeated parameters. */
export function get(path, query, signal) {
  return requestJson("GET", path, { query, signal, retry: true });
}

/** POST a query that changes nothing on the server, so that it may be repeated. */
export function postQuery(path, body, signal) {
  return requestJson("POST", path, { body, signal, retry: true });
}

export function post(path, body, signal) {
  return requestJson("POST", path, { body, signal });
}

export function patch(path, body) {
  return requestJson("PATCH", path, { body });
}

export function remove(path) {
  return requestJson("DELETE", path, {});
}

/** POST a file as it is. */
export function upload(path, file, query) {
  return requestJson("POST", path, { query, raw: file });
}

/** GET a binary answer as an ArrayBuffer. */
export async function getBytes(path, query, signal) {
  const answer = await request("GET", path, { query, signal, retry: true });
  return answer.arrayBuffer();
}

/** URL of a resource of the API, for links and media. */
export function apiUrl(path, query = {}) {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));
  const text = new URLSearchParams(pairs).toString();
  return ROOT + path + (text ? `?${text}` : "");
}

/** Path of a track; its id may contain any character. */
export function trackPath(id, rest = "") {
  return `/tracks/${encodeURIComponent(id)}${rest}`;
}

/** Set the session's CSRF token, which every writing request sends. */
export function setCsrfToken(token) {
  csrf = token;
}

async function requestJson(method, path, options) {
  const answer = await request(method, path, options);
  if (answer.status === 204) return null;
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

async function request(method, path, options, renewed = false) {
  const answer = await fetchWithRetry(method, path, options);
  if (answer.ok) return answer;
  if (answer.status === 403 && method !== "GET" && !renewed && (await renewToken())) {
    return request(method, path, options, true);
  }
  if (answer.status === 401 && !path.startsWith("/session"))
    connection.dispatchEvent(new Event("signed-out"));
  throw new Problem(answer.status, await problemOf(answer));
}

async function fetchWithRetry(method, path, { query, body, raw, signal, retry }) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (raw) headers["Content-Type"] = raw.type || "application/octet-stream";
  const init = {
    method,
    headers,
    signal,
    credentials: "same-origin",
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
  };
  for (;;) {
    try {
      return await fetch(apiUrl(path, query), init);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      const online = waitUntilOnline();
      if (!retry) throw error;
      await online;
      signal?.throwIfAborted();
    }
  }
}

/** Wait until the server answers again; all requests share one wait. */
function waitUntilOnline() {
  if (!offline) {
    connection.dispatchEvent(new Event("offline"));
    offline = (async () => {
      for (;;) {
        await new Promise((done) => setTimeout(done, RETRY_MS));
        if (await renewToken().catch(() => false)) break;
      }
      offline = null;
      connection.dispatchEvent(new Event("online"));
    })();
  }
  return offline;
}

/** Read the CSRF token again, as after a restart of the server. Returns whether a retry makes sense. */
async function renewToken() {
  const answer = await fetch(`${ROOT}/session`, { credentials: "same-origin" });
  if (!answer.ok) return answer.status < 500;
  const session = await answer.json();
  const changed = session.csrf !== csrf;
  csrf = session.csrf;
  return changed || offline !== null;
}

async function problemOf(answer) {
  try {
    return await answer.json();
  } catch {
    return { title: `The server answered ${answer.status} ${answer.statusText}.` };
  }
}
