// Texts of the page in the user's language: one table for each language in ../locales.
//
// A text may have placeholders, "Remove {name}", and one form for each plural category of its
// language, "tracks.one" and "tracks.other", chosen by the value `n`. English is the fallback.

import en from "../locales/en.json" with { type: "json" };

/** Languages with a table, by their code; the names are for the settings. */
export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" };

const SETTING = "segue.language";

/**
 * Keys of texts; that of a text with plural forms is without the form.
 *
 * @typedef {{[K in keyof typeof en]: K extends `${infer Base}.other` ? Base
 *   : K extends `${string}.one` ? never : K}[keyof typeof en]} TextKey
 */

/** Code of the language: the chosen one, else the browser's first one with a table. */
export const language = chosenLanguage();

/** @type {Record<string, string>} */
const table =
  language === "en"
    ? en
    : {
        ...en,
        ...(await import(`../locales/${language}.json`, { with: { type: "json" } })).default,
      };
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

function chosenLanguage() {
  const saved = globalThis.localStorage?.getItem(SETTING);
  const wanted = [saved, ...(globalThis.navigator?.languages ?? [])];
  return wanted.map((code) => code?.split("-")[0] ?? "").find((code) => code in LANGUAGES) ?? "en";
}

if (globalThis.document) document.documentElement.lang = language;
