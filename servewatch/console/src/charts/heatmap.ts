/** The heatmap panel: how many observations fell into each bucket at each time. */

import uPlot from "uplot";
import { ramp, scheme } from "../color";
import { timesOf, type Field, type Frame } from "../data/frame";
import { numeric } from "../data/query";
import { h } from "../dom";
import { dateTime } from "../time";
import { write } from "../units";
import { boxSize, followSize, timeAxis, timeOptions, valueAxis, type Surroundings } from "./frame";
import { commonTimes } from "./lines";
import type { Chart } from "./timeseries";
import { tipRow, tooltip } from "./tooltip";

export interface Buckets {
  times: number[];
  /** Upper bounds, ascending. */
  bounds: number[];
  /** counts[bucket][time]: observations between the bound before and this one. */
  counts: (number | null)[][];
  max: number;
}
export interface HeatmapOptions {
  color?: {
    mode?: string;
    scheme?: string;
    reverse?: boolean;
    exponent?: number;
    fill?: string;
    min?: number;
    max?: number;
  };
  yAxis?: { unit?: string; decimals?: number };
  filterValues?: { le?: number };
  cellGap?: number;
  legend?: { show?: boolean };
}

function boundOf(one: Field): number {
  return numeric(one.labels.le ?? one.legend ?? one.name);
}

/** Cumulative `le` series become the counts of each bucket. */
export function toBuckets(frames: Frame[], step: number): Buckets {
  const columns = frames
    .flatMap((frame) =>
      frame.fields.filter((one) => one.type === "number").map((one) => ({ one, times: timesOf(frame) })),
    )
    .filter(({ one }) => !Number.isNaN(boundOf(one)))
    .sort((a, b) => boundOf(a.one) - boundOf(b.one));
  const times = commonTimes(
    columns.map((column) => column.times),
    step,
  );
  const cumulative = columns.map(({ one, times: own }) => {
    const found = new Map(own.map((at, index) => [at, one.values[index] as number]));
    return times.map((at) => found.get(at) ?? null);
  });
  const counts = cumulative.map((column, index) =>
    column.map((value, at) => {
      const before = index > 0 ? cumulative[index - 1]![at] : 0;
      return value === null || Number.isNaN(value) ? null : Math.max(0, value - (before ?? 0));
    }),
  );
  const max = Math.max(0, ...counts.flat().map((value) => value ?? 0));
  return { times, bounds: columns.map(({ one }) => boundOf(one)), counts, max };
}

function painter(options: HeatmapOptions, max: number): (value: number) => string {
  const { color = {} } = options;
  const stops = color.mode === "opacity" ? ["#22252b", color.fill ?? "#5794F2"] : scheme(color.scheme, color.reverse);
  const exponent = color.mode === "opacity" ? (color.exponent ?? 0.5) : 1;
  const [low, high] = [color.min ?? 0, color.max ?? max];
  return (value) => ramp(stops, ((value - low) / (high - low || 1)) ** exponent);
}

function drawCells(u: uPlot, buckets: Buckets, options: HeatmapOptions, step: number): void {
  const paint = painter(options, buckets.max);
  const least = options.filterValues?.le ?? 1e-9;
  const gap = (options.cellGap ?? 1) * (devicePixelRatio || 1);
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  buckets.counts.forEach((column, bucket) => {
    const [high, low] = [u.valToPos(bucket + 1, "y", true), u.valToPos(bucket, "y", true)];
    column.forEach((value, index) => {
      if (value === null || value <= least) return;
      const at = buckets.times[index]!;
      const [start, end] = [u.valToPos(at - step, "x", true), u.valToPos(at, "x", true)];
      const space = end - start > 4 * gap ? gap : 0;
      ctx.fillStyle = paint(value);
      ctx.fillRect(
        Math.round(start),
        Math.round(high),
        Math.max(1, Math.round(end) - Math.round(start) - space),
        Math.round(low) - Math.round(high) - gap,
      );
    });
  });
  ctx.restore();
}

export function edge(buckets: Buckets, index: number, options: HeatmapOptions): string {
  if (index === 0) return buckets.bounds[0]! > 0 ? write(0, options.yAxis?.unit) : "-Inf";
  const bound = buckets.bounds[index - 1];
  return bound === undefined
    ? ""
    : Number.isFinite(bound)
      ? write(bound, options.yAxis?.unit, options.yAxis?.decimals)
      : "+Inf";
}

/** Labels that fit: every bound where there is room, else every second, third… */
function ticks(u: uPlot, count: number): number[] {
  const room = Math.max(1, Math.floor(u.bbox.height / (devicePixelRatio || 1) / 22));
  const every = Math.max(1, Math.ceil(count / room));
  return [...Array(count + 1).keys()].filter((index) => (count - index) % every === 0);
}

function describe(
  buckets: () => Buckets,
  options: HeatmapOptions,
  step: number,
): (u: uPlot, index: number, top: number) => Node[] | null {
  return (u, _, top) => {
    if (top < 0) return null;
    const { times, counts } = buckets();
    const at = u.posToVal(u.cursor.left ?? 0, "x");
    const index = times.findIndex((time) => at <= time && at > time - step);
    const bucket = Math.floor(u.posToVal(top, "y"));
    const value = counts[bucket]?.[index];
    if (value === null || value === undefined) return null;
    const name = `${edge(buckets(), bucket, options)} – ${edge(buckets(), bucket + 1, options)}`;
    return [
      h("div", { class: "tip-time" }, dateTime(times[index]!)),
      tipRow(painter(options, buckets().max)(value), name, write(value, "short")),
    ];
  };
}

/** The colours of a heatmap and what they stand for. */
export function heatmapLegend(buckets: Buckets, options: HeatmapOptions): HTMLElement | null {
  if (options.legend?.show === false || buckets.times.length === 0) return null;
  const paint = painter(options, buckets.max);
  const colors = [...Array(12).keys()].map((index) => paint((buckets.max * index) / 11));
  return h(
    "div",
    { class: "heat-legend", "aria-hidden": "true" },
    write(options.color?.min ?? 0, "short"),
    h("span", { class: "heat-bar", style: { background: `linear-gradient(90deg, ${colors.join(",")})` } }),
    write(options.color?.max ?? buckets.max, "short", buckets.max > 10 ? 0 : undefined),
  );
}

export function heatmap(
  box: HTMLElement,
  around: Surroundings,
  buckets: () => Buckets,
  options: HeatmapOptions,
  step: number,
): Chart {
  const count = buckets().bounds.length;
  const data = (): uPlot.AlignedData => [buckets().times, buckets().times.map(() => null)];
  const y = valueAxis({
    scale: "y",
    splits: (u) => ticks(u, count),
    values: (_, splits) => splits.map((index) => edge(buckets(), index, options)),
    filter: (_, splits) => splits,
  });
  const chart = timeOptions(boxSize(box), around, {
    series: [{}, { scale: "y", show: true, paths: () => null, points: { show: false } }],
    axes: [timeAxis(), y],
    scales: { y: { range: [0, count] } },
    hooks: { draw: [(u) => drawCells(u, buckets(), options, step)] },
  });
  const plot = new uPlot({ ...chart, plugins: [tooltip(around, describe(buckets, options, step))] }, data(), box);
  const stop = followSize(plot, box);
  return {
    plot,
    update: () => plot.setData(data()),
    destroy: () => {
      stop();
      plot.destroy();
    },
  };
}
