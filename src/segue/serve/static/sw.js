// Service worker: the page opens without a connection to its server, and says that there is none.
//
// Files of a version never change and come from the cache. The page itself comes from the server, and
// from the cache if that does not answer. Requests to the API are not handled here.

const CACHE = "segue-page";
const ANSWER_MS = 4000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && isPage(url)) event.respondWith(pageFirstFromServer(event));
  else if (isVersioned(url)) event.respondWith(fileFirstFromCache(event));
});

function isPage(url) {
  return url.pathname === new URL(self.registration.scope).pathname;
}

function isVersioned(url) {
  return url.href.startsWith(`${self.registration.scope}assets/`);
}

async function pageFirstFromServer(event) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(event.request, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (answer.ok) {
      event.waitUntil(keepPage(cache, answer.clone()));
      return answer;
    }
    return (await cache.match(self.registration.scope)) ?? answer;
  } catch (error) {
    const kept = await cache.match(self.registration.scope);
    if (kept) return kept;
    throw error;
  }
}

/** Store the page, and delete the files of versions that it does not name. */
async function keepPage(cache, answer) {
  const text = await answer.clone().text();
  await cache.put(self.registration.scope, answer);
  const version = text.match(/assets\/\w+\//)?.[0];
  if (!version) return;
  for (const request of await cache.keys()) {
    if (isVersioned(new URL(request.url)) && !request.url.includes(version))
      await cache.delete(request);
  }
}

async function fileFirstFromCache(event) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(event.request);
  if (kept) return kept;
  const answer = await fetch(event.request);
  if (answer.ok) event.waitUntil(cache.put(event.request, answer.clone()));
  return answer;
}
