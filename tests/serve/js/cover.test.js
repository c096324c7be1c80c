import assert from "node:assert/strict";
import { test } from "node:test";

import { coverUrl } from "../../../src/segue/serve/static/js/elements/cover.js";

test("the address of a cover names the cover, else the item, and a size of the server", () => {
  assert.equal(coverUrl({ track_id: "a", cover: "al-1" }, 48), "/api/v1/covers/al-1?size=96");
  assert.equal(coverUrl({ id: "ar-1" }, 193), "/api/v1/covers/ar-1?size=384");
  assert.equal(coverUrl({ track_id: "a/b %" }, 9999), "/api/v1/covers/a%2Fb%20%25?size=1536");
});
