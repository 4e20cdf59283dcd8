import assert from "node:assert/strict";
import { test } from "node:test";
import { write } from "../src/units";
import grafana from "./grafana-units.json";

const values = grafana.values as number[];

for (const [unit, texts] of Object.entries(grafana.units as Record<string, string[]>)) {
  test(`${unit} is written as Grafana writes it`, () => {
    // Grafana writes parts of a millisecond as no text at all: there the console says 0 milliseconds.
    const told = texts.flatMap((text, index) => (text === "" || text === " ago" ? [] : [[values[index], text]]));
    assert.ok(told.length > 30);
    assert.deepEqual(
      told.map(([value]) => [value, write(value as number, unit)]),
      told,
    );
  });
}

test("decimals that are asked for are obeyed as Grafana obeys them", () => {
  for (const [key, text] of Object.entries(grafana.decimals as Record<string, string>)) {
    const [unit, value, decimals] = key.split(" ");
    assert.equal(write(Number(value), unit, Number(decimals)), text, key);
  }
});

test("what is not finite is said so, and an unknown unit is put behind the number", () => {
  assert.equal(write(Number.NaN, "s"), "NaN");
  assert.equal(write(Number.POSITIVE_INFINITY, "s"), "+Inf");
  assert.equal(write(3, "rows"), "3 rows");
});
