// The public API of segue, /api/v1, and nothing else of the server.
//
// What only reads is asked again when the server is away and comes back; whoever waits for it waits
// on. `connection` tells of both with the events "down" and "up", and of a session that ended with "out".

const ROOT = "/api/v1";
const LOOK_AGAIN = 1000;

export const connection = new EventTarget();

let csrf = "";
let down = null;

/** What the server said was wrong: a problem document of RFC 9457. `kind` ends its type. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `The server answered ${status}.`);
    this.status = status;
    this.title = document.title;
    this.kind = document.type?.split("/").at(-1);
    this.job = document.job;
  }
}

/** Read something. `query` holds what comes after the question mark; lists are repeated. */
export function get(path, query, signal) {
  return asked("GET", path, { query, signal, again: true });
}

/** Ask for something that changes nothing on the server, by a document. */
export function ask(path, body, signal) {
  return asked("POST", path, { body, signal, again: true });
}

export function post(path, body, signal) {
  return asked("POST", path, { body, signal });
}

export function patch(path, body) {
  return asked("PATCH", path, { body });
}

export function remove(path) {
  return asked("DELETE", path, {});
}

/** Send a file as it is. */
export function sendFile(path, file, query) {
  return asked("POST", path, { query, raw: file });
}

/** Read numbers: an answer that is not JSON, as an ArrayBuffer. */
export async function bytes(path, query, signal) {
  const answer = await fetched("GET", path, { query, signal, again: true });
  return answer.arrayBuffer();
}

/** The address of something under the API, for links and media. */
export function address(path, query = {}) {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));
  const text = new URLSearchParams(pairs).toString();
  return ROOT + path + (text ? `?${text}` : "");
}

/** The address of one track; its id may hold any character. */
export function ofTrack(id, rest = "") {
  return `/tracks/${encodeURIComponent(id)}${rest}`;
}

/** Take up who is listening: every session comes with a token that writing needs. */
export function useToken(token) {
  csrf = token;
}

async function asked(method, path, options) {
  const answer = await fetched(method, path, options);
  if (answer.status === 204) return null;
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

async function fetched(method, path, options, renewed = false) {
  const answer = await reached(method, path, options);
  if (answer.ok) return answer;
  if (answer.status === 403 && method !== "GET" && !renewed && (await renew())) {
    return fetched(method, path, options, true);
  }
  if (answer.status === 401 && !path.startsWith("/session"))
    connection.dispatchEvent(new Event("out"));
  throw new Problem(answer.status, await problem(answer));
}

async function reached(method, path, { query, body, raw, signal, again }) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (raw) headers["Content-Type"] = raw.type || "application/octet-stream";
  const request = {
    method,
    headers,
    signal,
    credentials: "same-origin",
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
  };
  for (;;) {
    try {
      return await fetch(address(path, query), request);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      const back = isDown();
      if (!again) throw error;
      await back;
      signal?.throwIfAborted();
    }
  }
}

/** Wait until the server answers again; everybody waits for the same. */
function isDown() {
  if (!down) {
    connection.dispatchEvent(new Event("down"));
    down = (async () => {
      for (;;) {
        await new Promise((done) => setTimeout(done, LOOK_AGAIN));
        if (await renew().catch(() => false)) break;
      }
      down = null;
      connection.dispatchEvent(new Event("up"));
    })();
  }
  return down;
}

/** Take up the token of the session anew, as after a restart of the server. */
async function renew() {
  const answer = await fetch(`${ROOT}/session`, { credentials: "same-origin" });
  if (!answer.ok) return answer.status < 500;
  const session = await answer.json();
  const other = session.csrf !== csrf;
  csrf = session.csrf;
  return other || down !== null;
}

async function problem(answer) {
  try {
    return await answer.json();
  } catch {
    return { title: `The server answered ${answer.status} ${answer.statusText}.` };
  }
}
