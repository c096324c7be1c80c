import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { LANGUAGES, t } from "../../../src/segue/serve/static/js/i18n.js";

const STATIC = new URL("../../../src/segue/serve/static/", import.meta.url);

function table(language) {
  return JSON.parse(readFileSync(new URL(`locales/${language}.json`, STATIC), "utf-8"));
}

function placeholders(text) {
  return [...text.matchAll(/{(\w+)}/g)].map(([, name]) => name).sort();
}

test("every language has the keys and the placeholders of English", () => {
  const english = table("en");
  for (const language of Object.keys(LANGUAGES)) {
    const own = table(language);
    assert.deepEqual(Object.keys(own).sort(), Object.keys(english).sort(), language);
    for (const [key, text] of Object.entries(own)) {
      assert.deepEqual(placeholders(text), placeholders(english[key]), `${language}: ${key}`);
    }
  }
});

test("every key of the tables is used", () => {
  const used = new Set();
  const files = readdirSync(new URL("js/", STATIC), { recursive: true, encoding: "utf-8" });
  for (const file of files.filter((name) => name.endsWith(".js"))) {
    const source = readFileSync(new URL(`js/${file}`, STATIC), "utf-8");
    for (const [, key] of source.matchAll(/"([a-z]\w*(?:\.\w+)*)"/g)) used.add(key);
    for (const [, start] of source.matchAll(/`([a-z]\w*(?:\.\w+)*\.)\${/g)) used.add(`${start}*`);
  }
  const isUsed = (key) => {
    const base = key.replace(/\.(zero|one|two|few|many|other)$/, "");
    return [...used].some((one) =>
      one.endsWith("*") ? base.startsWith(one.slice(0, -1)) : one === base || one === key,
    );
  };
  assert.deepEqual(
    Object.keys(table("en")).filter((key) => !key.startsWith("n.") && !isUsed(key)),
    [],
  );
});

test("plural forms follow the number, and numbers have separators", () => {
  assert.equal(t("n.tracks", { n: 1 }), "1 track");
  assert.equal(t("n.tracks", { n: 1234 }), "1,234 tracks");
  assert.equal(t("format.by", { title: "{artist}", artist: "B" }), "{artist} by B");
});
