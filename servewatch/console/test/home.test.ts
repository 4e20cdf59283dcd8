import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertRule, HomeQueries, Target } from "../src/data/api";
import { serviceFacts, serviceRows, windowText } from "../src/pages/services";
import { answering, byHealth, isDown, notScraped } from "../src/pages/health";
import { lasting } from "../src/pages/alertcard";
import { alertsIn, alike, dashboardHref, forPeople, type Firing } from "../src/pages/parts";
import { spentBudgets, untold, verdict, type Facts } from "../src/pages/verdict";
import { age, ago } from "../src/time";

const HOME: HomeQueries = {
  label: "service",
  up: "serving:up",
  budget: "b",
  objectives: "o",
  dashboard: "d",
  columns: [
    { title: "Errors", expr: "e", unit: "percentunit", window: "1m", limit: 0.05, alerts: ["RequestErrorsHigh"] },
    { title: "p50", expr: "p", unit: "s", window: "1m", limit: null, alerts: [] },
  ],
};
const FINE: Facts = { firing: [], pending: [], services: [], down: [], watched: 3, blind: [] };

function alert(state: string, severity = "page", muted = ""): Firing {
  const labels = { service: "fashion", severity };
  const annotations = { summary: "fashion fails 20.8% of its requests" };
  const one = { labels, annotations, state, activeAt: "", value: "0.208" };
  return { rule: { name: "RequestErrorsHigh" } as Firing["rule"], alert: one, muted };
}

function rows(errors: number, alerts: Firing[] = [], up = 1): ReturnType<typeof serviceRows> {
  const cell = (value: number) => [{ metric: { service: "fashion" }, value }];
  return serviceRows(HOME, [cell(up), cell(errors), cell(0.01)], alerts);
}

test("an alert that is pending is said, in amber", () => {
  const found = verdict({ ...FINE, pending: [alert("pending")] });
  assert.equal(found.tone, "warn");
  assert.equal(found.text, "Nothing fires yet; one alert is pending: fashion fails 20.8% of its requests");
  assert.deepEqual(found.more, []);
});

test("a number above its limit is never under a green banner", () => {
  const found = verdict({ ...FINE, services: rows(0.21).map(serviceFacts) });
  assert.equal(found.tone, "warn");
  assert.equal(found.text, "No alert fires, but fashion: Errors 21% over 1 min, above 5%");
  assert.equal(verdict({ ...FINE, services: rows(0.05).map(serviceFacts) }).text, "Everything is all right");
});

test("a service of which no replica answers is red before its alert fires", () => {
  const down = [{ labels: { job: "serving", instance: "a" }, health: "down" } as unknown as Target];
  const found = verdict({ ...FINE, down, pending: [alert("pending")], services: rows(0, [], 0).map(serviceFacts) });
  assert.deepEqual([found.tone, found.text], ["bad", "fashion is down"]);
  assert.deepEqual(found.more, ["pending: fashion fails 20.8% of its requests", "serving a does not answer"]);
  assert.equal(verdict({ ...FINE, down }).tone, "warn");
});

test("a target that is not scraped yet is no fault, and is said not to be known yet", () => {
  const targets = ["up", "unknown", "down"].map((health) => ({ labels: {}, health }) as unknown as Target);
  assert.deepEqual(targets.map(isDown), [false, false, true]);
  assert.deepEqual(targets.map(notScraped), [false, true, false]);
  const order = [...targets].sort(byHealth).map((one) => one.health);
  assert.deepEqual(order, ["down", "unknown", "up"]);
  assert.deepEqual(answering(targets), { text: "1/3", tone: "bad" });
  assert.deepEqual(answering(targets.slice(0, 2)), { text: "1/2", tone: "idle" });
  const found = verdict({ ...FINE, unscraped: 1 });
  assert.deepEqual([found.tone, found.more], ["ok", ["One target is not scraped yet"]]);
  assert.equal(verdict({ ...FINE, unscraped: 3 }).text, "No target has been scraped yet");
});

test("what is said once is not said again", () => {
  const { summary } = alert("pending").alert.annotations;
  const found = verdict({ ...FINE, firing: [alert("firing")], pending: [alert("pending")] });
  assert.deepEqual(found.more, [summary]);
});

