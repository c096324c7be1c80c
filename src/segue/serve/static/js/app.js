// Entry point: session, navigation, queue panel, connection and server events.

import { connection, get } from "./api.js";
import { watchConnection } from "./connection-notice.js";
import { debounce, fill, h } from "./dom.js";
import { initial } from "./elements/initial.js";
import "./elements/now-playing.js";
import { watchFailedJobs } from "./failed-jobs.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import { startMediaSession } from "./media-session.js";
import { navigationHashes, showNavigation, showTexts } from "./navigation.js";
import { mountNotifications, notifyError } from "./notifications.js";
import { flush, unsentCount } from "./outbox.js";
import { listen } from "./pages/listen.js";
import { reportPlayingNow } from "./playback-report.js";
import { player } from "./player.js";
import { forYou } from "./recommendations.js";
import { addressed, replaceHash, startRouter } from "./router.js";
import { connectEvents, serverEvents } from "./server-events.js";
import { shortcuts, showKeys } from "./shortcuts.js";
import { loadSignals } from "./signals.js";
import { loadMe, loadSession, signIn, state, store } from "./store.js";

/**
 * A page: its title, and how its module is loaded. `parent` is the page of the navigation that is
 * marked while a linked page is shown.
 *
 * @typedef {{title: string, load: () => any, parent?: string}} PageEntry
 */

/** Pages of the navigation, in its order. @type {Record<string, PageEntry>} */
const NAVIGATION = {
  listen: { title: t("listen.title"), load: async () => listen },
  library: {
    title: t("library.title"),
    load: () => import("./pages/library.js").then((it) => it.library),
  },
  playlists: {
    title: t("playlists.title"),
    load: () => import("./pages/playlists.js").then((it) => it.playlists),
  },
  map: { title: t("map.title"), load: () => import("./pages/map.js").then((it) => it.map) },
  steer: { title: t("steer.title"), load: () => import("./pages/steer.js").then((it) => it.steer) },
  quality: {
    title: t("quality.title"),
    load: () => import("./pages/quality.js").then((it) => it.quality),
  },
  manage: {
    title: t("manage.title"),
    load: () => import("./pages/manage.js").then((it) => it.manage),
  },
};
const ownLists = () => import("./pages/own-lists.js");
/** Pages that links lead to. @type {Record<string, PageEntry>} */
const LINKED = {
  album: {
    title: t("album.title"),
    parent: "library",
    load: () => import("./pages/album.js").then((it) => it.album),
  },
  artist: {
    title: t("artist.title"),
    parent: "library",
    load: () => import("./pages/artist.js").then((it) => it.artist),
  },
  genre: {
    title: t("genre.title"),
    parent: "library",
    load: () => import("./pages/genre.js").then((it) => it.genre),
  },
  liked: {
    title: t("lists.liked"),
    parent: "library",
    load: () => ownLists().then((it) => it.liked),
  },
  history: {
    title: t("lists.history"),
    parent: "library",
    load: () => import("./pages/history.js").then((it) => it.history),
  },
  "on-repeat": {
    title: t("lists.on-repeat"),
    parent: "library",
    load: () => ownLists().then((it) => it.onRepeat),
  },
  rediscover: {
    title: t("lists.rediscover"),
    parent: "library",
    load: () => ownLists().then((it) => it.rediscover),
  },
  playlist: {
    title: t("playlists.single"),
    parent: "playlists",
    load: () => import("./pages/playlist.js").then((it) => it.playlist),
  },
  approve: {
    title: t("approve.title"),
    load: () => import("./pages/approve.js").then((it) => it.approve),
  },
  "home-row": {
    title: t("listen.title"),
    parent: "listen",
    load: () => import("./pages/home-row.js").then((it) => it.homeRow),
  },
};
const PAGES = { ...NAVIGATION, ...LINKED };
/** Parts of pages that are loaded when they are used first. */
const PARTS = [
  { load: () => import("./elements/track-menu-entries.js") },
  { load: () => import("./elements/why-details.js") },
  { load: () => import("./elements/selection-bar.js") },
  { load: () => import("./elements/full-player.js") },
  { load: () => import("./elements/queue-panel.js") },
  { load: () => import("./elements/search-results.js") },
  { load: () => import("./elements/listener-dialog.js") },
];
const ME_WAIT = 400;
const OTHER_PAGES_WAIT = 1500;
const WIDE = matchMedia("(min-width: 1400px)");

const main = element("main");
const panel = element("panel");

/** Element of index.html. */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

const WITHOUT_TRACKS = new Set(["manage", "approve"]);

/** Page of a name; an empty library shows the welcome page instead of pages that need tracks. */
function pageOf(name) {
  if (state.session.library.tracks || WITHOUT_TRACKS.has(name)) return PAGES[name].load();
  return import("./pages/welcome.js").then((it) => it.welcome);
}

/**
 * Show the dialog to choose a listener: see js/elements/listener-dialog.js.
 *
 * @param {{must?: boolean, invitation?: string | null}} [options]
 */
async function chooseListener(options) {
  return (await import("./elements/listener-dialog.js")).chooseListener(options);
}

/** Load the modules of all pages while the browser is idle, so that the next page opens at once. */
function loadOtherPages() {
  const load = () =>
    Promise.all([...Object.values(PAGES), ...PARTS].map((one) => one.load())).catch(() => {});
  setTimeout(() => (globalThis.requestIdleCallback ?? setTimeout)(load), OTHER_PAGES_WAIT);
}

