import assert from "node:assert/strict";
import { test } from "node:test";
import { youngText } from "../src/pages/young";
import { length, moment, range, rangeLabel, seconds, stepFor } from "../src/time";

test("durations are read with their units, and nothing else is", () => {
  assert.equal(seconds("1h30m"), 5400);
  assert.equal(seconds("500ms"), 0.5);
  assert.equal(seconds(">10s"), 10);
  for (const wrong of ["", "abc", "10", "1h 5", null, undefined]) assert.equal(seconds(wrong), null);
});

test("relative times go back from now, absolute ones are milliseconds", () => {
  assert.equal(moment("now-1h", 10_000), 6400);
  assert.equal(moment("now-1h+10m", 10_000), 7000);
  assert.equal(moment("1700000000000", 0), 1_700_000_000);
});

test("a day begins at midnight and ends at the next", () => {
  const now = new Date(2026, 4, 20, 13, 14, 15).getTime() / 1000;
  assert.equal(new Date(moment("now/d", now) * 1000).getHours(), 0);
  assert.equal(moment("now/d", now, true) - moment("now/d", now), 86400);
});

test("a range that ends before it begins becomes an hour", () => {
  assert.deepEqual(range("now", "now-1h", 10_000), { from: 2800, to: 6400 });
});

test("steps are round, give no more points than fit, and are not under the least", () => {
  assert.equal(stepFor({ from: 0, to: 3600 }, 600, 1), 10);
  assert.equal(stepFor({ from: 0, to: 300 }, 600, 15), 15);
  const week = stepFor({ from: 0, to: 604800 }, 700, 15);
  assert.ok(604800 / week <= 700 * 1.2, String(week));
});

test("a length of time is rounded to the smaller of two units, and never says an hour less than there is", () => {
  const lengths = {
    0: "0 s",
    45.4: "45 s",
    59.7: "1 min",
    7199.6: "2 h",
    7140: "1 h 59 min",
    3600: "1 h",
    90: "2 min",
  };
  for (const [span, text] of Object.entries({ ...lengths, 93_600: "1 d 2 h", 172_790: "2 d" })) {
    assert.equal(length(Number(span)), text);
  }
});

test("in its first minutes a Prometheus is told to have just started, and later not", () => {
  assert.match(youngText(100), /has recorded 2 min\./);
  for (const recorded of [900, 3600, null]) assert.equal(youngText(recorded), "");
});

test("known ranges have words", () => {
  assert.equal(rangeLabel("now-1h", "now"), "Last hour");
  assert.equal(rangeLabel("now-7h", "now"), "Last 7h");
});
