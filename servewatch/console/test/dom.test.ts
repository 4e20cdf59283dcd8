import assert from "node:assert/strict";
import { test } from "node:test";
import { safeHref } from "../src/dom";

test("links go to pages, never to scripts", () => {
  for (const good of ["https://example.org/a?b#c", "/d/x?var-a=b", "#down", "mailto:a@example.org", "a/b"])
    assert.equal(safeHref(good), good);
  for (const bad of ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "//example.org"])
    assert.equal(safeHref(bad), null);
});
