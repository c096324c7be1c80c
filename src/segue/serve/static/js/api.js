// Client of segue's HTTP API, /api/v1. Types come from its OpenAPI description: see types/api.d.ts.
//
// Requests that only read are repeated while the server cannot be reached, until it answers again.
// `connection` dispatches "offline" and "online", and "signed-out" when the session has ended.

const PAGE = globalThis.document?.baseURI ?? "http://localhost/"; // no document in unit tests
const ROOT = new URL("api/v1", PAGE).pathname; // below --root-path, as the page
const RETRY_MS = 1000;

export const connection = new EventTarget();

let csrf = "";
/** @type {Promise<void> | null} */
let offline = null; // resolves when the server answers again

/**
 * Error answer of the server: a problem document (RFC 9457). `kind` is the last part of its type,
 * `retryMs` the time after which the server asks for another try.
 */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {Partial<Api.Problem>} document
   * @param {string | null} [retryAfter] header of the answer, in seconds
   */
  constructor(status, document, retryAfter) {
    super(document.detail || document.title || `The server answered ${status}.`);
    this.status = status;
    this.title = document.title;
    this.kind = document.type?.split("/").at(-1);
    this.job = document.job;
    this.retryMs = Number(retryAfter) > 0 ? Number(retryAfter) * 1000 : undefined;
  }
}

/**
 * GET a resource. `params` fill the braces of the path; a list in `query` becomes repeated parameters.
 *
 * @template {Api.PathOf<"get">} P
 * @param {P} path
 * @param {Api.Options<P, "get">} [options]
 * @returns {Promise<Api.Answer<P, "get">>}
 */
export function get(path, options) {
  return requestJson("GET", path, { ...options, retry: true });
}

/**
 * POST a query that changes nothing on the server, so that it may be repeated.
 *
 * @template {Api.PathOf<"post">} P
 * @param {P} path
 * @param {Api.Body<P, "post">} body
 * @param {Api.Options<P, "post">} [options]
 * @returns {Promise<Api.Answer<P, "post">>}
 */
export function postQuery(path, body, options) {
  return requestJson("POST", path, { ...options, body, retry: true });
}

/**
 * @template {Api.PathOf<"post">} P
 * @param {P} path
 * @param {Api.Body<P, "post">} body
 * @param {Api.Options<P, "post">} [options]
 * @returns {Promise<Api.Answer<P, "post">>}
 */
export function post(path, body, options) {
  return requestJson("POST", path, { ...options, body });
}

/**
 * @template {Api.PathOf<"patch">} P
 * @param {P} path
 * @param {Api.Body<P, "patch">} body
 * @param {Api.Options<P, "patch">} [options]
 * @returns {Promise<Api.Answer<P, "patch">>}
 */
export function patch(path, body, options) {
  return requestJson("PATCH", path, { ...options, body });
}

/**
 * @template {Api.PathOf<"delete">} P
 * @param {P} path
 * @param {Api.Options<P, "delete">} [options]
 * @returns {Promise<null>}
 */
export function remove(path, options) {
  return requestJson("DELETE", path, { ...options });
}

/**
 * POST a file as it is.
 *
 * @template {Api.PathOf<"post">} P
 * @param {P} path
 * @param {File} file
 * @param {Api.Options<P, "post">} [options]
 * @returns {Promise<Api.Answer<P, "post">>}
 */
export function upload(path, file, options) {
  return requestJson("POST", path, { ...options, file });
}

/**
 * GET a binary answer.
 *
 * @template {Api.PathOf<"get">} P
 * @param {P} path
 * @param {Api.Options<P, "get">} [options]
 * @returns {Promise<ArrayBuffer>}
 */
export async function getBytes(path, options) {
  const answer = await request("GET", path, { ...options, retry: true });
  return answer.arrayBuffer();
}

/**
 * URL of a resource of the API, for links and media.
 *
 * @template {Api.PathOf<"get">} P
 * @param {P} path
 * @param {Api.Options<P, "get">} [options]
 */
export function apiUrl(path, options) {
  return buildUrl(path, options ?? {});
}

/** Set the session's CSRF token, which every writing request sends. */
export function setCsrfToken(token) {
  csrf = token;
}

/**
 * @param {string} path
 * @param {{params?: object, query?: object}} options
 */
function buildUrl(path, { params = {}, query = {} }) {
  const filled = path.replace(/{(\w+)}/g, (_, name) => encodeURIComponent(params[name]));
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));
  const text = new URLSearchParams(pairs).toString();
  return ROOT + filled + (text ? `?${text}` : "");
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
  throw new Problem(answer.status, await problemOf(answer), answer.headers.get("Retry-After"));
}

async function fetchWithRetry(method, path, { params, query, body, file, signal, retry }) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (file) headers["Content-Type"] = file.type || "application/octet-stream";
  for (;;) {
    try {
      return await fetch(buildUrl(path, { params, query }), {
        method,
        headers,
        signal,
        credentials: "same-origin",
        body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
      });
    } catch (error) {
      if (isAbort(error)) throw error;
      const online = waitUntilOnline();
      if (!retry) throw new Error("The server is not responding: try again.", { cause: error });
      await online;
      signal?.throwIfAborted();
    }
  }
}

/** Whether an error says that a request was canceled. */
export function isAbort(error) {
  return error instanceof Error && error.name === "AbortError";
}

/** Wait until the server answers again; all requests share one wait. */
export function waitUntilOnline() {
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

/**
 * Read the problem document of an answer.
 *
 * @param {Response} answer
 * @returns {Promise<Partial<Api.Problem>>}
 */
export async function problemOf(answer) {
  try {
    return await answer.json();
  } catch {
    return { title: `The server answered ${answer.status} ${answer.statusText}.` };
  }
}
