/** Pieces that home and alerts share: labels, states, severities, times. */

import type { AlertInstance, AlertRule, ManagedAlert, Notification } from "../data/api";
import { h, icon } from "../dom";
import { runbookHref } from "../runbook";
import { ago, dateTime } from "../time";

const HIDDEN = new Set(["alertname", "severity", "__name__"]);

export function labels(all: Record<string, string>, hidden: ReadonlySet<string> = HIDDEN): HTMLElement {
  const items = Object.entries(all)
    .filter(([name]) => !hidden.has(name))
    .map(([name, value]) => h("li", { class: "chip" }, h("span", { class: "dim" }, `${name} `), value));
  return h("ul", { class: "chips", "aria-label": "Labels" }, ...items);
}

export type Tone = "ok" | "warn" | "bad" | "idle";

const TONES: Record<string, Tone> = {
  firing: "bad",
  pending: "warn",
  inactive: "ok",
  resolved: "ok",
  page: "bad",
  critical: "bad",
  ticket: "warn",
  warning: "warn",
  up: "ok",
  down: "bad",
};

export function tag(text: string, tone: Tone = TONES[text] ?? "idle"): HTMLElement {
  return h("span", { class: `tag ${tone}` }, text);
}

/** A state beside what it is of: a ticket that fires is amber, and what always fires is a sign of life, whose end is a fault. */
export function stateTag(state: string, severities: (string | undefined)[]): HTMLElement {
  const all = (severity: string): boolean => severities.length > 0 && severities.every((one) => one === severity);
  if (all("none") && state === "firing") return tag("heartbeat", "idle");
  if (all("none") && state === "resolved") return tag("heartbeat ended", "bad");
  return tag(state, all("ticket") && state === "firing" ? "warn" : undefined);
}

export function when(iso: string | undefined): HTMLElement {
  const at = Date.parse(iso ?? "") / 1000;
  if (Number.isNaN(at) || at <= 0) return h("span", { class: "dim" }, "–");
  return h("time", { datetime: iso ?? "", title: dateTime(at), class: "dim" }, ago(at));
}

export function runbook(annotations: Record<string, string>, service = ""): HTMLElement | null {
  const href = runbookHref(annotations.runbook_url ?? annotations.runbook ?? "", service);
  if (!href) return null;
  const blank = href.startsWith("/") ? {} : { target: "_blank", rel: "noopener noreferrer" };
  return h("a", { class: "button small", href, ...blank }, icon("link"), "Runbook");
}

interface Told {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt?: string | undefined;
  endsAt?: string | undefined;
}
const AROUND = 900_000;