test("pages are red, tickets amber, and what is silenced is not all right", () => {
  assert.equal(verdict({ ...FINE, firing: [alert("firing")] }).tone, "bad");
  assert.equal(verdict({ ...FINE, firing: [alert("firing", "ticket")] }).text, "One ticket is open");
  const silenced = verdict({ ...FINE, firing: [alert("firing", "page", "silenced")] });
  assert.deepEqual([silenced.tone, silenced.text], ["warn", "One alert fires, silenced"]);
  assert.equal(verdict({ ...FINE, firing: null, blind: ["Prometheus is gone"] }).text, "Monitoring is blind");
});

test("a number has the colour of the alert that looks at it, and says its window", () => {
  const tones = (errors: number, alerts: Firing[]) => rows(errors, alerts)[0]!.cells.map((cell) => cell.tone);
  assert.deepEqual(tones(0.03, [alert("firing")]), ["bad", null]);
  assert.deepEqual(tones(0.03, [alert("firing", "ticket")]), ["warn", null]);
  assert.deepEqual(tones(0.21, [alert("pending")]), ["warn", null]);
  assert.deepEqual(tones(0.03, []), [null, null]);
  assert.deepEqual(rows(0.21, [alert("pending")]).map(serviceFacts)[0]!.over, []);
  assert.equal(windowText("1m"), "1 min");
});

test("a state lasts for a time, and something happened a time ago", () => {
  assert.equal(age(100, 146), "46 s");
  assert.equal(ago(100, 146), "46 s ago");
  assert.equal(ago(100, 100.5), "just now");
});

test("an alert that always fires is for machines, and no fault", () => {
  assert.deepEqual([alert("firing", "none"), alert("firing", "ticket")].filter(forPeople).length, 1);
});

test("drift is never under a green banner, and a spent budget is told without an alarm", () => {
  assert.deepEqual(verdict({ ...FINE, drifted: 2 }), {
    tone: "warn",
    text: "No alert fires, but 2 features have drifted",
    more: [],
    unsaid: 0,
  });
  assert.equal(verdict({ ...FINE, drifted: 0, spent: [] }).text, "Everything is all right");
  const left = (slo: string, value: number) => ({ metric: { service: "shop", slo }, value });
  const spent = spentBudgets([
    left("latency", -0.2),
    left("requests", -1),
    left("labels", 0.4),
    left("new", Number.NaN),
  ]);
  assert.deepEqual(spent, [
    "shop requests: 200% of its error budget is spent",
    "shop latency: 120% of its error budget is spent",
  ]);
  assert.deepEqual(spentBudgets([left("latency", -39.5)]), ["shop latency: its error budget is spent 40 times over"]);
  const found = verdict({ ...FINE, spent });
  assert.deepEqual([found.tone, found.text], ["ok", "Nothing is wrong now, but an error budget is spent"]);
  assert.deepEqual(found.more.slice(0, 2), spent);
  assert.match(found.more[2]!, /pages nobody/);
});

test("while something fires a spent budget is not called past", () => {
  const { more } = verdict({ ...FINE, firing: [alert("firing", "page")], spent: ["shop latency: spent"] });
  assert.deepEqual(more.at(-1), "shop latency: spent");
});

test("of many budgets that are spent the worst three are told, and how many more there are", () => {
  const found = verdict({ ...FINE, spent: ["a", "b", "c", "d", "e"] });
  assert.deepEqual(found.more.slice(0, 4), ["a", "b", "c", "and 2 more error budgets are spent"]);
});

test("an alert fires since somebody was told, and was pending before", () => {
  const began = Date.parse("2026-01-01T00:00:00Z") / 1000;
  const one = (state: string, startsAt = "", duration = 30): Firing => {
    const { rule, alert: found } = alert(state);
    return { rule: { ...rule, duration }, alert: { ...found, activeAt: "2026-01-01T00:00:00Z" }, muted: "", startsAt };
  };
  assert.equal(lasting(one("firing"), began + 150)![0], "for 2 min, pending 30 s before");
  assert.equal(lasting(one("firing", "2026-01-01T00:00:45Z"), began + 165)![0], "for 2 min, pending 45 s before");
  assert.equal(lasting(one("firing", "", 0), began + 120)![0], "for 2 min");
  assert.equal(lasting(one("pending", "", 60), began + 20)![0], "for 20 s, fires after 1 min");
  assert.equal(lasting(alert("firing")), null);
});

test("that nobody is notified is said first where nothing is worse, and beside what is", () => {
  const why = "Alertmanager does not answer";
  const found = verdict({ ...FINE, firing: [alert("firing", "ticket")], blind: [why], untold: why });
  assert.deepEqual([found.tone, found.text], ["bad", "Nobody is notified of alerts"]);
  assert.deepEqual(found.more, [why, alert("firing").alert.annotations.summary]);
  const paged = verdict({ ...FINE, firing: [alert("firing")], untold: why });
  assert.equal(paged.text, "One alert fires, and nobody is notified");
});

