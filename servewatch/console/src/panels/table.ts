/** The table panel: sortable columns, coloured cells, bars, links. */

import { ink, readableOn, shaded } from "../color";
import { extent, show, write } from "../data/display";
import { nameOf, rowCount, type Field, type Frame } from "../data/frame";
import { sorted } from "../data/transform";
import { h, safeHref } from "../dom";
import type { DataLink, Panel } from "../model";
import { sparkline } from "./stat";
import { bar } from "./bargauge";
import { runbookHref } from "../runbook";
import type { Single } from "./values";

interface CellOptions {
  type?: string;
  mode?: string;
}
interface Column {
  align?: string;
  width?: number;
  minWidth?: number;
  hidden?: boolean;
  cellOptions?: CellOptions;
  displayMode?: string;
  wrapText?: boolean;
}
export interface SortState {
  column: string;
  descending: boolean;
}
export interface TableOptions {
  showHeader?: boolean;
  cellHeight?: string;
  sortBy?: { displayName: string; desc?: boolean }[];
}

/** Writes a link of a cell: the panel's variables are already in it, the row's values are not. */
export function cellUrl(url: string, frame: Frame, one: Field, row: number): string {
  const value = one.values[row] ?? "";
  const other = (name: string): string =>
    String(frame.fields.find((field) => nameOf(field) === name || field.name === name)?.values[row] ?? "");
  return url
    .replace(/\$\{__value\.(?:raw|numeric)(?::\w+)?\}/g, encodeURIComponent(String(value)))
    .replace(/\$\{__value\.text(?::\w+)?\}/g, encodeURIComponent(write(show(one, value))))
    .replace(
      /\$\{__data\.fields(?:\.([\w #]+)|\["([^"]+)"\]|\[(\d+)\])(?:\.\w+)?(?::\w+)?\}/g,
      (_, dotted, quoted, index) =>
        encodeURIComponent(
          index === undefined
            ? other((dotted ?? quoted) as string)
            : String(frame.fields[Number(index)]?.values[row] ?? ""),
        ),
    )
    .replace(/\$\{__field\.labels\.(\w+)(?::\w+)?\}/g, (_, name: string) => encodeURIComponent(one.labels[name] ?? ""))
    .replace(/\$\{__field\.name\}/g, encodeURIComponent(nameOf(one)));
}

function kind(column: Column): CellOptions {
  const old: Record<string, CellOptions> = {
    "color-text": { type: "color-text" },
    "color-background": { type: "color-background", mode: "gradient" },
    "color-background-solid": { type: "color-background", mode: "basic" },
    "gradient-gauge": { type: "gauge", mode: "gradient" },
    "lcd-gauge": { type: "gauge", mode: "lcd" },
    basic: { type: "gauge", mode: "basic" },
  };
  return column.cellOptions ?? old[column.displayMode ?? ""] ?? { type: "auto" };
}

function linked(
  content: Node | string,
  links: DataLink[] | undefined,
  frame: Frame,
  one: Field,
  row: number,
): Node | string {
  const [first] = links ?? [];
  const href = first ? runbookHref(cellUrl(first.url, frame, one, row)) : null;
  if (!first || !href) return content;
  return h(
    "a",
    { href, title: first.title, ...(first.targetBlank ? { target: "_blank", rel: "noopener noreferrer" } : {}) },
    content,
  );
}

function asLink(text: string): Node | string {
  const href = /^https?:\/\/\S+$/.test(text) ? safeHref(text) : null;
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, text) : text;
}

function cell(frame: Frame, one: Field, row: number): HTMLElement {
  const column = (one.config.custom ?? {}) as Column;
  const limits = extent(one);
  const shown = show(one, one.values[row] ?? null, limits);
  const { type = "auto", mode } = kind(column);
  const text = write(shown);
  const styles: Record<string, string> = { "text-align": align(one) };
  if (type === "color-text" || type === "pill") styles.color = ink(shown.color);
  if (type === "color-background") {
    styles.background = mode === "basic" ? shown.color : shaded(shown.color);
    styles.color = readableOn(shown.color);
  }
  const single: Single = { name: nameOf(one), shown, field: one, limits, labels: one.labels, times: [], values: [] };
  let content: Node | string = one.type === "string" && !shown.mapped ? asLink(text) : text;
  if (type === "gauge")
    content = h(
      "div",
      { class: "cell-gauge" },
      bar(single, mode ?? "gradient", true),
      h("span", { style: { color: ink(shown.color) } }, text),
    );
  if (type === "sparkline") content = sparkline(single, shown.color) ?? text;
  return h(
    "td",
    { style: styles, title: text, class: column.wrapText ? "wrap" : undefined },
    linked(content, one.config.links, frame, one, row),
  );
}

function align(one: Field): string {
  const chosen = ((one.config.custom ?? {}) as Column).align;
  if (chosen && chosen !== "auto") return chosen;
  const mapped = one.config.mappings?.length;
  return one.type === "number" && !mapped ? "right" : "left";
}

function header(one: Field, state: SortState | null, sort: (name: string) => void): HTMLElement {
  const name = nameOf(one);
  const active = state?.column === name;
  const direction = active ? (state.descending ? "descending" : "ascending") : "none";
  const { width, minWidth } = (one.config.custom ?? {}) as Column;
  const styles: Record<string, string> = {
    "text-align": align(one),
    ...(width ? { width: `${width}px` } : {}),
    ...(minWidth ? { "min-width": `${minWidth}px` } : {}),
  };
  const mark = active ? (state.descending ? " ↓" : " ↑") : "";
  return h(
    "th",
    { scope: "col", "aria-sort": direction, style: styles },
    h("button", { type: "button", onclick: () => sort(name) }, name + mark),
  );
}

/** Draws the first frame with columns; sorting is kept by the caller across refreshes. */
export function table(
  box: HTMLElement,
  frames: Frame[],
  panel: Panel,
  state: SortState | null,
  resort: (next: SortState | null) => void,
): void {
  const options = (panel.options ?? {}) as TableOptions;
  const frame = frames.find((one) => rowCount(one) > 0) ?? frames[0]!;
  const [wanted] = options.sortBy ?? [];
  const order = state ?? (wanted ? { column: wanted.displayName, descending: wanted.desc ?? false } : null);
  const by = order && frame.fields.find((one) => nameOf(one) === order.column);
  const ordered = by ? sorted(frame, by, order.descending) : frame;
  const columns = ordered.fields.filter((one) => !((one.config.custom ?? {}) as Column).hidden);
  const sort = (name: string): void =>
    resort(
      order?.column === name ? { column: name, descending: !order.descending } : { column: name, descending: false },
    );
  const rows = [...Array(Math.min(500, rowCount(ordered))).keys()].map((row) =>
    h("tr", {}, ...columns.map((one) => cell(ordered, one, row))),
  );
  const element = h(
    "table",
    { class: `table ${options.cellHeight ?? "sm"}`, "aria-label": panel.title },
    options.showHeader === false
      ? null
      : h("thead", {}, h("tr", {}, ...columns.map((one) => header(one, order, sort)))),
    h("tbody", {}, ...rows),
  );
  const cut = rowCount(ordered) > 500 ? h("p", { class: "dim" }, `The first 500 of ${rowCount(ordered)} rows.`) : null;
  box.replaceChildren(
    h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": panel.title },
      element,
      ...(cut ? [cut] : []),
    ),
  );
}
