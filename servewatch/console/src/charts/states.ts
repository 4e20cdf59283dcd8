/** The state timeline panel: which state each series was in, and for how long. */

import uPlot from "uplot";
import { mix, readableOn, seen } from "../color";
import { show, write, type Shown } from "../data/display";
import { nameOf, numbersOf, type Field, type Frame, type Value } from "../data/frame";
import { h } from "../dom";
import { clock, dateTime } from "../time";
import { write as writeNumber } from "../units";
import { shortened } from "./names";
import { boxSize, css, followSize, timeAxis, timeOptions, valueAxis, type Surroundings } from "./frame";
import type { Chart } from "./timeseries";
import { tipRow, tooltip } from "./tooltip";

export interface Span {
  from: number;
  to: number;
  value: Value;
  shown: Shown;
}
export interface Lane {
  name: string;
  spans: Span[];
}
export interface StateOptions {
  mergeValues?: boolean;
  rowHeight?: number;
  showValue?: string;
  legend?: { showLegend?: boolean };
}

/** Consecutive samples of one state become a span; a missing sample ends it. */
export function toSpans(one: Field, times: number[], step: number, end: number, merge = true): Span[] {
  const spans: Span[] = [];
  times.forEach((at, index) => {
    const value = one.values[index] ?? null;
    if (value === null) return;
    const shown = show(one, value);
    const last = spans[spans.length - 1];
    const to = Math.min(at + step, Math.max(end, at));
    const same = last && write(last.shown) === write(shown) && last.shown.color === shown.color;
    if (merge && same && at - last.to <= step * 0.5) last.to = to;
    else spans.push({ from: at, to, value, shown });
  });
  return spans;
}

export function toLanes(frames: Frame[], step: number, end: number, options: StateOptions): Lane[] {
  return numbersOf(frames).map(({ field, times }) => ({
    name: nameOf(field),
    spans: toSpans(field, times, step, end, options.mergeValues !== false),
  }));
}

function drawSpan(u: uPlot, span: Span, top: number, height: number, withText: boolean): void {
  const { ctx, bbox } = u;
  const unit = devicePixelRatio || 1;
  const left = Math.max(bbox.left, u.valToPos(span.from, "x", true));
  const right = Math.min(bbox.left + bbox.width, u.valToPos(span.to, "x", true));
  if (right <= left) return;
  const fill = seen(mix(css("--panel"), span.shown.color, 0.82));
  ctx.fillStyle = fill;
  ctx.fillRect(left, top, Math.max(unit, right - left), height);
  const text = write(span.shown);
  if (!withText || right - left < ctx.measureText(text).width + 12 * unit || height < 13 * unit) return;
  ctx.fillStyle = readableOn(fill);
  ctx.fillText(text, left + 6 * unit, top + height / 2);
}

function drawLanes(u: uPlot, lanes: Lane[], options: StateOptions): void {
  const { ctx } = u;
  ctx.save();
  ctx.font = `${12 * (devicePixelRatio || 1)}px Inter, Helvetica, Arial, sans-serif`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  const share = options.rowHeight ?? 0.9;
  lanes.forEach((lane, index) => {
    const [low, high] = [u.valToPos(lanes.length - index - 1, "y", true), u.valToPos(lanes.length - index, "y", true)];
    const height = (low - high) * share;
    const top = high + (low - high - height) / 2;
    for (const span of lane.spans) drawSpan(u, span, top, height, options.showValue !== "never");
  });
  ctx.restore();
}

function describe(lanes: () => Lane[]): (u: uPlot, index: number, top: number) => Node[] | null {
  return (u, _, top) => {
    const at = u.posToVal(u.cursor.left ?? 0, "x");
    const list = lanes();
    const over = top < 0 ? null : list[list.length - 1 - Math.floor(u.posToVal(top, "y"))];
    const rows = (over ? [over] : list).flatMap((lane) => {
      const span = lane.spans.find((one) => at >= one.from && at <= one.to);
      if (!span) return [];
      const lasted = `${clock(span.from)} – ${clock(span.to)} (${writeNumber(span.to - span.from, "s", 0)})`;
      return [
        tipRow(span.shown.color, lane.name, write(span.shown)),
        ...(over ? [h("div", { class: "dim" }, lasted)] : []),
      ];
    });
    return rows.length ? [h("div", { class: "tip-time" }, dateTime(at)), ...rows] : null;
  };
}

/** The states that occur, with their colours. */
export function stateLegend(lanes: Lane[]): HTMLElement {
  const states = new Map(
    lanes.flatMap((lane) => lane.spans.map((span) => [write(span.shown), span.shown.color] as const)),
  );
  const items = [...states]
    .slice(0, 12)
    .map(([text, color]) => h("li", {}, h("span", { class: "swatch", style: { background: color } }), text));
  return h("ul", { class: "legend-list plain" }, ...items);
}

/** How many letters of a lane's name there is room for. */
const roomFor = (width: number): number => Math.max(8, Math.floor((width * 0.33) / 6.5));

export function states(box: HTMLElement, around: Surroundings, lanes: () => Lane[], options: StateOptions): Chart {
  const count = lanes().length;
  const data = (): uPlot.AlignedData => [
    [around.range.from, around.range.to],
    [null, null],
  ];
  const y = valueAxis({
    scale: "y",
    grid: { show: false },
    stroke: css("--text"),
    splits: () => lanes().map((_, index) => count - index - 0.5),
    filter: (_, splits) => splits,
    values: (u) => {
      const names = lanes().map((lane) => lane.name);
      return shortened(names, roomFor(u.width));
    },
  });
  const chart = timeOptions(boxSize(box), around, {
    series: [{}, { scale: "y", show: true, paths: () => null, points: { show: false } }],
    axes: [timeAxis(), y],
    scales: { y: { range: [0, Math.max(1, count)] } },
    hooks: { draw: [(u) => drawLanes(u, lanes(), options)] },
  });
  const plot = new uPlot({ ...chart, plugins: [tooltip(around, describe(lanes))] }, data(), box);
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
