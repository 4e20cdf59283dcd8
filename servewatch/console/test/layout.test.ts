import assert from "node:assert/strict";
import { test } from "node:test";
import type { Choice } from "../src/data/interpolate";
import { sections, type Dashboard, type Panel } from "../src/model";
import { repeated, repeatedSections } from "../src/panels/layout";
import { cellUrl } from "../src/panels/table";
import { field } from "../src/data/frame";
import { dashboardLinks, writeUrl } from "../src/shell/links";

const choice = (...values: string[]): Choice => ({ values, texts: values, all: false, allValue: null, many: true });
const panel = (id: number, x: number, y: number, more: Partial<Panel> = {}): Panel => ({
  id,
  type: "stat",
  gridPos: { x, y, w: 12, h: 4 },
  ...more,
});
const TIME = { from: "now-1h", to: "now", refresh: "" };

test("panels stand under the row above them, and a folded row carries its own", () => {
  const dashboard = {
    panels: [
      panel(3, 0, 6),
      panel(1, 0, 0),
      panel(2, 0, 5, { type: "row" }),
      panel(4, 0, 20, { type: "row", collapsed: true, panels: [panel(5, 0, 21)] }),
    ],
  } as Dashboard;
  const found = sections(dashboard).map(({ row, panels }) => [row?.id ?? null, panels.map((one) => one.id)]);
  assert.deepEqual(found, [
    [null, [1]],
    [2, [3]],
    [4, [5]],
  ]);
});

test("a panel repeats for each value, and what stands below it moves down", () => {
  const scope = new Map([["job", choice("a", "b", "c")]]);
  const list = repeated([panel(1, 0, 0, { repeat: "job", maxPerRow: 2 }), panel(2, 0, 4)], scope);
  assert.deepEqual(
    list.map((one) => [one.scoped?.job ?? null, one.gridPos.x, one.gridPos.y]),
    [
      ["a", 0, 0],
      ["b", 12, 0],
      ["c", 0, 4],
      [null, 0, 8],
    ],
  );
});

test("a row repeats with all its panels, each for its own value", () => {
  const row = panel(9, 0, 0, { type: "row", repeat: "job" });
  const found = repeatedSections([{ row, panels: [panel(1, 0, 1)] }], new Map([["job", choice("a", "b")]]));
  assert.deepEqual(
    found.map((one) => [one.row?.scoped?.job, one.panels[0]?.scoped?.job]),
    [
      ["a", "a"],
      ["b", "b"],
    ],
  );
  assert.equal(new Set(found.flatMap((one) => one.panels.map((item) => item.id))).size, 2);
});

test("a link keeps the time and the chosen values", () => {
  const scope = new Map([["job", choice("a b", "c")]]);
  assert.equal(
    writeUrl("/d/x?${job:queryparam}&${__url_time_range}", scope, TIME),
    "/d/x?var-job=a%20b&var-job=c&from=now-1h&to=now",
  );
  assert.equal(writeUrl("/d/x?${__all_variables}", scope, TIME), "/d/x?var-job=a%20b&var-job=c");
});

test("a cell's link takes the row's values, written so that they stay values", () => {
  const fields = [field("job", "string", ["a&b"], "A"), field("Value", "number", [2], "A")];
  const frame = { refId: "A", fields };
  assert.equal(
    cellUrl("/d/x?var-job=${__data.fields.job}&v=${__value.raw}", frame, fields[1]!, 0),
    "/d/x?var-job=a%26b&v=2",
  );
});

test("a dashboard without links has none to draw", () => {
  assert.deepEqual(
    dashboardLinks({ panels: [] } as unknown as Dashboard, [], { states: [], scope: new Map() }, TIME),
    [],
  );
});