/** The dashboard that an alert names, here and not at its host, or that of its service; at its time where it has one. */
export function dashboardHref({ labels: all, annotations, startsAt, endsAt }: Told, uid: string): string {
  const named = /^https?:\/\/[^/]+(\/d\/[^?#]+)\??([^#]*)/.exec(annotations.dashboard_url ?? "");
  if (!named && !(all.service && uid)) return "";
  const asked = new URLSearchParams(named ? named[2] : { "var-service": all.service! });
  const [start, end] = [startsAt, endsAt].map((at) => Date.parse(at ?? "")) as [number, number];
  if (start > 0) {
    asked.set("from", String(start - AROUND));
    asked.set("to", String(Math.min(Date.now(), (end > start ? end : start) + AROUND)));
  }
  const query = asked.toString();
  return `${named?.[1] ?? `/d/${encodeURIComponent(uid)}`}${query ? `?${query}` : ""}`;
}

export function dashboardOf(one: Told, uid: string): HTMLElement | null {
  const href = dashboardHref(one, uid);
  return href ? h("a", { class: "button small", href }, icon("grid"), "Dashboard") : null;
}

/** The page that silences what has these labels. */
export function silenceHref(all: Record<string, string>): string {
  const chosen = Object.entries(all).filter(([name]) => name !== "severity");
  return `/silences?${new URLSearchParams(chosen.map(([name, value]) => ["match", `${name}=${JSON.stringify(value)}`]))}`;
}

export interface Firing {
  rule: AlertRule;
  alert: AlertInstance;
  muted: string;
  /** When it began to fire, where Alertmanager has been told. */
  startsAt?: string | undefined;
}

export function sameLabels(managed: ManagedAlert, alert: AlertInstance): boolean {
  return Object.entries(alert.labels).every(([name, value]) => managed.labels[name] === value);
}

function muted(status: ManagedAlert["status"] | undefined): string {
  if (status?.silencedBy.length) return "silenced";
  return status?.inhibitedBy.length ? "inhibited" : "";
}

/** Whether an alert is for people: one that always fires tells machines that the way is whole. */
export const forPeople = ({ alert }: Firing): boolean => alert.labels.severity !== "none";

const QUIET: Record<string, number> = { ticket: 1, warning: 1, none: 2 };

/** What pages comes first, then the newest; no two alerts change places from one look to the next. */
function byUrgency(a: Firing, b: Firing): number {
  const quiet = ({ alert }: Firing): number => QUIET[alert.labels.severity ?? ""] ?? 0;
  const since = ({ alert }: Firing): number => Date.parse(alert.activeAt) || 0;
  const words = ({ rule, alert }: Firing): string => JSON.stringify([rule.name, Object.entries(alert.labels).sort()]);
  return quiet(a) - quiet(b) || since(b) - since(a) || (words(a) < words(b) ? -1 : Number(words(a) > words(b)));
}

/** Alerts of the rules in a state, the most urgent first, with what Alertmanager does about each. */
export function alertsIn(state: string, rules: AlertRule[], managed: ManagedAlert[]): Firing[] {
  return rules
    .flatMap((rule) =>
      (rule.alerts ?? [])
        .filter((alert) => alert.state === state)
        .map((alert) => {
          const found = managed.find((one) => sameLabels(one, alert));
          return { rule, alert, muted: muted(found?.status), startsAt: found?.startsAt };
        }),
    )
    .sort(byUrgency);
}

/** Alerts of one rule and one service together, in the order of the first of each: people are notified of them at once. */
export function alike(alerts: Firing[]): Firing[][] {
  const groups = new Map<string, Firing[]>();
  for (const one of alerts) {
    const key = JSON.stringify([one.rule.name, one.alert.labels.service, one.alert.state, one.muted]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

export function notificationRow(one: Notification): HTMLElement {
  const alerts = one.alerts ?? [];
  const first = alerts[0];
  const name = one.groupLabels?.alertname ?? first?.labels.alertname ?? "notification";
  const summaries = [...new Set(alerts.map((alert) => alert.annotations.summary ?? "").filter(Boolean))];
  return h(
    "li",
    { class: "notification" },
    stateTag(
      one.status ?? first?.status ?? "sent",
      alerts.map((alert) => alert.labels.severity),
    ),
    h(
      "div",
      { class: "grow" },
      h("strong", {}, name),
      alerts.length > 1 ? h("span", { class: "dim" }, ` ${alerts.length} alerts`) : null,
      ...summaries.slice(0, 3).map((text) => h("div", {}, text)),
    ),
    when(one.receivedAt ?? one.received_at ?? first?.startsAt),
  );
}

/** What a section shows where its source does not answer. */
export function failed(error: unknown): HTMLElement {
  const message = error instanceof Error ? error.message : String(error);
  const help = (error as { help?: string }).help;
  return h(
    "div",
    { class: "notice", role: "alert" },
    icon("warn"),
    h("div", {}, h("strong", {}, message), help ? h("div", {}, help) : null),
  );
}

export function block(title: string, content: (Node | null)[], aside: Node | null = null): HTMLElement {
  const parts = content.filter((one): one is Node => one !== null);
  return h(
    "section",
    { class: "block", "aria-label": title },
    h("header", {}, h("h2", {}, title), h("span", { class: "grow" }), aside),
    ...parts,
  );
}
