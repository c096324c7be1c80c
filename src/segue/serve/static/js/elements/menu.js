// Menus: commands in a popover at a button; on phones, a sheet at the bottom of the screen.
//
// Keys: arrows, Home, End, the first letters of an entry; Right or Enter opens a submenu, Left goes
// back, Escape and Tab close the menu and return the focus to the button.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";

const GAP = 4; // pixels between the button and the menu, and to the edges of the window
const TYPING_MS = 700;

/**
 * One entry: a command (`action`), a link (`href`) or a submenu (`entries`); null is a separator.
 *
 * @typedef {{
 *   text: string, icon?: string, action?: () => unknown, href?: string, checked?: boolean,
 *   about?: string, download?: boolean, entries?: () => Promise<MenuEntry[]> | MenuEntry[],
 * } | null} MenuEntry
 */

const SAME_CLICK_MS = 150; // a click on the button of an open menu first closes the menu

/** @type {HTMLElement | null} */
let open = null;
let closed = { button: /** @type {HTMLElement | null} */ (null), at: 0 };

/** Close the open menu, if any. */
export function closeMenu() {
  open?.hidePopover();
}

/**
 * Open a menu at a button; a second click on the button closes it.
 *
 * @param {HTMLElement} button
 * @param {MenuEntry[]} entries
 * @param {{label: string, head?: Node[]}} options `head` is shown above the entries of a sheet
 */
export function openMenu(button, entries, { label, head = [] }) {
  const isSameClick = closed.button === button && performance.now() - closed.at < SAME_CLICK_MS;
  if (isSameClick) return;
  closeMenu();
  const list = h("div", { class: "menu-list", role: "menu", "aria-label": label });
  const menu = h(
    "div",
    { class: "popup-menu", popover: "auto" },
    head.length ? h("div", { class: "menu-head", "aria-hidden": "true" }, head) : null,
    list,
  );
  /** @type {MenuEntry[][]} */
  const path = [];
  const show = (level, focus = 0) => {
    fill(list, path.length ? backEntry() : null, level.map(entryElement));
    list.scrollTop = 0;
    place(menu, button);
    items(list)[focus]?.focus({ preventScroll: true });
  };
  const back = () => {
    const level = path.pop();
    if (level) show(level);
  };
  let current = entries;
  const openLevel = async (entry) => {
    const from = current;
    try {
      const level = await entry.entries();
      if (open !== menu) return;
      path.push(from);
      current = level;
      show(level, 1);
    } catch (error) {
      closeMenu();
      notifyError(error);
    }
  };
  const backEntry = () =>
    h(
      "button",
      {
        class: "menu-item menu-back",
        type: "button",
        role: "menuitem",
        tabindex: "-1",
        on: {
          click: () => {
            current = path.at(-1) ?? entries;
            back();
          },
        },
      },
      icon("previous"),
      h("span", { class: "menu-text" }, t("menu.back")),
    );
  const entryElement = (entry) => {
    if (!entry) return h("hr", { role: "separator" });
    const run = () => {
      if (entry.entries) return openLevel(entry);
      closeMenu();
      return entry.action?.();
    };
    const properties = {
      class: "menu-item",
      role: entry.checked === undefined ? "menuitem" : "menuitemcheckbox",
      "aria-checked": entry.checked === undefined ? null : String(entry.checked),
      "aria-haspopup": entry.entries ? "menu" : null,
      tabindex: "-1",
      on: { click: run },
    };
    const parts = [
      icon(entry.icon ?? "none"),
      h(
        "span",
        { class: "menu-text", dir: "auto", title: entry.text },
        entry.text,
        entry.about ? h("small", {}, entry.about) : null,
      ),
      entry.entries ? icon("following") : null,
    ];
    return entry.href
      ? h("a", { ...properties, href: entry.href, download: entry.download }, parts)
      : h("button", { ...properties, type: "button" }, parts);
  };
  let typed = "";
  let typing = 0;
  const onKey = (event) => {
    event.stopPropagation(); // letters choose entries here and are no shortcuts
    const all = items(list);
    const now = all.indexOf(/** @type {any} */ (document.activeElement));
    const go = (to) => all[(to + all.length) % all.length]?.focus();
    const focused = all[now];
    if (event.key === "ArrowDown") go(now + 1);
    else if (event.key === "ArrowUp") go(now < 0 ? -1 : now - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(-1);
    else if (event.key === "ArrowRight" && focused?.hasAttribute("aria-haspopup")) focused.click();
    else if (event.key === "ArrowLeft" && path.length) all[0].click();
    else if (event.key === "Tab") closeMenu();
    else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) {
      clearTimeout(typing);
      typing = setTimeout(() => (typed = ""), TYPING_MS);
      typed += event.key.toLowerCase();
      // the same letter again goes to the next entry that begins with it
      const wanted = [...typed].every((letter) => letter === typed[0]) ? typed[0] : typed;
      const order = [...all.slice(now + (wanted.length === 1 ? 1 : 0)), ...all];
      order.find((one) => one.textContent?.trim().toLowerCase().startsWith(wanted))?.focus();
    } else return;
    event.preventDefault();
  };
  menu.addEventListener("keydown", onKey);
  const onScroll = (event) => {
    if (!menu.contains(event.target)) closeMenu();
  };
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") return;
    removeEventListener("scroll", onScroll, true);
    removeEventListener("resize", closeMenu);
    removeEventListener("hashchange", closeMenu);
    button.setAttribute("aria-expanded", "false");
    const lost = !document.activeElement || document.activeElement === document.body;
    if (lost || menu.contains(document.activeElement)) button.focus({ preventScroll: true });
    menu.remove();
    closed = { button, at: performance.now() };
    if (open === menu) open = null;
  });
  // inside an open dialog, so that the menu is not inert
  (button.closest("dialog") ?? document.body).append(menu);
  button.setAttribute("aria-expanded", "true");
  open = menu;
  menu.showPopover();
  show(entries);
  addEventListener("scroll", onScroll, true);
  addEventListener("resize", closeMenu);
  addEventListener("hashchange", closeMenu);
}

/** @returns {HTMLElement[]} */
function items(list) {
  return [...list.querySelectorAll(".menu-item")];
}

/** Place a menu below its button, or above it where there is more room; style sheets place sheets. */
function place(menu, button) {
  const box = button.getBoundingClientRect();
  menu.style.removeProperty("--room");
  const { width, height } = menu.getBoundingClientRect();
  const below = innerHeight - box.bottom - 2 * GAP;
  const above = box.top - 2 * GAP;
  const up = height > below && above > below;
  const room = Math.max(up ? above : below, 160);
  const top = up ? Math.max(GAP, box.top - GAP - Math.min(height, room)) : box.bottom + GAP;
  const right = document.documentElement.dir === "rtl" ? box.left + width : box.right;
  const left = Math.min(Math.max(GAP, right - width), innerWidth - width - GAP);
  for (const [name, value] of Object.entries({ "--top": top, "--left": left, "--room": room }))
    menu.style.setProperty(name, `${Math.round(value)}px`);
}
