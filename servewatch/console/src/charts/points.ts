/** Exemplars: single requests, drawn as diamonds over a latency chart. */

import type uPlot from "uplot";
import type { Exemplar } from "../data/query";
import { h } from "../dom";
import { dateTime } from "../time";
import { write } from "../units";
import { css } from "./frame";

const placed = new WeakMap<uPlot, { x: number; y: number; exemplar: Exemplar }[]>();

export function drawExemplars(u: uPlot, exemplars: Exemplar[], scale: string): void {
  const { ctx, bbox } = u;
  const unit = devicePixelRatio || 1;
  const points = exemplars.flatMap((exemplar) => {
    const [x, y] = [u.valToPos(exemplar.time, "x", true), u.valToPos(exemplar.value, scale, true)];
    const inside = x >= bbox.left && x <= bbox.left + bbox.width && y >= bbox.top && y <= bbox.top + bbox.height;
    return inside ? [{ x, y, exemplar }] : [];
  });
  ctx.save();
  ctx.fillStyle = css("--link");
  for (const { x, y } of points) {
    const size = 3.5 * unit;
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, y);
    ctx.fill();
  }
  ctx.restore();
  placed.set(
    u,
    points.map(({ x, y, exemplar }) => ({ x: (x - bbox.left) / unit, y: (y - bbox.top) / unit, exemplar })),
  );
}

/** The exemplar under the pointer, for the tooltip. */
export function exemplarAt(u: uPlot, exemplars: Exemplar[], left: number, top: number): HTMLElement | null {
  if (exemplars.length === 0 || top < 0) return null;
  const hit = placed.get(u)?.find(({ x, y }) => Math.abs(x - left) < 6 && Math.abs(y - top) < 6);
  if (!hit) return null;
  const labels = Object.entries({ ...hit.exemplar.labels, ...hit.exemplar.series }).filter(
    ([name]) => name !== "__name__",
  );
  return h(
    "div",
    { class: "tip-exemplar" },
    h("strong", {}, `Exemplar: ${write(hit.exemplar.value, "s")}`),
    h("div", { class: "dim" }, dateTime(hit.exemplar.time)),
    ...labels.map(([name, value]) => h("div", {}, `${name}: ${value}`)),
  );
}
