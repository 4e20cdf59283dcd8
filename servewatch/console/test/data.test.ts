import assert from "node:assert/strict";
import { test } from "node:test";
import { applyConfig, show, write } from "../src/data/display";
import { field, nameOf, type Frame } from "../src/data/frame";
import { reduce } from "../src/data/reduce";
import { transform } from "../src/data/transform";
import type { Panel } from "../src/model";

const frame = (refId: string, columns: Record<string, (string | number | null)[]>): Frame => ({
  refId,
  fields: Object.entries(columns).map(([name, values]) =>
    field(name, name === "Time" ? "time" : typeof values[0] === "number" ? "number" : "string", values, refId),
  ),
});
const rows = (one: Frame): unknown[][] =>
  (one.fields[0]?.values ?? []).map((_, row) => one.fields.map((column) => column.values[row] ?? null));

test("reducers skip what is missing, and tell NaN from nothing", () => {
  assert.equal(reduce([1, null, 3, Number.NaN], "lastNotNull"), 3);
  assert.equal(reduce([], "lastNotNull"), null);
  assert.ok(Number.isNaN(reduce([Number.NaN], "lastNotNull")));
  assert.equal(reduce([1, null, 3], "mean"), 2);
  assert.equal(reduce([5, 8, 2, 4], "delta"), 7);
  assert.equal(reduce([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "p95"), 11);
  assert.equal(reduce([null, null], "max"), null);
});

test("merge joins rows that agree on the shared columns and keeps those that stand alone", () => {
  const merged = transform(
    [frame("A", { job: ["a", "b"], "Value #A": [1, 2] }), frame("B", { job: ["b", "c"], "Value #B": [20, 30] })],
    [{ id: "merge" }],
  );
  assert.deepEqual(rows(merged[0]!), [
    ["a", 1, null],
    ["b", 2, 20],
    ["c", null, 30],
  ]);
});

test("merge keeps rows of one frame apart although their keys are equal", () => {
  const merged = transform(
    [frame("A", { job: ["a", "a"], x: [1, 2] }), frame("B", { job: ["a"], y: [9] })],
    [{ id: "merge" }],
  );
  assert.deepEqual(rows(merged[0]!), [
    ["a", 1, 9],
    ["a", 2, null],
  ]);
});

test("organize hides, orders and renames columns", () => {
  const [done] = transform(
    [frame("A", { Time: [1], b: ["x"], a: [5] })],
    [
      {
        id: "organize",
        options: { excludeByName: { Time: true }, indexByName: { a: 0, b: 1 }, renameByName: { a: "Alpha" } },
      },
    ],
  );
  assert.deepEqual(done!.fields.map(nameOf), ["Alpha", "b"]);
});

test("an unknown transformation is named, with those that there are", () => {
  assert.throws(() => transform([], [{ id: "mergeX" }]), /no transformation 'mergeX'.*organize/);
});

test("a disabled transformation does nothing", () => {
  assert.equal(transform([], [{ id: "mergeX", disabled: true }]).length, 0);
});

const panel = (fieldConfig: Panel["fieldConfig"]): Panel => ({
  id: 1,
  type: "stat",
  gridPos: { x: 0, y: 0, w: 1, h: 1 },
  fieldConfig,
});

test("overrides win over defaults, the later over the earlier, and reach nested properties", () => {
  const [done] = applyConfig(
    [frame("A", { x: [1] })],
    panel({
      defaults: { unit: "s", custom: { lineWidth: 1 } },
      overrides: [
        {
          matcher: { id: "byName", options: "x" },
          properties: [
            { id: "unit", value: "bytes" },
            { id: "custom.fillOpacity", value: 5 },
          ],
        },
        { matcher: { id: "byRegexp", options: "/^X$/i" }, properties: [{ id: "unit", value: "short" }] },
      ],
    }),
  );
  assert.deepEqual(done!.fields[0]!.config, { unit: "short", custom: { lineWidth: 1, fillOpacity: 5 } });
});

test("mappings: a value, a range, NaN and nothing each get their words", () => {
  const one = field("x", "number", [], "A");
  one.config = {
    unit: "s",
    noValue: "not scraped",
    mappings: [
      { type: "value", options: { "0": { text: "down", color: "red" } } },
      { type: "range", options: { from: 10, to: null, result: { text: "many" } } },
      { type: "special", options: { match: "nan", result: { text: "no traffic" } } },
      { type: "regex", options: { pattern: "^v(.*)", result: { text: "version $1" } } },
    ],
  };
  assert.deepEqual(
    [0, 10, 5, Number.NaN, null, "v2"].map((value) => write(show(one, value))),
    ["down", "many", "5 s", "no traffic", "not scraped", "version 2"],
  );
  assert.equal(show(one, 0).color, "#F2495C");
});

test("thresholds colour by the step that is reached, percentages by the share of the range", () => {
  const one = field("x", "number", [], "A");
  one.config = {
    min: 0,
    max: 50,
    thresholds: {
      mode: "percentage",
      steps: [
        { color: "green", value: null },
        { color: "red", value: 80 },
      ],
    },
  };
  assert.equal(show(one, 39).color, "#73BF69");
  assert.equal(show(one, 40).color, "#F2495C");
});
