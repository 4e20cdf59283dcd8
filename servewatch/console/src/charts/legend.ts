/** Legends: a list, or a table with calculations; a click shows one line alone, with Ctrl it takes one away. */

import { show, write } from "../data/display";
import { reduce, reducerName } from "../data/reduce";
import { h } from "../dom";
import type { Line } from "./lines";

export interface LegendOptions {
  displayMode?: string;
  placement?: string;
  calcs?: string[];
  showLegend?: boolean;
}
export type Toggle = (key: string, add: boolean) => void;

function nameButton(line: Line, toggle: Toggle): HTMLElement {
  return h(
    "button",
    {
      type: "button",
      class: line.hidden ? "legend-item off" : "legend-item",
      "aria-pressed": String(!line.hidden),
      title: `${line.name}: click to show it alone, Ctrl+click to add or take away`,
      onclick: (event: MouseEvent) => toggle(line.key, event.ctrlKey || event.metaKey || event.shiftKey),
    },
    h("span", { class: "swatch", style: { background: line.color } }),
    h("span", { class: "legend-name" }, line.name),
  );
}

function table(lines: Line[], calcs: string[], toggle: Toggle): HTMLElement {
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, "Name"),
    ...calcs.map((id) => h("th", { scope: "col", class: "number" }, reducerName(id))),
  );
  const rows = lines.map((line) =>
    h(
      "tr",
      {},
      h("td", {}, nameButton(line, toggle)),
      ...calcs.map((id) => h("td", { class: "number" }, write(show(line.field, reduce(line.field.values, id))))),
    ),
  );
  return h("table", { class: "legend-table" }, h("thead", {}, head), h("tbody", {}, ...rows));
}

function list(lines: Line[], calcs: string[], toggle: Toggle): HTMLElement {
  const items = lines.map((line) => {
    const numbers = calcs.map((id) => `${reducerName(id)}: ${write(show(line.field, reduce(line.field.values, id)))}`);
    return h(
      "li",
      {},
      nameButton(line, toggle),
      numbers.length ? h("span", { class: "dim" }, numbers.join("  ")) : null,
    );
  });
  return h("ul", { class: "legend-list" }, ...items);
}

export function legend(lines: Line[], options: LegendOptions, toggle: Toggle): HTMLElement | null {
  const shown = lines.filter((line) => !line.custom.hideFrom?.legend);
  if (options.showLegend === false || options.displayMode === "hidden" || shown.length === 0) return null;
  const calcs = options.calcs ?? [];
  return options.displayMode === "table" ? table(shown, calcs, toggle) : list(shown, calcs, toggle);
}

/** What is hidden after a click on `key`. */
export function toggled(keys: string[], hidden: ReadonlySet<string>, key: string, add: boolean): Set<string> {
  if (add) {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    return next;
  }
  const alone = !hidden.has(key) && hidden.size === keys.length - 1;
  return new Set(alone ? [] : keys.filter((one) => one !== key));
}
