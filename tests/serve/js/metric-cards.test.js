import assert from "node:assert/strict";
import { test } from "node:test";

import { metricCards } from "../../../src/segue/serve/static/js/pages/metric-cards.js";

test("a report without results has no cards", () => {
  assert.deepEqual(metricCards({ notes: [] }), []);
});