let shownName = "";

/** Mark the page in the navigation that is shown, or that it belongs to. */
function showNav(name = shownName) {
  shownName = name;
  showNavigation(PAGES[name]?.parent ?? name, state.session.admin);
}

function showAccount() {
  const name = state.session.listener;
  const dark = () =>
    getComputedStyle(document.documentElement).colorScheme.trim() === "dark" ||
    (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const theme = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": t("nav.theme"),
      title: t("nav.theme"),
      on: {
        click: () => {
          const value = dark() ? "light" : "dark";
          document.documentElement.dataset.theme = value;
          localStorage.setItem("segue.theme", value);
          fill(theme, icon(value === "dark" ? "light" : "dark"));
          dispatchEvent(new Event("theme"));
        },
      },
    },
    icon(dark() ? "light" : "dark"),
  );
  fill(
    element("rail-foot"),
    h(
      "button",
      {
        class: "listener-button",
        type: "button",
        title: t("nav.listener"),
        on: { click: () => chooseListener().catch(notifyError) },
      },
      initial(name ?? "?"),
      h("span", {}, name ?? t("nav.listener")),
    ),
    h(
      "div",
      { class: "rail-tools" },
      theme,
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": t("nav.keys"),
          title: `${t("nav.keys")} (?)`,
          on: { click: showKeys },
        },
        icon("help"),
      ),
    ),
  );
}

/** @type {Promise<void> | null} */
let mounting = null;

function showPanel(open) {
  if (open)
    mounting ??= import("./elements/queue-panel.js").then(({ mountQueuePanel }) =>
      mountQueuePanel(panel, togglePanel),
    );
  mounting?.catch(notifyError);
  panel.hidden = !open;
  const bar = document.querySelector("now-playing");
  if (bar) bar.panelOpen = open;
}

/** Open or close the queue panel; on wide screens the choice is remembered. */
function togglePanel() {
  showPanel(panel.hidden);
  if (WIDE.matches) localStorage.setItem("segue.panel", panel.hidden ? "closed" : "open");
}

function openPanel() {
  const fits = WIDE.matches && shownName !== "map"; // the map needs the width
  if (fits && player.track && localStorage.getItem("segue.panel") !== "closed") showPanel(true);
}

/** Sign in again and send what is unsent once the server answers again. */
function watchSession() {
  connection.addEventListener("online", async () => {
    await renewSession();
    await flush(); // the new list must take unsent feedback into account
    forYou.load();
  });
  connection.addEventListener("signed-out", () => renewSession().catch(notifyError));
}

/** @type {Promise<void> | null} */
let renewal = null;

/** Sign in as the same listener again, as after the server lost its sessions. */
function renewSession() {
  renewal ??= (async () => {
    const before = state.session?.listener;
    const now = await get("/session");
    if (now.listener === null && before !== null && now.mode === "open") await signIn(before);
    else await loadSession();
    if (state.session.listener === null) await chooseListener({ must: true });
  })().finally(() => (renewal = null));
  return renewal;
}

function watchServerEvents(showPage) {
  serverEvents.addEventListener("list", () => forYou.reloadIfRemote());
  serverEvents.addEventListener("library", async () => {
    const tracks = state.session.library.tracks;
    await loadSession();
    if (!tracks && state.session.library.tracks) {
      location.hash = "#/listen";
      showPage();
    }
  });
}

/** Token of the invitation that the address names, which is removed from the address. */
function takeInvitation() {
  const [page, query] = location.hash.split("?");
  if (page !== "#/join") return null;
  replaceHash("#/listen");
  return new URLSearchParams(query).get("token");
}

async function start() {
  showTexts();
  mountNotifications(document.body);
  watchConnection();
  watchSession();
  const names = Object.keys(PAGES);
  PAGES[addressed(names).name].load().catch(() => {}); // meanwhile; to show it tells of the error
  await Promise.all([loadSession(), loadSignals()]);
  if (state.session.listener === null) {
    showNav("");
    await chooseListener({ must: true, invitation: takeInvitation() });
  }
  showAccount();
  showPanel(false);
  player.addEventListener("track", openPanel);
  startMediaSession();
  reportPlayingNow(player, () => state.session.listener);
  player.open(state.session.listener);
  document.addEventListener("toggle-panel", togglePanel);
  shortcuts(navigationHashes);
  const showPage = startRouter(main, names, pageOf, showNav);
  let listener = state.session.listener;
  store.addEventListener("session", () => {
    showAccount();
    showNav();
    if (state.session.listener === listener) return null;
    listener = state.session.listener;
    player.open(listener);
    forYou.clear();
    connectEvents();
    if (listener !== null) return showPage();
    fill(main);
    return chooseListener({ must: true });
  });
  connectEvents();
  watchServerEvents(showPage);
  // after the first list, so that the server computes that first
  const reread = debounce(() => loadMe().catch(() => {}), ME_WAIT);
  forYou.addEventListener("change", reread);
  loadOtherPages();
  watchFailedJobs().catch(() => {}); // the jobs are shown on their page, too
  addEventListener("beforeunload", (event) => unsentCount() && event.preventDefault());
}

start().catch(notifyError);
if (window.isSecureContext) navigator.serviceWorker?.register("sw.js").catch(() => {});
