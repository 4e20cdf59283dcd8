/** The bar gauge panel: values as bars beside their names. */

import { alpha, continuous, ink, ramp, seen, threshold } from "../color";
import { shortened } from "../charts/names";
import { write } from "../data/display";
import { h } from "../dom";
import type { Panel } from "../model";
import { textWidth } from "./fit";
import type { Single } from "./values";

interface BarOptions {
  displayMode?: string;
  orientation?: string;
  showUnfilled?: boolean;
  valueMode?: string;
  namePlacement?: string;
  minVizHeight?: number;
  maxVizHeight?: number;
}

function share(one: Single): number {
  const { value } = one.shown;
  const { min, max } = one.limits;
  return typeof value === "number" && Number.isFinite(value)
    ? Math.min(1, Math.max(0, (value - min) / (max - min)))
    : 0;
}

function colorAt(one: Single, at: number): string {
  const { config } = one.field;
  const stops = continuous(config.color?.mode ?? "");
  if (stops) return ramp(stops, at);
  if (config.color?.mode && config.color.mode !== "thresholds") return one.shown.color;
  const { min, max } = one.limits;
  return seen(threshold(min + at * (max - min), config.thresholds, min, max));
}

/** The colours that a bar passes through on its way to its value. */
function gradient(one: Single, angle: string): string {
  const filled = share(one) || 1;
  const continuousMode = continuous(one.field.config.color?.mode ?? "") !== null;
  if (!continuousMode) return `linear-gradient(${angle}, ${alpha(colorAt(one, 0), 0.55)}, ${one.shown.color})`;
  const stops = [0, 0.25, 0.5, 0.75, 1].map((at) => colorAt(one, at * filled));
  return `linear-gradient(${angle}, ${stops.join(",")})`;
}

function cells(one: Single): HTMLElement {
  const count = 28;
  const filled = Math.round(share(one) * count);
  const parts = [...Array(count).keys()].map((index) =>
    h("span", { style: { background: index < filled ? colorAt(one, (index + 0.5) / count) : "var(--track)" } }),
  );
  return h("div", { class: "bar-cells" }, ...parts);
}

/** The bar alone; tables use it in their cells too. */
export function bar(one: Single, mode: string, unfilled: boolean, vertical = false): HTMLElement {
  if (mode === "lcd" && !vertical) return cells(one);
  const length = `${(share(one) * 100).toFixed(2)}%`;
  const paint = mode === "basic" ? alpha(one.shown.color, 0.75) : gradient(one, vertical ? "0deg" : "90deg");
  const fill = h("div", {
    class: "bar-fill",
    style: { [vertical ? "height" : "width"]: length, background: paint, "border-color": one.shown.color },
  });
  return h("div", { class: `bar-track${vertical ? " vertical" : ""}${unfilled ? " unfilled" : ""}` }, fill);
}

function rowOf(one: Single, name: string, options: BarOptions, nameWidth: number, valueWidth: number): HTMLElement {
  const { displayMode = "gradient", showUnfilled = true, valueMode = "color" } = options;
  const value = h(
    "div",
    {
      class: "bar-value",
      style: { width: `${valueWidth}px`, color: valueMode === "text" ? "var(--text)" : ink(one.shown.color) },
    },
    write(one.shown),
  );
  return h(
    "div",
    { class: "bar-row" },
    h("div", { class: "bar-name", title: one.name, style: { width: `${nameWidth}px` } }, name),
    bar(one, displayMode, showUnfilled),
    valueMode === "hidden" ? null : value,
  );
}

function columnOf(one: Single, options: BarOptions): HTMLElement {
  return h(
    "div",
    { class: "bar-column" },
    options.valueMode === "hidden"
      ? null
      : h("div", { class: "bar-value", style: { color: ink(one.shown.color) } }, write(one.shown)),
    bar(one, options.displayMode ?? "gradient", options.showUnfilled ?? true, true),
    h("div", { class: "bar-name", title: one.name }, one.name),
  );
}

export function bargauge(box: HTMLElement, values: Single[], panel: Panel): void {
  const options = (panel.options ?? {}) as BarOptions;
  const vertical =
    options.orientation === "vertical" ||
    (options.orientation !== "horizontal" && box.clientWidth > box.clientHeight * 2.4 && values.length <= 10);
  const longest = Math.max(...values.map((one) => textWidth(one.name, 13))) + 6;
  const nameWidth = Math.ceil(Math.min(box.clientWidth * 0.38, longest));
  const letters = Math.max(...values.map((one) => one.name.length));
  const room = vertical || longest <= nameWidth ? letters : Math.floor((letters * nameWidth) / longest) - 1;
  const names = shortened(
    values.map((one) => one.name),
    room,
  );
  const valueWidth = Math.ceil(Math.max(...values.map((one) => textWidth(write(one.shown), 14)))) + 10;
  const parts = values.map((one, index) =>
    vertical ? columnOf(one, options) : rowOf(one, names[index]!, options, nameWidth, valueWidth),
  );
  const list = h("div", { class: vertical ? "bar-columns" : "bar-rows", role: "group" }, ...parts);
  list.setAttribute("aria-label", values.map((one) => `${one.name}: ${write(one.shown)}`).join("; "));
  box.replaceChildren(list);
}
