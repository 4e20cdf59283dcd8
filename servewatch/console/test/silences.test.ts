import assert from "node:assert/strict";
import { test } from "node:test";
import type { ManagedAlert, Matcher, Silence } from "../src/data/api";
import { ordered, quieted, readMatcher, writeMatcher, wrong } from "../src/silences";

const alert = (labels: Record<string, string>): ManagedAlert => ({
  labels,
  status: { state: "active", silencedBy: [], inhibitedBy: [] },
});
const read = (...texts: string[]): Matcher[] => texts.map((text) => readMatcher(text)!);

test("a matcher is read as amtool writes it, with quotes or without, and written again alike", () => {
  for (const text of ['alertname="QueueFull"', 'service=~"fash.*"', 'a!="b \\" c"', 'a!~"x"'])
    assert.equal(writeMatcher(readMatcher(text)!), text);
  assert.deepEqual(readMatcher(" service = fashion "), {
    name: "service",
    value: "fashion",
    isRegex: false,
    isEqual: true,
  });
  for (const text of ["fashion", "=x", 'a="b\\"', "1a=b"]) assert.equal(readMatcher(text), null);
});

test("a silence quiets the alerts that every matcher fits, expressions fitting the whole value", () => {
  const alerts = [alert({ alertname: "A", service: "fashion" }), alert({ alertname: "B" })];
  const names = (...texts: string[]) => quieted(read(...texts), alerts).map((one) => one.labels.alertname);
  assert.deepEqual(names('alertname="A"', 'service="fashion"'), ["A"]);
  assert.deepEqual(names('service!="fashion"'), ["B"]);
  assert.deepEqual(names('service=~"fash"'), []);
  assert.deepEqual(names('alertname=~"A|B"'), ["A", "B"]);
  assert.deepEqual(names('alertname=~"("'), []);
  assert.deepEqual(quieted([], alerts), []);
});

test("a silence of everything, without an end, an author or a reason is refused", () => {
  const fine = read('alertname="A"');
  assert.equal(wrong(fine, 60, "me", "work"), "");
  assert.match(wrong([], 60, "me", "work"), /at least one label/);
  assert.match(wrong(read('alertname=~".+"'), 60, "me", "work"), /every alert/);
  assert.match(wrong(fine, null, "me", "work"), /how long/);
  assert.match(wrong(fine, 60, " ", "work"), /who/);
  assert.match(wrong(fine, 60, "me", ""), /why/);
});

test("what holds stands before what has ended", () => {
  const one = (state: Silence["status"]["state"], endsAt: string) => ({ status: { state }, endsAt }) as Silence;
  const list = [one("expired", "2026-01-02"), one("active", "2026-01-01"), one("pending", "2026-01-03")];
  assert.deepEqual(
    ordered(list).map((item) => item.status.state),
    ["active", "pending", "expired"],
  );
});
