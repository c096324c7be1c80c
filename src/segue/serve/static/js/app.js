// The page: who listens, which page shows, what is always there.

import { connection, get } from "./api.js";
import { debounced, fill, h } from "./dom.js";
import { initial, askWho } from "./elements/listener-dialog.js";
import "./elements/now-playing.js";
import { upNextIn } from "./elements/queue-panel.js";
import { follow, news } from "./server-events.js";
import { icon } from "./icons.js";
import { forYou } from "./recommendations.js";
import { flush, unsent } from "./outbox.js";
import { library } from "./pages/library.js";
import { listen } from "./pages/listen.js";
import { map } from "./pages/map.js";
import { playlists } from "./pages/playlists.js";
import { quality } from "./pages/quality.js";
import { steer } from "./pages/steer.js";
import { welcome } from "./pages/welcome.js";
import { player } from "./player.js";
import { route } from "./router.js";
import { noteProblem, tellingIn } from "./notifications.js";
import { showKeys, shortcuts } from "./shortcuts.js";
import { loadMe, loadSession, signIn, state, store } from "./store.js";

const PAGES = { listen, steer, map, playlists, quality, library };
const ME_WAIT = 400;
const WIDE = matchMedia("(min-width: 1400px)");

const main = document.getElementById("main");
const panel = document.getElementById("panel");

/** The page of a name; those that need tracks give way to the welcome while there are none. */
function pageOf(name) {
  return state.session.library.tracks || name === "library" ? PAGES[name] : welcome;
}

function showNav(current) {
  fill(
    document.getElementById("pages"),
    Object.entries(PAGES).map(([name, page]) =>
      h(
        "li",
        {},
        h(
          "a",
          { href: `#/${name}`, "aria-current": name === current ? "page" : null },
          icon(name),
          h("span", {}, page.title),
        ),
      ),
    ),
  );
}

function showFoot() {
  const name = state.session.listener;
  const dark = () =>
    getComputedStyle(document.documentElement).colorScheme.trim() === "dark" ||
    (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const theme = h(
    "button",
    {
      class: "bare",
      type: "button",
      "aria-label": "Dark or light",
      title: "Dark or light",
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
    document.getElementById("rail-foot"),
    h(
      "button",
      {
        class: "who",
        type: "button",
        "aria-label": `Listener: ${name ?? "nobody"}. Change`,
        on: { click: () => askWho() },
      },
      initial(name ?? "?"),
      h("span", {}, name ?? "Who listens?"),
    ),
    h(
      "div",
      { class: "rail-tools" },
      theme,
      h(
        "button",
        {
          class: "bare",
          type: "button",
          "aria-label": "Keys",
          title: "Keys (?)",
          on: { click: showKeys },
        },
        icon("help"),
      ),
    ),
  );
}

function showPanel(open) {
  panel.hidden = !open;
  document.querySelector("now-playing").panelOpen = open;
}

/** Open or close what's next; where there is room, it opens by itself unless it was closed. */
function togglePanel() {
  showPanel(panel.hidden);
  if (WIDE.matches) localStorage.setItem("segue.panel", panel.hidden ? "closed" : "open");
}

function openPanel() {
  if (WIDE.matches && player.track && localStorage.getItem("segue.panel") !== "closed")
    showPanel(true);
}

function watchConnection() {
  let banner = null;
  connection.addEventListener("down", () => {
    banner ??= h(
      "p",
      { class: "banner", role: "status" },
      "The server does not answer. What you do is kept and sent when it does.",
    );
    document.body.append(banner);
  });
  connection.addEventListener("up", async () => {
    banner?.remove();
    banner = null;
    await again();
    await flush(); // else the list could come before what it should follow from
    forYou.load();
  });
  connection.addEventListener("out", () => again().catch(noteProblem));
}

let renewing = null;

/** Be again who one was, as when the server forgot its sessions. */
function again() {
  renewing ??= (async () => {
    const before = state.session?.listener;
    const now = await get("/session");
    if (now.listener === null && before !== null && now.mode === "open") await signIn(before);
    else await loadSession();
    if (state.session.listener === null) await askWho({ must: true });
  })().finally(() => (renewing = null));
  return renewing;
}

function watchNews(showPage) {
  news.addEventListener("list", () => forYou.heard());
  news.addEventListener("library", async () => {
    const tracks = state.session.library.tracks;
    await loadSession();
    if (!tracks && state.session.library.tracks) {
      location.hash = "#/listen";
      showPage();
    }
  });
}

async function start() {
  tellingIn(document.body);
  watchConnection();
  await loadSession();
  if (state.session.listener === null) {
    showNav("");
    await askWho({ must: true });
  }
  showFoot();
  upNextIn(panel, togglePanel);
  showPanel(false);
  player.addEventListener("track", openPanel);
  document.addEventListener("toggle-panel", togglePanel);
  shortcuts(Object.keys(PAGES).map((name) => `#/${name}`));
  const showPage = route(main, Object.keys(PAGES), pageOf, showNav);
  let listener = state.session.listener;
  store.addEventListener("session", () => {
    showFoot();
    if (state.session.listener === listener) return null;
    listener = state.session.listener;
    player.stop();
    forYou.clear();
    follow();
    if (listener !== null) return showPage();
    fill(main);
    return askWho({ must: true });
  });
  follow();
  watchNews(showPage);
  // once a list is there: until then the server has that to do
  const reread = debounced(() => loadMe().catch(() => {}), ME_WAIT);
  forYou.addEventListener("change", reread);
  addEventListener("beforeunload", (event) => unsent() && event.preventDefault());
}

start().catch(noteProblem);
