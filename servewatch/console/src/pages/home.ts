/** Is everything all right? The answer first, then what it stands on. */

import {
  alertRules,
  config,
  dashboards,
  instant,
  managedAlerts,
  notifications,
  targets,
  type AlertRule,
  type Config,
  type ManagedAlert,
  type Notification,
  type Target,
} from "../data/api";
import { h, icon } from "../dom";
import type { DashboardEntry } from "../model";
import { write } from "../units";
import { alertsIn, alike, block, failed, forPeople, notificationRow, type Firing, type Tone } from "./parts";
import { alertCard } from "./alertcard";
import { answering, byHealth, healthTag, isDown, notScraped } from "./health";
import { renew, repeat, type Page } from "./page";
import { serviceFacts, serviceRows, serviceTable, type Cell } from "./services";
import { pages, spentBudgets, untold, verdict } from "./verdict";
import { driftHref } from "./watched";

type Answer<T> = { value: T } | { error: unknown };
interface Seen {
  targets: Answer<Target[]>;
  rules: Answer<AlertRule[]>;
  managed: Answer<ManagedAlert[]>;
  sent: Answer<Notification[]>;
  columns: Answer<Cell[][]>;
  drifted: Answer<Cell[]>;
  driftedIn: Answer<Cell[]>;
  budget: Answer<Cell[]>;
}

function attempt<T>(work: Promise<T>): Promise<Answer<T>> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

const errorOf = (answer: Answer<unknown>): string =>
  "error" in answer ? (answer.error instanceof Error ? answer.error.message : String(answer.error)) : "";
const valueOf = <T>(answer: Answer<T>): T | null => ("value" in answer ? answer.value : null);

async function look(settings: Config): Promise<Seen> {
  const { home } = settings;
  const [seenTargets, rules, managed, sent, columns, drifted, driftedIn, budget] = await Promise.all([
    attempt(targets()),
    attempt(alertRules()),
    attempt(managedAlerts()),
    attempt(notifications()),
    attempt(Promise.all([home.up, ...home.columns.map((column) => column.expr)].map(instant))),
    attempt(instant(settings.watched.drifted)),
    attempt(instant(settings.watched.drifted_in)),
    attempt(instant(home.budget)),
  ]);
  return { targets: seenTargets, rules, managed, sent, columns, drifted, driftedIn, budget };
}

function loudness(firing: Firing[]): Tone {
  const loud = firing.filter((one) => !one.muted);
  if (loud.length === 0) return "ok";
  return loud.some(pages) ? "bad" : "warn";
}

function tile(label: string, value: string, tone: Tone, href: string): HTMLElement {
  return h(
    "a",
    { class: `tile ${tone}`, href },
    h("span", { class: "tile-value" }, value),
    h("span", { class: "tile-label" }, label),
  );
}

const serviceHref = (uid: string, service = ""): string =>
  service ? `/d/${uid}?var-service=${encodeURIComponent(service)}` : `/d/${uid}`;

/** A number that a stack may not have: no feature is watched, no objective has seen requests. */
function numberTile(
  label: string,
  answer: Answer<Cell[]>,
  bad: (value: number) => boolean,
  written: (value: number) => string,
  href: string,
) {
  if ("error" in answer) return tile(label, "?", "bad", href);
  const value = answer.value[0]?.value;
  if (value === undefined || Number.isNaN(value)) return tile(label, "–", "idle", href);
  return tile(label, written(value), bad(value) ? "warn" : "ok", href);
}

function targetTable(list: Target[]): HTMLElement {
  const sorted = [...list].sort((a, b) => byHealth(a, b) || `${a.labels.job}`.localeCompare(`${b.labels.job}`));
  const rows = sorted
    .slice(0, 60)
    .map((one) =>
      h(
        "tr",
        {},
        h("td", {}, one.labels.job ?? ""),
        h("td", {}, one.labels.instance ?? one.scrapeUrl),
        h("td", {}, healthTag(one)),
        h("td", { class: "number not-on-phone" }, notScraped(one) ? "–" : write(one.lastScrapeDuration, "s")),
        h("td", { class: one.lastError ? "bad-text wrap" : "dim" }, one.lastError || "–"),
      ),
    );
  const head = ["Job", "Instance", "State", "Scrape", "Error"].map((title, index) =>
    h("th", { scope: "col", class: index === 3 ? "number not-on-phone" : undefined }, title),
  );
  return h(
    "div",
    { class: "table-scroll" },
    h("table", { class: "table" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)),
  );
}

const CARDS = 5;

/** The way to the alerts that there is no room for. */
function others(count: number, title: string, state = ""): HTMLElement | null {
  if (count <= 0) return null;
  const href = state ? `/alerts?state=${state}` : "/alerts";
  return h("p", {}, h("a", { href }, `and ${count} more ${title}`));
}

export class HomePage implements Page {
  readonly element = h("main", { class: "page", id: "main" });
  readonly tools = h("div", { class: "tools" });
  readonly title = "Home";
  private stop: () => void = () => undefined;

  async open(): Promise<void> {
    const [settings, entries] = await Promise.all([config(), dashboards()]);
    this.stop = repeat(async () => this.draw(settings, entries, await look(settings)), 5);
  }

  async update(): Promise<void> {
    // The home page has no parameters.
  }

  close(): void {
    this.stop();
  }

