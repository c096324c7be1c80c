import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import ts from "typescript";

import { LANGUAGES, t } from "../../../src/segue/serve/static/js/i18n.js";

const STATIC = new URL("../../../src/segue/serve/static/", import.meta.url);
const INDEX = readFileSync(new URL("index.html", STATIC), "utf-8");

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
  for (const [, key] of INDEX.matchAll(/data-(?:text|label)="([^"]+)"/g)) used.add(key);
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

/** Keys that an expression may be: a text, or one of two. */
function keysOf(node) {
  if (ts.isStringLiteral(node)) return [node.text];
  if (!ts.isConditionalExpression(node)) return [];
  return [...keysOf(node.whenTrue), ...keysOf(node.whenFalse)];
}

/** Names of the properties of an object; null where they cannot be read in the code. */
function propertiesOf(node) {
  if (!node) return [];
  if (!ts.isObjectLiteralExpression(node)) return null;
  if (node.properties.some((one) => !one.name)) return null; // another object is spread
  return node.properties.map((one) => one.name.getText());
}

/** Calls of `t` in the code: file, key, and the names of the values. */
function calls() {
  const found = [];
  const files = readdirSync(new URL("js/", STATIC), { recursive: true, encoding: "utf-8" });
  for (const file of files.filter((name) => name.endsWith(".js"))) {
    const source = readFileSync(new URL(`js/${file}`, STATIC), "utf-8");
    const visit = (node) => {
      if (ts.isCallExpression(node) && node.expression.getText() === "t") {
        const names = propertiesOf(node.arguments[1]);
        for (const key of keysOf(node.arguments[0])) found.push({ file, key, names });
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true));
  }
  return found;
}

test("each call of t passes the placeholders of its text, in every language", () => {
  const all = calls();
  assert.ok(all.filter(({ names }) => names).length > 300);
  const missing = [];
  for (const language of Object.keys(LANGUAGES)) {
    const texts = Object.entries(table(language));
    for (const { file, key, names } of all) {
      const forms = texts.filter(
        ([one]) =>
          one === key ||
          (/^(one|other)$/.test(one.slice(key.length + 1)) && one.startsWith(`${key}.`)),
      );
      if (!forms.length) missing.push(`${file}: ${key} is not a text of ${language}`);
      for (const [form, text] of names ? forms : []) {
        const wanted = form === key ? placeholders(text) : [...placeholders(text), "n"];
        for (const name of wanted)
          if (!names.includes(name)) missing.push(`${file}: ${form} (${language}) needs ${name}`);
      }
    }
  }
  assert.deepEqual(missing, []);
});

test("texts of index.html are those of English", () => {
  const english = table("en");
  const texts = [...INDEX.matchAll(/data-text="([^"]+)"[^>]*>([^<]*)</g)];
  const labels = [...INDEX.matchAll(/aria-label="([^"]*)" data-label="([^"]+)"/g)];
  assert.ok(texts.length > 7 && labels.length > 2);
  for (const [, key, text] of texts) assert.equal(text.trim(), english[key]);
  for (const [, label, key] of labels) assert.equal(label, english[key]);
});

test("icons of index.html are those of the modules", () => {
  const icons = readFileSync(new URL("js/icons.js", STATIC), "utf-8");
  const drawn = [...INDEX.matchAll(/icon-(\w+)"[^>]*>\s*<path\s+d="([^"]+)"/g)];
  assert.ok(drawn.length > 7);
  for (const [, name, path] of drawn) assert.match(icons, new RegExp(`\\b${name}:\\s*"${path}"`));
});

test("plural forms follow the number, and numbers have separators", () => {
  assert.equal(t("n.tracks", { n: 1 }), "1 track");
  assert.equal(t("n.tracks", { n: 1234 }), "1,234 tracks");
  assert.equal(t("format.by", { title: "{artist}", artist: "B" }), "{artist} by B");
});