test("an alert that always fires and has not reached Alertmanager means that nobody is notified", () => {
  const beat = alert("firing", "none");
  beat.alert.activeAt = "2026-01-01T00:00:00Z";
  const [soon, later] = [60_000, 600_000].map((passed) => Date.parse(beat.alert.activeAt) + passed);
  const managed = [{ labels: beat.alert.labels, status: { state: "active", silencedBy: [], inhibitedBy: [] } }];
  assert.match(untold("", [beat], [], later), /which always fires, has not reached Alertmanager$/);
  assert.equal(untold("", [beat], [], soon), "");
  assert.equal(untold("", [beat], managed, later), "");
  assert.equal(untold("", [], [], later), "");
  assert.equal(untold("Alertmanager does not answer", [], [], later), "Alertmanager does not answer");
});

test("what pages is told first, then the newest, and alerts of one moment keep their places", () => {
  const at = (service: string, severity: string, activeAt: string): AlertRule["alerts"][number] => ({
    ...alert("firing", severity).alert,
    labels: { service, severity },
    activeAt,
  });
  const [early, late] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
  const one = [at("b", "ticket", late), at("d", "page", early), at("c", "page", early), at("a", "page", late)];
  const order = (list: AlertRule["alerts"]): string[] =>
    alertsIn("firing", [{ name: "Down", alerts: list } as AlertRule], []).map((found) => found.alert.labels.service!);
  assert.deepEqual(order(one), ["a", "c", "d", "b"]);
  assert.deepEqual(order([...one].reverse()), ["a", "c", "d", "b"]);
});

test("alerts of one rule and service are told together, and none of them is left out", () => {
  const named = (name: string, summary: string): Firing => {
    const one = alert("firing", "ticket");
    return { ...one, rule: { ...one.rule, name }, alert: { ...one.alert, annotations: { summary } } };
  };
  const drift = ["age", "income", "visits"].map((feature) => named("DataDrift", `${feature} drifted`));
  const all = [drift[0]!, named("QueueFull", "full"), drift[1]!, drift[2]!];
  assert.deepEqual(
    alike(all).map((group) => group.length),
    [3, 1],
  );
  const found = verdict({ ...FINE, firing: all });
  assert.deepEqual(
    [found.text, found.more, found.unsaid],
    ["4 tickets are open", ["age drifted (and 2 more like it)", "full"], 0],
  );
});

test("an alert leads to the dashboard that it names, at this host, and one that is over to its time", () => {
  const labels = { service: "a b" };
  const annotations = { dashboard_url: "http://grafana:3001/d/servewatch-quality?var-service=a+b" };
  assert.equal(dashboardHref({ labels, annotations }, "x"), "/d/servewatch-quality?var-service=a+b");
  assert.equal(dashboardHref({ labels, annotations: {} }, "x"), "/d/x?var-service=a+b");
  assert.equal(dashboardHref({ labels: {}, annotations: {} }, "x"), "");
  for (const dashboard_url of ["javascript:alert(1)", "http://host/elsewhere", "//d/x"])
    assert.equal(dashboardHref({ labels: {}, annotations: { dashboard_url } }, "x"), "");
  const [startsAt, endsAt] = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"];
  const past = dashboardHref({ labels, annotations: {}, startsAt, endsAt }, "x");
  const [from, to] = ["from", "to"].map((name) => Number(new URLSearchParams(past.split("?")[1]).get(name)));
  assert.deepEqual([from, to], [Date.parse(startsAt) - 900_000, Date.parse(endsAt) + 900_000]);
});

test("alerts that the answer has no room for are counted", () => {
  const many = Array.from({ length: 7 }, (_, index) => {
    const one = alert("firing");
    const labels = { ...one.alert.labels, service: `service ${index}` };
    return { ...one, alert: { ...one.alert, labels, annotations: { summary: `fault ${index}` } } };
  });
  const found = verdict({ ...FINE, firing: many });
  assert.deepEqual([found.text, found.more.length, found.unsaid], ["7 alerts fire", 4, 3]);
  assert.equal(verdict({ ...FINE, firing: many.slice(0, 4) }).unsaid, 0);
  assert.equal(verdict({ ...FINE, firing: [], pending: many }).unsaid, 3);
  assert.equal(verdict({ ...FINE, firing: [alert("firing"), alert("firing")] }).unsaid, 0);
});
