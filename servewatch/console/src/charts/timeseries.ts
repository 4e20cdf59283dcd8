/** The time series panel. */

import uPlot from "uplot";
import { alpha, mix, named, seen } from "../color";
import { show, write } from "../data/display";
import type { Exemplar } from "../data/query";
import { h } from "../dom";
import type { Threshold } from "../model";
import { dateTime } from "../time";
import { boxSize, css, followSize, timeAxis, timeOptions, type Surroundings } from "./frame";
import type { Line, Lines } from "./lines";
import { drawExemplars, exemplarAt, openOnClick } from "./points";
import { scaleOf, valueScales } from "./scales";
import { tipRow, tooltip } from "./tooltip";

export interface ChartState {
  lines: Lines;
  exemplars: Exemplar[];
  tooltipMode: string;
  tooltipSort: string;
}

function fillOf(line: Line): uPlot.Series.Fill | undefined {
  const opacity = (line.custom.fillOpacity ?? 0) / 100;
  if (opacity === 0) return undefined;
  if (line.custom.drawStyle === "bars") return mix(css("--panel"), line.color, opacity);
  if (line.custom.gradientMode !== "opacity" && line.custom.gradientMode !== "hue") return alpha(line.color, opacity);
  return (u) => {
    const { top, height } = u.bbox;
    if (!Number.isFinite(top) || !Number.isFinite(height)) return alpha(line.color, opacity);
    const gradient = u.ctx.createLinearGradient(0, top, 0, top + height);
    gradient.addColorStop(0, alpha(line.color, opacity));
    gradient.addColorStop(1, alpha(line.color, opacity * 0.08));
    return gradient;
  };
}

function paths(line: Line): uPlot.Series.PathBuilder | undefined {
  const build = uPlot.paths;
  if (line.custom.drawStyle === "bars") return build.bars!({ size: [0.8, 64], align: 0 });
  if (line.custom.drawStyle === "points") return () => null;
  const kind = line.custom.lineInterpolation;
  if (kind === "smooth") return build.spline!();
  if (kind === "stepBefore" || kind === "stepAfter") return build.stepped!({ align: kind === "stepAfter" ? 1 : -1 });
  return build.linear!();
}

/** A point without neighbours would not be seen as a line: it gets a dot. */
function lonely(): (u: uPlot, index: number) => number[] {
  return (u, index) => {
    const data = u.data[index] as (number | null)[];
    return data.flatMap((value, at) =>
      value !== null && (data[at - 1] ?? null) === null && (data[at + 1] ?? null) === null ? [at] : [],
    );
  };
}

function series(line: Line, percent: boolean): uPlot.Series {
  const { custom } = line;
  const dash =
    custom.lineStyle?.fill === "dash"
      ? (custom.lineStyle.dash ?? [8, 6])
      : custom.lineStyle?.fill === "dot"
        ? [1, 6]
        : undefined;
  const always = custom.showPoints === "always" || custom.drawStyle === "points";
  return {
    label: line.name,
    scale: scaleOf(line, percent),
    show: !line.hidden,
    stroke: line.color,
    width: custom.drawStyle === "points" ? 0 : (custom.lineWidth ?? 1),
    dash,
    fill: line.below === null || custom.drawStyle === "bars" ? fillOf(line) : undefined,
    fillTo: 0,
    paths: paths(line),
    spanGaps: custom.spanNulls === true || typeof custom.spanNulls === "number",
    points: always
      ? { show: true, size: custom.pointSize ?? 5, fill: line.color }
      : { show: custom.drawStyle !== "bars", size: 4, fill: line.color, filter: lonely() },
  };
}

/** Later bars of a stack are higher: drawn first, the lower ones stand before them. */
function order(lines: Line[]): number[] {
  const indexes = lines.map((_, index) => index);
  const bars = lines.some(
    (line) => line.custom.drawStyle === "bars" && line.custom.stacking?.mode && line.custom.stacking.mode !== "none",
  );
  return bars ? indexes.reverse() : indexes;
}

function bands(lines: Line[], sequence: number[]): uPlot.Band[] {
  const place = (index: number): number => sequence.indexOf(index) + 1;
  return lines.flatMap((line, index) =>
    line.below === null || line.custom.drawStyle === "bars" || !line.custom.fillOpacity
      ? []
      : [
          {
            series: [place(index), place(line.below)] as [number, number],
            fill: alpha(line.color, line.custom.fillOpacity / 100),
          },
        ],
  );
}

