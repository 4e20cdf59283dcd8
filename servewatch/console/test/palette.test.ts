import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CLASSIC, contrast, drawnOn, named, NAMED, seen } from "../src/color";
import { distance, leastDistance, toldApart, type Wanted } from "../src/palette";

const CSS = readFileSync(`${process.cwd()}/src/style/theme.css`, "utf8");
const GROUNDS = [...CSS.matchAll(/--raised: (#[0-9a-f]{6});/g)].map((found) => found[1]!);

const free = (count: number): Wanted[] =>
  Array.from({ length: count }, (_, index) => ({ color: seen(CLASSIC[index % CLASSIC.length]!), kind: "free" }));
const fixed = (...names: string[]): Wanted[] => names.map((name) => ({ color: seen(named(name)), kind: "fixed" }));

/** The smallest gap between any two. */
function closest(colors: string[], measure: (one: string, other: string) => number): number {
  const gaps = colors.flatMap((one, index) => colors.slice(index + 1).map((other) => measure(one, other)));
  return Math.min(...gaps);
}

test("distances are those of the eye, and red and green are near for who lacks the green cones", () => {
  assert.equal(Math.round(distance("#000000", "#ffffff")), 100);
  assert.equal(distance("#5794f2", "#5794f2"), 0);
  assert.ok(distance("#6aa84f", "#cc7a5a") > 2 * leastDistance("#6aa84f", "#cc7a5a"));
});

for (const ground of GROUNDS) {
  test(`on ${ground} series beside each other can be told apart, and be seen`, () => {
    drawnOn(ground);
    for (const [count, usual, least] of [
      [4, 18, 7],
      [8, 11, 5],
      [12, 9, 5],
    ] as const) {
      const colors = toldApart(free(count));
      assert.ok(closest(colors, distance) >= usual, `${count}: ${closest(colors, distance)}`);
      assert.ok(closest(colors, leastDistance) >= least, `${count}: ${closest(colors, leastDistance)}`);
      for (const color of colors) assert.ok(contrast(color, ground) >= 2.99, color);
    }
    assert.equal(toldApart(free(60)).length, 60);
  });

  test(`on ${ground} codes of one colour get shades of it, and what means something keeps its colour`, () => {
    drawnOn(ground);
    const codes = toldApart(fixed("green", "orange", "red", "red"));
    assert.deepEqual(
      codes.slice(0, 3),
      ["green", "orange", "red"].map((name) => seen(NAMED[name]!)),
    );
    assert.ok(distance(codes[2]!, codes[3]!) >= 10);
    const mixed = toldApart([...free(1), ...fixed("green"), { color: "#123456", kind: "value" }]);
    assert.equal(mixed[1], seen(NAMED.green!));
    assert.notEqual(mixed[0], mixed[1]);
    assert.equal(mixed[2], "#123456");
  });
}

test("one series has the colour that was wanted", () => {
  drawnOn("#22252b");
  assert.deepEqual(toldApart(free(1)), ["#73BF69"]);
  assert.deepEqual(toldApart([]), []);
});
