import assert from "node:assert/strict";
import { test } from "node:test";
import { traceHref, tracesAreAt } from "../src/charts/points";

test("a single request leads to its trace where traces can be looked at", () => {
  assert.equal(traceHref({ trace_id: "ab12" }), null);
  tracesAreAt("http://127.0.0.1:16686/trace/{trace_id}?uiFind=1");
  assert.equal(traceHref({ trace_id: "ab12" }), "http://127.0.0.1:16686/trace/ab12?uiFind=1");
  assert.equal(traceHref({ trace_id: "a/b" }), "http://127.0.0.1:16686/trace/a%2Fb?uiFind=1");
  assert.equal(traceHref({ endpoint: "predict" }), null);
  tracesAreAt("javascript:alert({trace_id})");
  assert.equal(traceHref({ trace_id: "1" }), null);
});
