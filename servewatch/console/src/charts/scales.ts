/** Value scales and axes of a time series panel: one per unit. */

import uPlot from "uplot";
import { format, write } from "../units";
import { valueAxis } from "./frame";
import type { Line, Lines } from "./lines";

export function scaleOf(line: Line, percent: boolean): string {
  if (percent && line.custom.stacking?.mode === "percent") return "y %";
  const side = line.custom.axisPlacement === "right" ? " right" : "";
  return `y ${line.field.config.unit ?? "none"}${side}`;
}

function limits(
  line: Line,
  percent: boolean,
): { min: number | null; max: number | null; softMin: number | null; softMax: number | null } {
  const { config } = line.field;
  return percent
    ? { min: 0, max: 100, softMin: null, softMax: null }
    : {
        min: config.min ?? null,
        max: config.max ?? null,
        softMin: line.custom.axisSoftMin ?? null,
        softMax: line.custom.axisSoftMax ?? null,
      };
}

/** Bars and stacks are lengths: cut off at the foot they would lie. */
function fromZero({ custom }: Line): boolean {
  return custom.drawStyle === "bars" || (custom.stacking?.mode ?? "none") !== "none";
}

const BINARY = [0, 1, 2, 3, 4].flatMap((power) =>
  [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map((step) => step * 1024 ** power),
);

/** Steps between ticks that are round numbers in the unit. */
function increments(unit: string | undefined): { incrs?: number[] } {
  return ["bytes", "binBps", "bits"].includes(unit ?? "") ? { incrs: BINARY } : {};
}

/** A scale that begins at 0 for lines that never go below it, unless the panel says otherwise. */
function linear(current: () => Line, percent: boolean): uPlot.Range.Function {
  return (_, low, high) => {
    const { min, max, softMin, softMax } = limits(current(), percent);
    let from = Math.min(low ?? 0, softMin ?? Number.POSITIVE_INFINITY);
    let to = Math.max(high ?? 1, softMax ?? Number.NEGATIVE_INFINITY);
    if (from >= 0 && (from < to * 0.75 || fromZero(current()))) from = 0;
    if (current().custom.axisCenteredZero) [from, to] = [-Math.max(-from, to), Math.max(-from, to)];
    if (to - from < 1e-12) [from, to] = to === 0 ? [0, 1] : [Math.min(0, to * 0.9), Math.max(to * 1.1, 0)];
    const [niceFrom, niceTo] = uPlot.rangeNum(from, to, 0.06, true);
    const start = from === 0 ? 0 : niceFrom!;
    return [min ?? start, Math.max(max ?? niceTo!, (min ?? start) + 1e-12)];
  };
}

function scale(current: () => Line, percent: boolean): uPlot.Scale {
  const distribution = current().custom.scaleDistribution;
  if (distribution?.type !== "log") return { range: linear(current, percent) };
  const base = (distribution.log === 2 ? 2 : 10) as uPlot.Scale.LogBase;
  return {
    distr: 3,
    log: base,
    range: (_, low, high) => uPlot.rangeLog(low > 0 ? low : 0.001, high > 0 ? high : 1, base, false),
  };
}

/** The fewest decimals that say a tick exactly. */
function exactDecimals(value: number, unit: string | undefined): number {
  const exact = Number(format(value, unit, 6).text);
  for (let places = 0; places < 6; places += 1) {
    if (Math.abs(Number(format(value, unit, places).text) - exact) < 1e-9 * Math.max(1, Math.abs(exact))) return places;
  }
  return 2;
}

/** Ticks as text: those with the same unit have the same number of decimals. */
export function tickTexts(splits: (number | null)[], unit: string | undefined, decimals?: number | null): string[] {
  const places = new Map<string, number>();
  for (const value of splits) {
    if (value === null || value === 0) continue;
    const { suffix } = format(value, unit, 6);
    places.set(suffix, Math.max(places.get(suffix) ?? 0, decimals ?? exactDecimals(value, unit)));
  }
  return splits.map((value) =>
    value === null ? "" : write(value, unit, places.get(format(value, unit, 6).suffix) ?? 0),
  );
}

export interface ValueScales {
  scales: uPlot.Scales;
  axes: uPlot.Axis[];
}

export function valueScales(model: () => Lines): ValueScales {
  const { lines, percent } = model();
  const scales: uPlot.Scales = {};
  const axes: uPlot.Axis[] = [];
  for (const line of lines) {
    const key = scaleOf(line, percent);
    if (scales[key]) continue;
    const current = (): Line => model().lines.find((one) => scaleOf(one, percent) === key && !one.hidden) ?? line;
    scales[key] = scale(current, percent && key === "y %");
    const right = line.custom.axisPlacement === "right" || (axes.length > 0 && line.custom.axisPlacement !== "left");
    axes.push(
      valueAxis({
        scale: key,
        side: right ? 1 : 3,
        show: line.custom.axisPlacement !== "hidden",
        label: line.custom.axisLabel || undefined,
        ...increments(line.field.config.unit),
        grid: { show: axes.length === 0, stroke: valueAxis().grid!.stroke, width: 1 },
        values: (_, splits) => {
          if (key === "y %") return splits.map((value) => `${value}%`);
          return tickTexts(splits, line.field.config.unit, line.field.config.decimals);
        },
      }),
    );
  }
  return { scales, axes };
}
