// Navigation of index.html: the links are there before this module; it marks the page that is shown.

import { t } from "./i18n.js";

/** Put the texts of index.html into the user's language. */
export function showTexts() {
  for (const one of elements("[data-text]")) one.textContent = t(key(one.dataset.text));
  for (const one of elements("[data-label]"))
    one.setAttribute("aria-label", t(key(one.dataset.label)));
  document.documentElement.dataset.texts = "shown";
  const menu = document.getElementById("pages-menu");
  menu?.addEventListener("click", () => menu.hidePopover());
}

/** Mark the link of a page; only administrators see those that manage the library. */
export function showNavigation(name, isAdmin) {
  for (const one of elements("#pages [data-admin]")) one.hidden = !isAdmin;
  for (const link of elements("#pages a")) mark(link, link.hash === `#/${name}`, "page");
  const isInMenu = document.querySelector(`#pages-menu a[href="#/${name}"]`) !== null;
  mark(elements(".pages-more > button")[0], isInMenu, "true");
}

/** Addresses of the pages that are in the navigation, in its order. */
export function navigationHashes() {
  return elements("#pages > li:not([hidden]) > a").map((link) => link.hash);
}

function mark(element, isMarked, value) {
  if (isMarked) element.setAttribute("aria-current", value);
  else element.removeAttribute("aria-current");
}

function key(text) {
  return /** @type {import("./i18n.js").TextKey} */ (text);
}

/** @returns {any[]} */
function elements(selector) {
  return [...document.querySelectorAll(selector)];
}
