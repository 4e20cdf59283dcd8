/** What all time charts share: axes, zoom by dragging, the crosshair that moves on all of them. */

import uPlot from "uplot";
import { alpha } from "../color";
import { clock, type TimeRange } from "../time";
import { drawMarks, type Mark } from "./marks";

/** What a chart is told by the page around it. */
export interface Surroundings {
  range: TimeRange;
  /** 0: alone, 1: one crosshair on all charts, 2: tooltips on all charts. */
  shared: number;
  marks: Mark[];
  zoom(range: TimeRange): void;
}

export function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#888";
}

const FONT = "12px Inter, Helvetica, Arial, sans-serif";

function day(at: number): string {
  const date = new Date(at * 1000);
  return `${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}

export function timeTicks(splits: number[], step: number): string[] {
  if (step >= 86400) return splits.map(day);
  const long = splits.length > 1 && splits[splits.length - 1]! - splits[0]! >= 86400;
  return splits.map((at) => (long ? `${day(at)} ${clock(at, false)}` : clock(at, step < 60)));
}

/** Pixels from label to label: those with a date or with seconds are wider. */
function spacing(_: uPlot, __: number, from: number, to: number, pixels: number): number {
  if (to - from > 86400) return 96;
  return ((to - from) / pixels) * 54 <= 30 ? 84 : 54;
}

export function timeAxis(hidden = false): uPlot.Axis {
  return {
    show: !hidden,
    stroke: css("--text-2"),
    font: FONT,
    size: 28,
    gap: 6,
    space: spacing,
    grid: { stroke: css("--grid"), width: 1 },
    ticks: { show: false },
    values: (_, splits, __, ___, step) => timeTicks(splits, step),
  };
}

/** As wide as its longest label. */
function fitted(u: uPlot, values: string[] | null, index: number, cycle: number): number {
  const axis = u.axes[index] as uPlot.Axis & { _size: number };
  if (cycle > 1) return axis._size;
  u.ctx.font = FONT.replace("12px", `${12 * uPlot.pxRatio}px`);
  const widest = Math.max(0, ...(values ?? []).map((text) => u.ctx.measureText(text).width));
  return Math.ceil(widest / uPlot.pxRatio) + (axis.label ? 28 : 12);
}

export function valueAxis(options: Partial<uPlot.Axis> = {}): uPlot.Axis {
  return {
    stroke: css("--text-2"),
    font: FONT,
    size: fitted,
    gap: 6,
    space: 30,
    labelFont: FONT,
    labelSize: 18,
    labelGap: 0,
    grid: { stroke: css("--grid"), width: 1 },
    ticks: { show: false },
    ...options,
  };
}

const SYNC = "dashboard";

function cursor(around: Surroundings): uPlot.Cursor {
  return {
    x: true,
    y: false,
    drag: { x: true, y: false, setScale: false, dist: 8 },
    points: { show: true, size: 7, width: 1.5, fill: css("--panel") },
    ...(around.shared > 0
      ? {
          sync: {
            key: SYNC,
            setSeries: false,
            scales: ["x", null],
            filters: { pub: (type) => type === "mousemove" || type === "mouseleave" },
          },
        }
      : {}),
  };
}

/** A selection made by dragging becomes the dashboard's range. */
function selected(u: uPlot, around: Surroundings): void {
  const { left, width } = u.select;
  if (width < 8) return;
  const range = { from: u.posToVal(left, "x"), to: u.posToVal(left + width, "x") };
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  around.zoom(range);
}

type Needed = Pick<uPlot.Options, "series" | "axes"> & {
  scales?: uPlot.Scales;
  hooks?: uPlot.Hooks.Arrays;
  bands?: uPlot.Band[];
  marks?: boolean;
};

/** Options of a chart over time; `around` is read at each drawing, so it may change. */
export function timeOptions(
  size: { width: number; height: number },
  around: Surroundings,
  needed: Needed,
): uPlot.Options {
  const { hooks = {}, scales = {}, marks = true, ...rest } = needed;
  return {
    ...size,
    ...rest,
    ms: 1e-3,
    padding: [8, 18, 0, 4],
    legend: { show: false },
    cursor: cursor(around),
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: { x: { time: true, range: () => [around.range.from, around.range.to] }, ...scales },
    hooks: {
      ...hooks,
      draw: [...(hooks.draw ?? []), ...(marks ? [(u: uPlot) => drawMarks(u, around.marks)] : [])],
      setSelect: [(u) => selected(u, around)],
    },
  };
}

/** The chart is as large as its box, also after the box has changed. */
export function followSize(chart: uPlot, box: HTMLElement): () => void {
  const observer = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = box;
    if (width > 0 && height > 0 && (width !== chart.width || height !== chart.height)) chart.setSize({ width, height });
  });
  observer.observe(box);
  return () => observer.disconnect();
}

export function boxSize(box: HTMLElement): { width: number; height: number } {
  return { width: Math.max(40, box.clientWidth), height: Math.max(40, box.clientHeight) };
}

export { alpha };
