/** Is everything all right? The answer first, then what it stands on. */

import {
  alertRules,
  config,
  dashboards,
  managedAlerts,
  notifications,
  prometheus,
  targets,
  type AlertRule,
  type Config,
  type ManagedAlert,
  type Notification,
  type Target,
} from "../data/api";
import type { Labels } from "../data/frame";
import { numeric } from "../data/query";
import { h, icon } from "../dom";
import type { DashboardEntry } from "../model";
import { write } from "../units";
import { alertCard, alertsIn, block, failed, notificationRow, tag, type Firing, type Tone } from "./parts";
import { renew, repeat, type Page } from "./page";

type Answer<T> = { value: T } | { error: unknown };
interface Cell {
  metric: Labels;
  value: number;
}
interface Seen {
  targets: Answer<Target[]>;
  rules: Answer<AlertRule[]>;
  managed: Answer<ManagedAlert[]>;
  sent: Answer<Notification[]>;
  columns: Answer<Cell[][]>;
}

function attempt<T>(work: Promise<T>): Promise<Answer<T>> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

const valueOf = <T>(answer: Answer<T>): T | null => ("value" in answer ? answer.value : null);

async function instant(query: string): Promise<Cell[]> {
  const { result } = await prometheus<{ result: { metric: Labels; value: [number, string] }[] }>("query", { query });
  return result.map(({ metric, value }) => ({ metric, value: numeric(value[1]) }));
}

async function look(settings: Config): Promise<Seen> {
  const { home } = settings;
  const [seenTargets, rules, managed, sent, columns] = await Promise.all([
    attempt(targets()),
    attempt(alertRules()),
    attempt(managedAlerts()),
    attempt(notifications()),
    attempt(Promise.all([home.up, ...home.columns.map((column) => column.expr)].map(instant))),
  ]);
  return { targets: seenTargets, rules, managed, sent, columns };
}

/** Monitoring that cannot see is itself a fault, and the first one to name. */
export function verdict(
  firing: Firing[] | null,
  down: Target[] | null,
  watched: number,
  blind: string[],
): { tone: Tone; text: string; more: string[] } {
  if (firing === null || down === null) return { tone: "bad", text: "Monitoring is blind", more: blind };
  const loud = firing.filter((one) => !one.muted);
  const pages = loud.filter((one) => one.alert.labels.severity !== "ticket");
  const more = [
    ...loud.slice(0, 4).map((one) => one.alert.annotations.summary ?? one.rule.name),
    ...down.slice(0, 3).map((one) => `${one.labels.job} ${one.labels.instance} does not answer`),
    ...blind,
  ];
  if (pages.length)
    return { tone: "bad", text: pages.length === 1 ? "One alert fires" : `${pages.length} alerts fire`, more };
  if (loud.length)
    return { tone: "warn", text: loud.length === 1 ? "One ticket is open" : `${loud.length} tickets are open`, more };
  if (down.length)
    return { tone: "warn", text: down.length === 1 ? "One target is down" : `${down.length} targets are down`, more };
  if (blind.length) return { tone: "warn", text: "Part of the monitoring does not answer", more };
  if (watched === 0) return { tone: "warn", text: "Nothing is watched yet", more: ["Prometheus scrapes no target."] };
  return { tone: "ok", text: "Everything is all right", more: [] };
}

function loudness(firing: Firing[]): Tone {
  const loud = firing.filter((one) => !one.muted);
  if (loud.length === 0) return "ok";
  return loud.every((one) => one.alert.labels.severity === "ticket") ? "warn" : "bad";
}

function tile(label: string, value: string, tone: Tone, href: string): HTMLElement {
  return h(
    "a",
    { class: `tile ${tone}`, href },
    h("span", { class: "tile-value" }, value),
    h("span", { class: "tile-label" }, label),
  );
}

function serviceTable(settings: Config, tables: Cell[][]): HTMLElement {
  const { home } = settings;
  const [up = [], ...rest] = tables;
  const names = [
    ...new Set(
      tables
        .flat()
        .map((cell) => cell.metric[home.label] ?? "")
        .filter(Boolean),
    ),
  ].sort();
  if (names.length === 0) return h("p", { class: "dim" }, "No service is known to Prometheus yet.");
  const find = (cells: Cell[], name: string): number | undefined =>
    cells.find((cell) => cell.metric[home.label] === name)?.value;
  const rows = names.map((name) => {
    const alive = find(up, name) ?? 0;
    const cells = rest.map((column, index) => {
      const { unit, bad } = home.columns[index]!;
      const value = find(column, name);
      const known = value !== undefined && !Number.isNaN(value);
      return h(
        "td",
        { class: known && bad !== null && value >= bad ? "number bad-text" : "number" },
        known ? write(value, unit) : "–",
      );
    });
    const link = home.dashboard
      ? h("a", { href: `/d/${home.dashboard}?var-service=${encodeURIComponent(name)}` }, name)
      : name;
    return h("tr", {}, h("th", { scope: "row" }, link), h("td", {}, tag(alive > 0 ? "up" : "down")), ...cells);
  });
  const head = ["Service", "State", ...home.columns.map((column) => column.title)].map((title, index) =>
    h("th", { scope: "col", class: index > 1 ? "number" : undefined }, title),
  );
  return h(
    "div",
    { class: "table-scroll" },
    h("table", { class: "table" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)),
  );
}

