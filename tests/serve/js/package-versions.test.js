import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const readJson = (name) =>
  JSON.parse(readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8"));

// A distribution tag such as "latest" names another version after every release of that package: `npm ci` then
// refuses the lock file. An override in package.json fixes the version.
test("no package of the lock file depends on a distribution tag without an override", () => {
  const overrides = readJson("package.json").overrides ?? {};
  const open = [];
  for (const [folder, entry] of Object.entries(readJson("package-lock.json").packages)) {
    for (const [name, range] of Object.entries({
      ...entry.dependencies,
      ...entry.optionalDependencies,
    })) {
      if (/^[a-z]+$/i.test(range) && !overrides[name]) open.push(`${folder}: ${name}@${range}`);
    }
  }
  assert.deepEqual(open, []);
});
