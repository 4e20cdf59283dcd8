import assert from "node:assert/strict";
import { test } from "node:test";
import { toBuckets } from "../src/charts/heatmap";
import { toggled } from "../src/charts/legend";
import { covered, type Mark } from "../src/charts/marks";
import { commonTimes, toLines, type Custom } from "../src/charts/lines";
import { shortened } from "../src/charts/names";
import { tickTexts } from "../src/charts/scales";
import { toSpans } from "../src/charts/states";
import { field, type Frame } from "../src/data/frame";

function series(
  name: string,
  times: number[],
  values: (number | null)[],
  custom: Custom = {},
  labels: Record<string, string> = {},
): Frame {
  const value = field("Value", "number", values, "A", labels);
  value.legend = name;
  value.config = { custom: custom as Record<string, unknown> };
  return { refId: "A", fields: [field("Time", "time", times, "A"), value] };
}

test("where nothing came for longer than a step, the line is cut", () => {
  assert.deepEqual(
    commonTimes(
      [
        [0, 10, 40],
        [10, 20],
      ],
      10,
    ),
    [0, 10, 20, 30, 40],
  );
  const { lines } = toLines([series("a", [0, 10, 40], [1, 2, 3])], 10, new Set());
  assert.deepEqual(lines[0]!.raw, [1, 2, null, 3]);
});

test("a stack adds up, leaves out what is hidden, and shares sum to 100", () => {
  const stacking = { stacking: { mode: "normal" as const } };
  const frames = [series("a", [0], [1], stacking), series("b", [0], [2], stacking), series("c", [0], [3], stacking)];
  assert.deepEqual(
    toLines(frames, 1, new Set()).lines.map((line) => line.drawn[0]),
    [1, 3, 6],
  );
  assert.deepEqual(
    toLines(frames, 1, new Set(["b"])).lines.map((line) => line.below),
    [null, null, 0],
  );
  const percent = { stacking: { mode: "percent" as const } };
  assert.deepEqual(
    toLines([series("a", [0], [1], percent), series("b", [0], [3], percent)], 1, new Set()).lines.map(
      (line) => line.drawn[0],
    ),
    [25, 100],
  );
});

test("two lines of one name are two lines", () => {
  const { lines } = toLines([series("a", [0], [1]), series("a", [0], [2])], 1, new Set());
  assert.equal(new Set(lines.map((line) => line.key)).size, 2);
});

test("cumulative buckets become counts, in the order of their bounds", () => {
  const bucket = (le: string, count: number): Frame => series(le, [0], [count], {}, { le });
  const found = toBuckets([bucket("+Inf", 10), bucket("0.1", 2), bucket("1", 7)], 10);
  assert.deepEqual(found.bounds, [0.1, 1, Number.POSITIVE_INFINITY]);
  assert.deepEqual(found.counts, [[2], [5], [3]]);
  assert.equal(found.max, 5);
});

test("equal states that follow one another are one span, and a missing sample ends it", () => {
  const frame = series("x", [0, 10, 20, 50], [1, 1, 0, 0]);
  const spans = toSpans(frame.fields[1]!, [0, 10, 20, 50], 10, 60);
  assert.deepEqual(
    spans.map((span) => [span.from, span.to, span.value]),
    [
      [0, 20, 1],
      [20, 30, 0],
      [50, 60, 0],
    ],
  );
});

test("a click shows a line alone, a second all, with Ctrl it takes one away", () => {
  const keys = ["a", "b", "c"];
  assert.deepEqual([...toggled(keys, new Set(), "a", false)], ["b", "c"]);
  assert.deepEqual([...toggled(keys, new Set(["b", "c"]), "a", false)], []);
  assert.deepEqual([...toggled(keys, new Set(), "a", true)], ["a"]);
});

test("names that have no room are cut so that they can be told apart", () => {
  assert.deepEqual(shortened(["a", "b"], 8), ["a", "b"]);
  assert.deepEqual(shortened(["fashion 127.0.0.1:23464", "fashion 127.0.0.1:9464"], 12), ["…23464", "…9464"]);
  const features = ["fashion_mnist predicted_class (output)", "fashion_mnist predicted_share (output)"];
  assert.equal(new Set(shortened(features, 16)).size, 2);
  for (const name of shortened(features, 16)) assert.ok(name.length <= 16, name);
  assert.deepEqual(shortened(["RequestErrorsHigh fashion"], 11), ["Reque…shion"]);
  assert.equal(new Set(shortened(["alpha-one-end", "alpha-two-end", "beta-three-end"], 8)).size, 3);
  assert.deepEqual(shortened(["same and same", "same and same"], 8), ["sam…same", "sam…same"]);
});

test("ticks of one unit have as many decimals as the finest of them needs", () => {
  assert.deepEqual(tickTexts([0, 0.5, 1], "reqps"), ["0.0 req/s", "0.5 req/s", "1.0 req/s"]);
  assert.deepEqual(tickTexts([0, 0.05, 0.1], "percentunit"), ["0%", "5%", "10%"]);
  assert.deepEqual(tickTexts([0.5, 1, 1.5], "s"), ["500 ms", "1.0 s", "1.5 s"]);
});

test("spans of one annotation that overlap are painted once, and those of another beside them", () => {
  const mark = (name: string, from: number, to: number): Mark => ({
    ...{ name, from, to, color: name === "Alerts" ? "red" : "blue", title: "", text: "", tags: [] },
  });
  const marks = [mark("Alerts", 20, 30), mark("Alerts", 0, 25), mark("Drift", 5, 9), mark("Alerts", 40, 50)];
  assert.deepEqual(covered(marks), [
    { from: 0, to: 30, color: "red" },
    { from: 40, to: 50, color: "red" },
    { from: 5, to: 9, color: "blue" },
  ]);
  assert.deepEqual([marks[1]!.from, marks[1]!.to], [0, 25]);
});
