import assert from "node:assert/strict";
import { test } from "node:test";
import { anchorOf, forService, runbookHref, runbookIsAt } from "../src/runbook";

test("links to the alerts' own runbook stay here, those to another lead there", () => {
  assert.equal(runbookHref("https://example.org/runbook.md#a"), "https://example.org/runbook.md#a");
  runbookIsAt("https://example.org/runbook.md");
  assert.equal(runbookHref("https://example.org/runbook.md#a"), "/runbook#a");
  assert.equal(runbookHref("https://example.org/runbook.md#ServiceDown"), "/runbook#servicedown");
  assert.equal(runbookHref("https://example.org/runbook.md#a", "a b"), "/runbook?service=a%20b#a");
  assert.equal(runbookHref("https://example.org/runbook.md"), "/runbook");
  assert.equal(runbookHref("https://example.org/runbook.md.old#a"), "https://example.org/runbook.md.old#a");
  assert.equal(runbookHref("https://example.com/other#a"), "https://example.com/other#a");
  assert.equal(runbookHref("javascript:alert(1)"), null);
});

test("anchors are those of the alerts' links", () => {
  assert.equal(anchorOf("RequestErrorsHigh"), "requesterrorshigh");
  assert.equal(anchorOf("When it is over: what then?"), "when-it-is-over-what-then");
});

test("queries are written for the service that is looked at", () => {
  assert.equal(
    forService('up{service="fashion"} / x{a="b",service="fashion"}', "churn"),
    'up{service="churn"} / x{a="b",service="churn"}',
  );
  assert.equal(forService('up{service="fashion"}', 'a"} or b\\'), 'up{service="a\\"} or b\\\\"}');
  assert.equal(forService('up{service="fashion"}', "$&"), 'up{service="$&"}');
  assert.equal(forService('up{service="fashion"}', ""), 'up{service="fashion"}');
});
