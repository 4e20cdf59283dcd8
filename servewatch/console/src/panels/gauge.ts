/** The gauge panel: a value on an arc between minimum and maximum. */

import { continuous, ink, named, ramp, seen } from "../color";
import { write } from "../data/display";
import { h, svg } from "../dom";
import type { Panel } from "../model";
import { arrange, fitText } from "./fit";
import type { Single } from "./values";

interface GaugeOptions {
  showThresholdMarkers?: boolean;
  showThresholdLabels?: boolean;
}

const START = -210;
const SWEEP = 240;

function point(radius: number, share: number): [number, number] {
  const angle = ((START + SWEEP * share) * Math.PI) / 180;
  return [100 + radius * Math.cos(angle), 100 + radius * Math.sin(angle)];
}

function arc(radius: number, from: number, to: number): string {
  const [[x0, y0], [x1, y1]] = [point(radius, from), point(radius, to)];
  return `M${x0.toFixed(2)} ${y0.toFixed(2)}A${radius} ${radius} 0 ${(to - from) * SWEEP > 180 ? 1 : 0} 1 ${x1.toFixed(2)} ${y1.toFixed(2)}`;
}

/** Where each threshold begins and ends, as shares of the arc. */
function segments(one: Single): { from: number; to: number; color: string }[] {
  const { min, max } = one.limits;
  const steps = one.field.config.thresholds?.steps ?? [];
  const percent = one.field.config.thresholds?.mode === "percentage";
  const share = (value: number | null): number =>
    value === null ? 0 : Math.min(1, Math.max(0, percent ? value / 100 : (value - min) / (max - min)));
  return steps.map((step, index) => ({
    from: share(step.value),
    to: index + 1 < steps.length ? share(steps[index + 1]!.value) : 1,
    color: seen(named(step.color)),
  }));
}

function markers(one: Single): SVGPathElement[] {
  const stops = continuous(one.field.config.color?.mode ?? "");
  const parts = stops
    ? [...Array(24).keys()].map((index) => ({ from: index / 24, to: (index + 1) / 24, color: ramp(stops, index / 23) }))
    : segments(one);
  return parts
    .filter((part) => part.to > part.from)
    .map((part) =>
      svg("path", { d: arc(94, part.from, part.to), stroke: part.color, "stroke-width": 5, fill: "none" }),
    );
}

function dial(one: Single, options: GaugeOptions, size: { width: number; height: number }, many: boolean): HTMLElement {
  const { value, color } = one.shown;
  const { min, max } = one.limits;
  const share =
    typeof value === "number" && Number.isFinite(value) ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0;
  const text = write(one.shown);
  const fontSize = fitText(text, 92, 46, { min: 12, max: 38 }, 500);
  const picture = svg(
    "svg",
    { viewBox: "0 0 200 158", class: "gauge", "aria-hidden": "true" },
    svg("path", { d: arc(78, 0, 1), stroke: "var(--track)", "stroke-width": 22, fill: "none" }),
    share > 0 ? svg("path", { d: arc(78, 0, share), stroke: color, "stroke-width": 22, fill: "none" }) : null,
    ...(options.showThresholdMarkers === false ? [] : markers(one)),
    svg(
      "text",
      { x: 100, y: 108, "text-anchor": "middle", "font-size": fontSize, fill: ink(color), "font-weight": 500 },
      text,
    ),
  );
  const name = many ? h("div", { class: "gauge-name" }, one.name) : null;
  return h("div", { class: "gauge-card", style: { height: `${size.height}px` } }, picture, name);
}

export function gauge(box: HTMLElement, values: Single[], panel: Panel): void {
  const options = (panel.options ?? {}) as GaugeOptions;
  const { clientWidth: width, clientHeight: height } = box;
  const { columns, rows } = arrange(values.length, width, height, "auto", 1.2);
  const size = { width: width / columns, height: height / rows };
  const grid = h("div", {
    class: "value-grid",
    style: { "grid-template-columns": `repeat(${columns}, minmax(0, 1fr))` },
  });
  grid.append(...values.map((one) => dial(one, options, size, values.length > 1)));
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", values.map((one) => `${one.name || panel.title}: ${write(one.shown)}`).join("; "));
  box.replaceChildren(grid);
}
