/** From frames to what uPlot draws: one time axis, gaps, stacks. Pure, so that it is easy to test. */

import { lineColors } from "../data/display";
import { nameOf, numbersOf, type Field, type Frame, type Value } from "../data/frame";
import { reduce } from "../data/reduce";

export interface Custom {
  drawStyle?: "line" | "bars" | "points";
  lineInterpolation?: "linear" | "smooth" | "stepBefore" | "stepAfter";
  lineWidth?: number;
  lineStyle?: { fill?: string; dash?: number[] };
  fillOpacity?: number;
  gradientMode?: string;
  showPoints?: "auto" | "always" | "never";
  pointSize?: number;
  spanNulls?: boolean | number;
  stacking?: { mode?: "none" | "normal" | "percent"; group?: string };
  axisPlacement?: "auto" | "left" | "right" | "hidden";
  axisLabel?: string;
  axisSoftMin?: number;
  axisSoftMax?: number;
  axisCenteredZero?: boolean;
  scaleDistribution?: { type?: "linear" | "log"; log?: number };
  thresholdsStyle?: { mode?: string };
  hideFrom?: { legend?: boolean; tooltip?: boolean; viz?: boolean };
  transform?: string;
}

export interface Line {
  key: string;
  name: string;
  color: string;
  field: Field;
  custom: Custom;
  /** As measured, on the common times. */
  raw: (number | null)[];
  /** As drawn: stacked where the panel stacks. */
  drawn: (number | null)[];
  /** The line that this one stands on in a stack. */
  below: number | null;
  hidden: boolean;
}

/** All times of all lines; where nothing came for longer than a step there is a time without values. */
export function commonTimes(lists: number[][], step: number): number[] {
  const times = [...new Set(lists.flat())].sort((a, b) => a - b);
  const result: number[] = [];
  for (const at of times) {
    const last = result[result.length - 1];
    if (last !== undefined && step > 0 && at - last > step * 1.5) result.push(last + step);
    result.push(at);
  }
  return result;
}

function onTimes(common: number[], times: number[], values: Value[]): (number | null)[] {
  const found = new Map(times.map((at, index) => [at, values[index]]));
  return common.map((at) => {
    const value = found.get(at);
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  });
}

function stack(lines: Line[]): void {
  const groups = new Map<string, number[]>();
  lines.forEach((line, index) => {
    const { mode = "none", group = "A" } = line.custom.stacking ?? {};
    if (mode === "none" || line.hidden) return;
    groups.set(`${mode} ${group}`, [...(groups.get(`${mode} ${group}`) ?? []), index]);
  });
  for (const [group, members] of groups) {
    const length = lines[members[0]!]!.raw.length;
    const totals = Array.from({ length }, (_, at) =>
      members.reduce((sum, index) => sum + (lines[index]!.raw[at] ?? 0), 0),
    );
    const percent = group.startsWith("percent");
    const sums = new Array<number>(length).fill(0);
    members.forEach((index, place) => {
      const line = lines[index]!;
      line.below = place > 0 ? members[place - 1]! : null;
      line.drawn = line.raw.map((value, at) => {
        sums[at]! += percent ? ((value ?? 0) / (totals[at] || 1)) * 100 : (value ?? 0);
        return value === null && place === 0 && totals[at] === 0 ? null : sums[at]!;
      });
    });
  }
}

export interface Lines {
  times: number[];
  lines: Line[];
  percent: boolean;
}

export function toLines(frames: Frame[], step: number, hidden: ReadonlySet<string>): Lines {
  const numbers = numbersOf(frames).filter(({ field }) => !(field.config.custom as Custom | undefined)?.hideFrom?.viz);
  const times = commonTimes(
    numbers.map((one) => one.times),
    step,
  );
  const colors = lineColors(numbers.map(({ field }) => ({ field, last: reduce(field.values, "lastNotNull") })));
  const seen = new Map<string, number>();
  const lines = numbers.map(({ field, times: own }, index): Line => {
    const name = nameOf(field);
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    const key = count ? `${name} ${count}` : name;
    const custom = (field.config.custom ?? {}) as Custom;
    const sign = custom.transform === "negative-Y" ? -1 : 1;
    const raw = onTimes(times, own, field.values).map((value) => (value === null ? null : value * sign));
    return { key, name, color: colors[index]!, field, custom, raw, drawn: raw, below: null, hidden: hidden.has(key) };
  });
  stack(lines);
  return { times, lines, percent: lines.some((line) => line.custom.stacking?.mode === "percent") };
}
