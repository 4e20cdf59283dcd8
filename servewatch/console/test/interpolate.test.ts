import assert from "node:assert/strict";
import { test } from "node:test";
import { builtins, interpolateQuery, interpolateText, mentions, single, type Choice } from "../src/data/interpolate";

const many = (...values: string[]): Choice => ({ values, texts: values, all: false, allValue: null, many: true });
const all: Choice = { values: ["a", "b"], texts: ["a", "b"], all: true, allValue: ".+", many: true };

test("several values become alternatives, and what is special in them is escaped twice", () => {
  const scope = new Map([["job", many("a.b", "c|d")]]);
  assert.equal(interpolateQuery('up{job=~"$job"}', scope), 'up{job=~"(a\\\\.b|c\\\\|d)"}');
});

test("a value that can only be one is written as it is, quotes escaped", () => {
  assert.equal(interpolateQuery('up{job="$job"}', new Map([["job", single('a."b"')]])), 'up{job="a.\\"b\\""}');
});

test("All is its own value in queries and the word All in texts", () => {
  const scope = new Map([["job", all]]);
  assert.equal(interpolateQuery('up{job=~"$job"}', scope), 'up{job=~".+"}');
  assert.equal(interpolateText("of $job", scope), "of All");
  assert.equal(interpolateText("?${job:queryparam}", scope), "?var-job=$__all");
});

test("All without a value of its own is every value", () => {
  assert.equal(interpolateQuery("$job", new Map([["job", { ...all, allValue: null }]])), "(a|b)");
});

test("formats of a variable are obeyed, and unknown variables stay", () => {
  const scope = new Map([["v", many("a", "b")]]);
  assert.equal(
    interpolateText("${v:pipe} ${v:csv} ${v:json} ${v:queryparam}", scope),
    'a|b a,b ["a","b"] var-v=a&var-v=b',
  );
  assert.equal(interpolateText("$other ${__value.raw} [[v]]", scope), "$other ${__value.raw} a + b");
});

test("the rate interval spans four scrapes, and one more than the step", () => {
  const at = (step: number): string =>
    interpolateQuery("[$__rate_interval] $__interval ${__range_s}", new Map(builtins(step, 15, 0, 3600)));
  assert.equal(at(15), "[60s] 15s 3600");
  assert.equal(at(300), "[315s] 300s 3600");
});

test("a query tells which variables it stands on", () => {
  assert.ok(mentions('up{a="${job:regex}"}', "job"));
  assert.ok(!mentions('up{a="$jobs"}', "job"));
});