function targetTable(list: Target[]): HTMLElement {
  const sorted = [...list].sort(
    (a, b) =>
      Number(a.health === "up") - Number(b.health === "up") || `${a.labels.job}`.localeCompare(`${b.labels.job}`),
  );
  const rows = sorted
    .slice(0, 60)
    .map((one) =>
      h(
        "tr",
        {},
        h("td", {}, one.labels.job ?? ""),
        h("td", {}, one.labels.instance ?? one.scrapeUrl),
        h("td", {}, tag(one.health)),
        h("td", { class: "number" }, write(one.lastScrapeDuration, "s")),
        h("td", { class: one.lastError ? "bad-text wrap" : "dim" }, one.lastError || "–"),
      ),
    );
  const head = ["Job", "Instance", "State", "Scrape", "Error"].map((title, index) =>
    h("th", { scope: "col", class: index === 3 ? "number" : undefined }, title),
  );
  return h(
    "div",
    { class: "table-scroll" },
    h("table", { class: "table" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)),
  );
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
    const firing = rules && alertsIn("firing", rules, managed);
    const list = valueOf(seen.targets);
    const down = list && list.filter((one) => one.health !== "up");
    const blind = [
      ...new Set(
        [seen.targets, seen.rules, seen.managed, seen.sent].flatMap((one) =>
          "error" in one ? [one.error instanceof Error ? one.error.message : String(one.error)] : [],
        ),
      ),
    ];
    const { tone, text, more } = verdict(firing, down, list?.length ?? 0, blind);
    const banner = h(
      "div",
      { class: `banner ${tone}`, role: "status" },
      icon(tone === "ok" ? "check" : "warn"),
      h("div", {}, h("h1", {}, text), ...more.map((line) => h("p", {}, line))),
    );
    renew(this.element, [
      banner,
      this.tiles(settings, seen, firing, list),
      ...(firing?.length
        ? [
            block(
              "Firing alerts",
              firing.slice(0, 5).map((one) => alertCard(one, settings.home.dashboard)),
              h("a", { href: "/alerts" }, "All alerts"),
            ),
          ]
        : []),
      block("Services", [
        "value" in seen.columns ? serviceTable(settings, seen.columns.value) : failed(seen.columns.error),
      ]),
      h("div", { class: "columns" }, this.targets(seen), this.sent(seen)),
      block("Dashboards", [
        h("div", { class: "cards" }, ...entries.map(entryCard)),
        entries.length
          ? null
          : h("p", { class: "dim" }, "There are no generated dashboards. `servewatch generate` writes them."),
      ]),
    ]);
  }

  private tiles(settings: Config, seen: Seen, firing: Firing[] | null, list: Target[] | null): HTMLElement {
    const services = valueOf(seen.columns)?.[0];
    const alive = services?.filter((cell) => cell.value > 0).length ?? 0;
    const healthy = list?.filter((one) => one.health === "up").length ?? 0;
    const sent = valueOf(seen.sent);
    const count = services?.length ?? 0;
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
      tile(
        "targets up",
        list ? `${healthy}/${list.length}` : "?",
        list && healthy === list.length ? "ok" : "bad",
        "/#targets",
      ),
      tile("notifications", sent ? String(sent.length) : "?", sent ? "idle" : "warn", "/alerts#notifications"),
    );
  }

  private targets(seen: Seen): HTMLElement {
    const part = block("Targets", [
      "value" in seen.targets ? targetTable(seen.targets.value) : failed(seen.targets.error),
    ]);
    part.id = "targets";
    return part;
  }

  private sent(seen: Seen): HTMLElement {
    if ("error" in seen.sent) return block("Latest notifications", [failed(seen.sent.error)]);
    const list = seen.sent.value.slice(-6).reverse();
    const content = list.length
      ? h("ul", { class: "notifications" }, ...list.map(notificationRow))
      : h("p", { class: "dim" }, "None has been sent.");
    return block("Latest notifications", [content], h("a", { href: "/alerts#notifications" }, "All"));
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