function thresholdLines(u: uPlot, line: Line | undefined, percent: boolean): void {
  const mode = line?.custom.thresholdsStyle?.mode ?? "off";
  if (!line || mode === "off") return;
  const steps = (line.field.config.thresholds?.steps ?? []) as Threshold[];
  const { left, top, width, height } = u.bbox;
  const key = scaleOf(line, percent);
  const limit =
    line.field.config.thresholds?.mode === "percentage"
      ? (value: number) => u.scales[key]!.min! + ((u.scales[key]!.max! - u.scales[key]!.min!) * value) / 100
      : (value: number) => value;
  const y = (value: number): number => Math.min(top + height, Math.max(top, u.valToPos(limit(value), key, true)));
  u.ctx.save();
  steps.forEach((step, index) => {
    const from = step.value === null ? top + height : y(step.value);
    const to = index + 1 < steps.length ? y(steps[index + 1]!.value ?? 0) : top;
    if (mode.includes("area") && step.color !== "transparent") {
      u.ctx.fillStyle = alpha(named(step.color), 0.1);
      u.ctx.fillRect(left, to, width, from - to);
    }
    if (
      step.value === null ||
      !/line|dashed/.test(mode) ||
      limit(step.value) > u.scales[key]!.max! ||
      limit(step.value) < u.scales[key]!.min!
    )
      return;
    u.ctx.strokeStyle = seen(named(step.color));
    u.ctx.lineWidth = devicePixelRatio;
    u.ctx.setLineDash(mode.includes("dashed") ? [8 * devicePixelRatio, 6 * devicePixelRatio] : []);
    u.ctx.beginPath();
    u.ctx.moveTo(left, from);
    u.ctx.lineTo(left + width, from);
    u.ctx.stroke();
  });
  u.ctx.restore();
}

function nearest(u: uPlot, lines: Line[], index: number, top: number, percent: boolean): Line | null {
  let best: Line | null = null;
  let distance = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const value = line.drawn[index];
    if (value === null || value === undefined) continue;
    const gap = Math.abs(u.valToPos(value, scaleOf(line, percent)) - top);
    if (gap < distance) [best, distance] = [line, gap];
  }
  return best;
}

const TIP_LINES = 16;

function describe(state: () => ChartState): (u: uPlot, index: number, top: number) => (Node | null)[] | null {
  return (u, index, top) => {
    const { lines, tooltipMode, tooltipSort, exemplars } = state();
    const visible = lines.lines.filter(
      (line) => !line.hidden && !line.custom.hideFrom?.tooltip && (line.raw[index] ?? null) !== null,
    );
    const exemplar = exemplarAt(u, exemplars, u.cursor.left ?? -1, top);
    if (tooltipMode === "none" || (visible.length === 0 && !exemplar)) return null;
    const near = top >= 0 ? nearest(u, visible, index, top, lines.percent) : null;
    const chosen = tooltipMode === "single" && near ? [near] : visible;
    const sign = tooltipSort === "asc" ? 1 : -1;
    const sorted = tooltipSort === "none" ? chosen : [...chosen].sort((a, b) => sign * (a.raw[index]! - b.raw[index]!));
    const rows = sorted
      .slice(0, TIP_LINES)
      .map((line) => tipRow(line.color, line.name, write(show(line.field, line.raw[index]!)), line === near));
    const more = sorted.length > TIP_LINES ? h("div", { class: "dim" }, `and ${sorted.length - TIP_LINES} more`) : null;
    return [h("div", { class: "tip-time" }, dateTime(lines.times[index]!)), ...rows, more, exemplar];
  };
}

/** Everything about a chart that cannot change without building it anew. */
export function signature({ lines }: ChartState): string {
  return JSON.stringify(
    lines.lines.map((line) => [line.key, line.color, line.custom, line.hidden, line.field.config.unit, line.below]),
  );
}

export interface Chart {
  update(): void;
  destroy(): void;
  plot: uPlot;
}

/** Draws the lines into `box`; `update` draws what `state` holds then. */
export function timeseries(box: HTMLElement, around: Surroundings, state: () => ChartState): Chart {
  const { lines, percent } = state().lines;
  const sequence = order(lines);
  const data = (): uPlot.AlignedData => [
    state().lines.times,
    ...sequence.map((index) => state().lines.lines[index]!.drawn),
  ];
  const { scales, axes } = valueScales(() => state().lines);
  const first = (): Line | undefined =>
    state().lines.lines.find((line) => !line.hidden && line.custom.thresholdsStyle?.mode);
  const options = timeOptions(boxSize(box), around, {
    series: [{}, ...sequence.map((index) => series(lines[index]!, percent))],
    axes: [timeAxis(), ...axes],
    scales,
    bands: bands(lines, sequence),
    hooks: {
      drawClear: [(u) => thresholdLines(u, first(), percent)],
      draw: [(u) => drawExemplars(u, state().exemplars, lines[0] ? scaleOf(lines[0], percent) : "")],
    },
  });
  const plot = new uPlot({ ...options, plugins: [tooltip(around, describe(state))] }, data(), box);
  const stop = followSize(plot, box);
  openOnClick(plot);
  return {
    plot,
    update: () => plot.setData(data()),
    destroy: () => {
      stop();
      plot.destroy();
    },
  };
}
