/** The stat panel: a number that can be read from across the room, with its recent course behind it. */

import { alpha, ink, readableOn, shaded } from "../color";
import { write } from "../data/display";
import { h, svg } from "../dom";
import type { Panel } from "../model";
import { arrange, fitText, textWidth } from "./fit";
import type { Single } from "./values";

interface StatOptions {
  colorMode?: string;
  graphMode?: string;
  textMode?: string;
  justifyMode?: string;
  orientation?: string;
  text?: { valueSize?: number; titleSize?: number };
}

/** The course of a value as a small filled line without axes. */
export function sparkline(one: Single, color: string): SVGSVGElement | null {
  const points = one.times.flatMap((at, index) => {
    const value = one.values[index];
    return typeof value === "number" && Number.isFinite(value) ? [[at, value] as const] : [];
  });
  if (points.length < 2) return null;
  const [start, end] = [points[0]![0], points[points.length - 1]![0]];
  const numbers = points.map((point) => point[1]);
  const low =
    one.field.config.min ?? Math.min(...numbers, ...(Math.min(...numbers) > 0 && Math.max(...numbers) > 0 ? [0] : []));
  const high = one.field.config.max ?? Math.max(...numbers);
  const x = (at: number): string => (((at - start) / (end - start)) * 100).toFixed(2);
  const y = (value: number): string =>
    (high > low ? 38 - ((value - low) / (high - low)) * 36 : high > 0 ? 12 : 38).toFixed(2);
  const line = points.map(([at, value], index) => `${index ? "L" : "M"}${x(at)} ${y(value)}`).join("");
  return svg(
    "svg",
    { viewBox: "0 0 100 40", preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" },
    svg("path", { d: `${line}L100 40L0 40Z`, fill: alpha(color, 0.18) }),
    svg("path", { d: line, fill: "none", stroke: color, "stroke-width": "1.5", "vector-effect": "non-scaling-stroke" }),
  );
}

function texts(one: Single, mode: string, many: boolean): { value: string; unit: string; name: string } {
  const value = one.shown.prefix + one.shown.text;
  if (mode === "name") return { value: one.name, unit: "", name: "" };
  const name = mode === "value_and_name" || (mode === "auto" && many) ? one.name : "";
  return mode === "none" ? { value: "", unit: "", name: "" } : { value, unit: one.shown.suffix, name };
}

function card(one: Single, options: StatOptions, size: { width: number; height: number }, many: boolean): HTMLElement {
  const { colorMode = "value", graphMode = "area", textMode = "auto", justifyMode = "auto" } = options;
  const filled = colorMode.startsWith("background");
  const { color } = one.shown;
  const written = filled ? readableOn(color) : colorMode === "none" ? "var(--text)" : ink(color);
  const graph =
    graphMode === "none" || size.height < 50 ? null : sparkline(one, filled ? alpha(readableOn(color), 1) : color);
  const { value, unit, name } = texts(one, textMode, many);
  const nameSize = options.text?.titleSize ?? Math.max(12, Math.min(18, size.height * 0.16));
  const free = size.height * (graph ? 0.62 : 0.86) - (name ? nameSize * 1.3 : 0);
  const valueSize =
    options.text?.valueSize ?? fitText(value + unit, (size.width - 18) * 0.96, free, { min: 13, max: 56 });
  const long = textWidth(value + unit, valueSize) > size.width - 18;
  const wide = justifyMode === "center" || (justifyMode === "auto" && !many) ? "stat-card center" : "stat-card";
  return h(
    "div",
    {
      class: filled ? `${wide} filled` : wide,
      style: { color: written, ...(filled ? { background: colorMode === "background" ? shaded(color) : color } : {}) },
    },
    graph,
    name ? h("div", { class: "stat-name", style: { "font-size": `${nameSize}px` } }, name) : null,
    h(
      "div",
      {
        class: `stat-value${graph ? " above" : ""}${long ? " long" : ""}`,
        style: { "font-size": `${valueSize}px` },
        title: long ? value + unit : undefined,
      },
      value,
      unit ? h("span", { class: "stat-unit" }, unit) : null,
    ),
  );
}

export function stat(box: HTMLElement, values: Single[], panel: Panel): void {
  const options = (panel.options ?? {}) as StatOptions;
  const { clientWidth: width, clientHeight: height } = box;
  const { columns, rows } = arrange(
    values.length,
    width,
    height,
    options.orientation === "auto" ? undefined : options.orientation,
  );
  const size = { width: width / columns, height: height / rows };
  const grid = h("div", {
    class: "value-grid",
    style: { "grid-template-columns": `repeat(${columns}, minmax(0, 1fr))` },
  });
  grid.append(...values.map((one) => card(one, options, size, values.length > 1)));
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", values.map((one) => `${one.name || panel.title}: ${write(one.shown)}`).join("; "));
  box.replaceChildren(grid);
}
