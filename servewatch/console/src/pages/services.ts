/** The services: a line of numbers each, coloured as the alerts that look at them. */

import type { HomeColumn, HomeQueries } from "../data/api";
import type { Labels } from "../data/frame";
import { h } from "../dom";
import { write } from "../units";
import { tag, type Firing, type Tone } from "./parts";
import { pages, type Service } from "./verdict";

export interface Cell {
  metric: Labels;
  value: number;
}
interface Shown {
  column: HomeColumn;
  text: string;
  tone: Tone | null;
  /** What is wrong, where no alert says it already. */
  over: string | null;
}
export interface Row {
  name: string;
  alive: boolean;
  cells: Shown[];
}

/** `1m` as people write it. */
export function windowText(window: string): string {
  return window.replace(/^(\d+)m$/, "$1 min").replace(/^(\d+)([sh])$/, "$1 $2");
}

function shown(name: string, column: HomeColumn, value: number | undefined, speaking: Firing[]): Shown {
  const known = value !== undefined && !Number.isNaN(value);
  const text = known ? write(value, column.unit) : "–";
  const above = known && column.limit !== null && value > column.limit;
  const firing = speaking.filter((one) => one.alert.state === "firing");
  const tone: Tone | null = firing.some(pages) ? "bad" : speaking.length || above ? "warn" : null;
  const limit = above ? write(column.limit!, column.unit) : "";
  const window = column.window ? ` over ${windowText(column.window)}` : "";
  const over = above && !speaking.length ? `${name}: ${column.title} ${text}${window}, above ${limit}` : null;
  return { column, text, tone, over };
}

/** What is known of each service, by name; `tables` are the answers to `up` and to each column. */
export function serviceRows(home: HomeQueries, tables: Cell[][], alerts: Firing[]): Row[] {
  const [up = [], ...rest] = tables;
  const nameOf = (cell: Cell): string => cell.metric[home.label] ?? "";
  const names = [...new Set(tables.flat().map(nameOf).filter(Boolean))].sort();
  const find = (cells: Cell[], name: string): number | undefined => cells.find((cell) => nameOf(cell) === name)?.value;
  return names.map((name) => ({
    name,
    alive: (find(up, name) ?? 0) > 0,
    cells: home.columns.map((column, index) => {
      const speaking = alerts.filter(
        ({ rule, alert }) => alert.labels[home.label] === name && column.alerts.includes(rule.name),
      );
      return shown(name, column, find(rest[index] ?? [], name), speaking);
    }),
  }));
}

/** What the answer at the top needs of a row. */
export function serviceFacts({ name, alive, cells }: Row): Service {
  return { name, down: !alive, over: cells.flatMap((cell) => cell.over ?? []) };
}

function line({ name, alive, cells }: Row, dashboard: string): HTMLElement {
  const link = dashboard ? h("a", { href: `/d/${dashboard}?var-service=${encodeURIComponent(name)}` }, name) : name;
  return h(
    "tr",
    { role: "row" },
    h("th", { scope: "row", role: "rowheader" }, link),
    h("td", { role: "cell", "data-label": "State" }, tag(alive ? "up" : "down")),
    ...cells.map(({ column, text, tone }) =>
      h(
        "td",
        {
          role: "cell",
          class: tone ? `number ${tone}-text` : "number",
          "data-label": [column.title, windowText(column.window)].filter(Boolean).join(", "),
        },
        text,
      ),
    ),
  );
}

export function serviceTable(home: HomeQueries, rows: Row[]): HTMLElement {
  if (rows.length === 0) return h("p", { class: "dim" }, "No service is known to Prometheus yet.");
  const head = home.columns.map((column) =>
    h(
      "th",
      { scope: "col", role: "columnheader", class: "number" },
      column.title,
      column.window ? h("span", { class: "dim window" }, windowText(column.window)) : null,
    ),
  );
  const first = ["Service", "State"].map((title) => h("th", { scope: "col", role: "columnheader" }, title));
  return h(
    "div",
    { class: "table-scroll" },
    h(
      "table",
      { class: "table cards-on-phone", role: "table" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...first, ...head)),
      h("tbody", { role: "rowgroup" }, ...rows.map((row) => line(row, home.dashboard))),
    ),
  );
}
