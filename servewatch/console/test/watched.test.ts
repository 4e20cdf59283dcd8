import assert from "node:assert/strict";
import { test } from "node:test";
import { parted } from "../src/pages/empty";
import { silenceHref } from "../src/pages/parts";
import {
  accuracyText,
  binOrder,
  binText,
  driftedBy,
  driftHref,
  selector,
  standing,
  stateOf,
  withSpread,
} from "../src/pages/watched";

const of = (value: number) => [{ metric: { service: "s", model: "m", model_version: "1", window: "1d" }, value }];

test("a bin of a feature with edges says which numbers it holds, with as many digits as tell edges apart", () => {
  const edges = [0.99801, 0.99802];
  assert.deepEqual(
    ["00", "01", "02", "missing"].map((bin) => binText(bin, edges)),
    ["≤ 0.99801", "0.99801 – 0.99802", "> 0.99802", "missing"],
  );
  assert.equal(binText("01", undefined), "01");
  assert.equal(binText("cat", []), "cat");
});

test("bins stand in their order, words after numbers, what is missing last", () => {
  const bins = ["missing", "02", "other", "cat", "00"];
  assert.deepEqual(bins.sort(binOrder), ["00", "02", "cat", "other", "missing"]);
});

test("what drifted is looked for in the window where most did, and of one model where it is one", () => {
  const found = (model: string, window: string, value: number) => ({
    metric: { service: "s", model, model_version: "1", window },
    value,
  });
  const windows = ["1h", "1d"];
  assert.equal(driftHref([], windows), "/drift");
  assert.equal(driftHref([found("m", "1d", 2)], windows), "/drift?service=s&model=m&model_version=1&window=1d");
  assert.equal(driftHref([found("m", "1h", 1), found("n", "1d", 2), found("m", "1d", 1)], windows), "/drift?window=1d");
  assert.equal(driftHref([found("m", "1h", 1), found("m", "1d", 1)], windows).endsWith("window=1h"), true);
  assert.deepEqual(
    [...driftedBy([found("m", "1d", 2), found("n", "1d", 1)], windows)],
    [
      ["1h", 0],
      ["1d", 3],
    ],
  );
});

test("too few rows is not as learnt", () => {
  assert.equal(stateOf({ rows: 99, ratio: 0 }, 100)[0], "too few rows");
  assert.equal(stateOf({ rows: 1000, ratio: undefined }, 100)[0], "too few rows");
  assert.deepEqual(
    [0, 0.6, 1.2].map((ratio) => stateOf({ rows: 100, ratio }, 100)[0]),
    ["as learnt", "shifting", "drifted"],
  );
});

test("an accuracy is too low only where chance cannot be why", () => {
  assert.deepEqual(standing(0.8, 0.01, 0.9), ["too low", "bad"]);
  assert.deepEqual(standing(0.89, 0.01, 0.9), ["perhaps too low", "warn"]);
  assert.deepEqual(standing(0.95, 0.01, 0.9), ["as it should be", "ok"]);
  assert.deepEqual(standing(undefined, undefined, 0.9), ["not known", "idle"]);
  assert.deepEqual(standing(0.5, 0.01, undefined), ["no limit", "idle"]);
});

test("an accuracy is told with its labels, and none is not 0", () => {
  const seen = { labelled: of(0.95), sd: of(0.01), labels: of(1234) };
  assert.equal(accuracyText(seen, of(0)[0]!.metric, "1d"), "95.0% ± 2.0 of 1,234 labels");
  assert.equal(accuracyText({ ...seen, labels: [] }, of(0)[0]!.metric, "1d"), "no labels came");
  assert.equal(withSpread(Number.NaN, 0.1), "–");
});

test("values of labels are escaped in queries and in addresses", () => {
  assert.equal(selector("m", { feature: 'a"b\\c' }), 'm{feature="a\\"b\\\\c"}');
  const href = silenceHref({ alertname: "A", severity: "page", service: 'x"&y' });
  assert.deepEqual(new URLSearchParams(href.split("?")[1]).getAll("match"), ['alertname="A"', 'service="x\\"&y"']);
});

test("the reason why a panel is empty is cut after its kind, and never inside the name of a metric", () => {
  assert.deepEqual(parted("no traffic to record serving:errors:ratio_rate1m from"), {
    kind: "no traffic",
    text: "no traffic to record serving:errors:ratio_rate1m from",
  });
  assert.equal(parted("no rule records serving:up").kind, "no rule");
  assert.deepEqual(parted('label missing: serving:up is there, but nothing matches serving:up{a="b: c"}'), {
    kind: "label missing",
    text: 'serving:up is there, but nothing matches serving:up{a="b: c"}',
  });
  assert.equal(parted("metric missing: no target exposes serving:up").text, "no target exposes serving:up");
});