  private draw(settings: Config, entries: DashboardEntry[], seen: Seen): void {
    const managed = valueOf(seen.managed) ?? [];
    const rules = valueOf(seen.rules);
    const firing = rules && alertsIn("firing", rules, managed).filter(forPeople);
    const pending = rules ? alertsIn("pending", rules, managed) : [];
    const { home } = settings;
    const rows = serviceRows(home, valueOf(seen.columns) ?? [], [...(firing ?? []), ...pending]);
    const list = valueOf(seen.targets);
    const down = list && list.filter(isDown);
    const blind = [...new Set([seen.targets, seen.rules, seen.managed, seen.sent].map(errorOf).filter(Boolean))];
    const unheard = untold(errorOf(seen.managed), rules ? alertsIn("firing", rules, managed) : [], managed);
    const services = rows.map(serviceFacts);
    const numbers = { drifted: valueOf(seen.drifted)?.[0]?.value, spent: spentBudgets(valueOf(seen.budget) ?? []) };
    const reached = { watched: list?.length ?? 0, unscraped: list?.filter(notScraped).length ?? 0 };
    const facts = { firing, pending, services, down, ...reached, blind, untold: unheard, ...numbers };
    const { tone, text, more, unsaid } = verdict(facts);
    const banner = h(
      "div",
      { class: `banner ${tone}`, role: "status" },
      icon(tone === "ok" ? "check" : "warn"),
      h("div", {}, h("h1", {}, text), ...more.map((line) => h("p", {}, line)), others(unsaid, "alerts")),
    );
    renew(this.element, [
      banner,
      this.tiles(settings, seen, firing, list),
      ...this.cards("firing", firing ?? [], home.dashboard),
      ...this.cards("pending", pending, home.dashboard),
      block("Services", ["value" in seen.columns ? serviceTable(home, rows) : failed(seen.columns.error)]),
      h("div", { class: "columns" }, this.targets(seen), this.sent(seen)),
      block("Dashboards", [
        h("div", { class: "cards" }, ...entries.map(entryCard)),
        entries.length
          ? null
          : h("p", { class: "dim" }, "There are no generated dashboards. `servewatch generate` writes them."),
      ]),
    ]);
  }

  private cards(state: "firing" | "pending", alerts: Firing[], dashboard: string): HTMLElement[] {
    if (alerts.length === 0) return [];
    const all = h("a", { href: "/alerts" }, "All alerts");
    const groups = alike(alerts);
    const shown = groups.slice(0, CARDS).map((group) => alertCard(group, dashboard));
    const rest = others(groups.slice(CARDS).flat().length, `${state} alerts`, state);
    return [block(state === "firing" ? "Firing alerts" : "Pending alerts", [...shown, rest], all)];
  }

  private tiles(settings: Config, seen: Seen, firing: Firing[] | null, list: Target[] | null): HTMLElement {
    const services = valueOf(seen.columns)?.[0];
    const alive = services?.filter((cell) => cell.value > 0).length ?? 0;
    const reached = list && answering(list);
    const sent = valueOf(seen.sent);
    const count = services?.length ?? 0;
    const known = (valueOf(seen.budget) ?? []).filter((one) => !Number.isNaN(one.value));
    const least = known.sort((a, b) => a.value - b.value)[0];
    return h(
      "nav",
      { class: "tiles", "aria-label": "At a glance" },
      tile(
        "services up",
        services ? `${alive}/${count}` : "?",
        !services ? "bad" : count === 0 ? "idle" : alive < count ? "bad" : "ok",
        settings.home.dashboard ? `/d/${settings.home.dashboard}` : "/dashboards",
      ),
      tile("alerts firing", firing ? String(firing.length) : "?", !firing ? "bad" : loudness(firing), "/alerts"),
      tile("targets up", reached?.text ?? "?", reached?.tone ?? "bad", "/targets"),
      numberTile(
        "features drifted",
        seen.drifted,
        (value) => value > 0,
        String,
        driftHref(valueOf(seen.driftedIn) ?? [], settings.watched.windows),
      ),
      numberTile(
        "least error budget left",
        least === undefined ? seen.budget : { value: [least] },
        (value) => value < 0,
        (value) => (value < 0 ? "spent" : write(value, "percentunit", 0)),
        serviceHref(settings.home.objectives, least?.metric.service),
      ),
      tile("notifications", sent ? String(sent.length) : "?", sent ? "idle" : "warn", "/notifications"),
    );
  }

  private targets(seen: Seen): HTMLElement {
    const part = block(
      "Targets",
      ["value" in seen.targets ? targetTable(seen.targets.value) : failed(seen.targets.error)],
      h("a", { href: "/targets" }, "All"),
    );
    part.id = "targets";
    return part;
  }

  private sent(seen: Seen): HTMLElement {
    if ("error" in seen.sent) return block("Latest notifications", [failed(seen.sent.error)]);
    const list = seen.sent.value.slice(-6).reverse();
    const content = list.length
      ? h("ul", { class: "notifications" }, ...list.map(notificationRow))
      : h("p", { class: "dim" }, "None has been sent.");
    return block("Latest notifications", [content], h("a", { href: "/notifications" }, "All"));
  }
}

export function entryCard(entry: DashboardEntry): HTMLElement {
  return h(
    "a",
    { class: "card link", href: `/d/${encodeURIComponent(entry.uid)}` },
    h("h3", {}, entry.title),
    h("p", { class: "dim clamp" }, entry.description),
  );
}
