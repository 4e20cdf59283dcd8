/** The card of an alert, or of several that are alike: what is wrong, since when, and where it leads. */

import { h, icon } from "../dom";
import { dateTime, length } from "../time";
import { dashboardOf, labels, runbook, silenceHref, tag, type Firing, type Tone } from "./parts";

/** How long an alert fires and how long it was pending before: who was told, was told when it began to fire. */
export function lasting({ rule, alert, startsAt = "" }: Firing, now = Date.now() / 1000): [string, string] | null {
  const [active, told] = [alert.activeAt, startsAt].map((iso) => Date.parse(iso) / 1000) as [number, number];
  if (Number.isNaN(active) || active <= 0) return null;
  const waits = rule.duration || 0;
  if (alert.state === "pending") {
    return [`for ${length(now - active)}, fires after ${length(waits)}`, `pending since ${dateTime(active)}`];
  }
  // Without Alertmanager's word: it fired at the first look after its time.
  const fired = Math.min(now, told >= active ? told : active + waits);
  const before = fired - active >= 1 ? `, pending ${length(fired - active)} before` : "";
  const since = `firing since ${dateTime(fired)}${before ? `, pending since ${dateTime(active)}` : ""}`;
  return [`for ${length(now - fired)}${before}`, since];
}

function lastingTime(one: Firing): HTMLElement | null {
  const [text, title] = lasting(one) ?? [];
  return text ? h("time", { datetime: one.alert.activeAt, title, class: "dim" }, text) : null;
}

/** The labels that all of them have. */
function shared(group: Firing[]): Record<string, string> {
  const all = Object.entries(group[0]!.alert.labels);
  return Object.fromEntries(all.filter(([name, value]) => group.every(({ alert }) => alert.labels[name] === value)));
}

const LISTED = 6;

const valueText = (group: Firing[]): string =>
  group.length === 1 ? `Value ${Number(group[0]!.alert.value).toPrecision(4)}. ` : "";

/** One alert in full, or what each of several that are alike says. */
function told(group: Firing[]): HTMLElement[] {
  const { summary, description } = group[0]!.alert.annotations;
  if (group.length === 1) {
    return [
      ...(summary ? [h("p", { class: "summary" }, summary)] : []),
      ...(description && description !== summary ? [h("p", { class: "dim" }, description)] : []),
    ];
  }
  const lines = group.slice(0, LISTED).map(({ rule, alert }) => h("li", {}, alert.annotations.summary ?? rule.name));
  const more = group.length - lines.length;
  const search = new URLSearchParams({ search: group[0]!.rule.name });
  const rest = more > 0 ? [h("li", {}, h("a", { href: `/alerts?${search}` }, `and ${more} more like it`))] : [];
  return [h("ul", { class: "alike" }, ...lines, ...rest)];
}

/** A card of one alert, or of several that are alike: what holds for all of them. */
export function alertCard(group: Firing[], uid: string): HTMLElement {
  const one = group[0]!;
  const { rule, alert, muted: why } = one;
  const all = shared(group);
  const severity = alert.labels.severity;
  const tone: Tone = alert.state === "firing" && severity !== "ticket" ? "bad" : "warn";
  return h(
    "article",
    { class: `card alert ${alert.state} ${tone}`, "aria-label": `${rule.name} ${alert.state}` },
    h(
      "header",
      {},
      h("h3", {}, rule.name),
      tag(alert.state, tone),
      severity ? tag(severity) : null,
      group.length > 1 ? tag(`${group.length} alerts`, "idle") : null,
      why ? tag(why, "idle") : null,
      h("span", { class: "grow" }),
      lastingTime(one),
    ),
    ...told(group),
    labels(all),
    h(
      "footer",
      {},
      runbook(alert.annotations, alert.labels.service),
      dashboardOf({ labels: all, annotations: alert.annotations }, uid),
      h("a", { class: "button small", href: silenceHref(all) }, icon("mute"), "Silence"),
      h(
        "details",
        {},
        h("summary", {}, "Query"),
        h("pre", {}, h("code", {}, rule.query)),
        h("p", { class: "dim" }, `${valueText(group)}It fires after ${length(rule.duration || 0)}.`),
      ),
    ),
  );
}
