// Texts of the page in the user's language: one table for each language in ../locales.
//
// A text may have placeholders, "Remove {name}", and one form for each plural category of its
// language, "tracks.one" and "tracks.other", chosen by the value `n`. The language is the chosen one,
// else the browser's first one with a table: js/before-paint.js finds it.

/** Languages with a table, by their code; the names are for the settings. */
export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" };

const SETTING = "segue.language";

/**
 * Keys of texts; that of a text with plural forms is without the form.
 *
 * @typedef {keyof typeof import("../locales/en.json")} Key
 * @typedef {{[K in Key]: K extends `${infer Base}.other` ? Base
 *   : K extends `${string}.one` ? never : K}[Key]} TextKey
 */

/** Code of the language. */
export const language = globalThis.document?.documentElement.lang || "en";

/** @type {Record<string, string>} */
const { default: table } = await import(`../locales/${language}.json`, { with: { type: "json" } });
const plurals = new Intl.PluralRules(language);
const whole = new Intl.NumberFormat(language);

/**
 * Return a text with its placeholders filled; numbers are formatted for the language.
 *
 * @param {TextKey} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const form = typeof values.n === "number" ? `${key}.${plurals.select(values.n)}` : key;
  const text = table[form] ?? table[`${key}.other`] ?? table[key] ?? key;
  return text.replace(/{(\w+)}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? whole.format(value) : String(value ?? "");
  });
}

/** Return a text by a key that may be unknown, as of a signal; undefined if it is. */
export function textOf(key) {
  return table[key];
}

/** Choose a language and load the page again. */
export function setLanguage(code) {
  localStorage.setItem(SETTING, code);
  location.reload();
}
