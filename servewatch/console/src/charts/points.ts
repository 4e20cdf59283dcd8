/** Exemplars: single requests, drawn as diamonds over a latency chart. */

import type uPlot from "uplot";
import type { Labels } from "../data/frame";
import type { Exemplar } from "../data/query";
import { h, safeHref } from "../dom";
import { dateTime } from "../time";
import { write } from "../units";
import { css } from "./frame";

let traces = "";

/** Tells where a trace can be looked at, with {trace_id} in its place. */
export function tracesAreAt(pattern: string): void {
  traces = pattern;
}

/** The address of the trace that an exemplar names, where traces can be looked at. */
export function traceHref(labels: Labels): string | null {
  const id = labels.trace_id ?? labels.traceID;
  return traces && id ? safeHref(traces.replace("{trace_id}", encodeURIComponent(id))) : null;
}

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

function hitAt(u: uPlot, left: number, top: number): Exemplar | undefined {
  return placed.get(u)?.find(({ x, y }) => Math.abs(x - left) < 6 && Math.abs(y - top) < 6)?.exemplar;
}

/** Opens the trace of the exemplar that is clicked, in a tab of its own. */
export function openOnClick(u: uPlot): void {
  u.over.addEventListener("click", ({ offsetX, offsetY }) => {
    const hit = hitAt(u, offsetX, offsetY);
    const href = hit ? traceHref(hit.labels) : null;
    if (href) window.open(href, "_blank", "noopener,noreferrer");
  });
}

/** The exemplar under the pointer, for the tooltip. */
export function exemplarAt(u: uPlot, exemplars: Exemplar[], left: number, top: number): HTMLElement | null {
  if (exemplars.length === 0 || top < 0) return null;
  const hit = hitAt(u, left, top);
  if (!hit) return null;
  const labels = Object.entries({ ...hit.labels, ...hit.series }).filter(([name]) => name !== "__name__");
  return h(
    "div",
    { class: "tip-exemplar" },
    h("strong", {}, `Exemplar: ${write(hit.value, "s")}`),
    h("div", { class: "dim" }, dateTime(hit.time)),
    ...labels.map(([name, value]) => h("div", {}, `${name}: ${value}`)),
    traceHref(hit.labels) ? h("div", { class: "dim" }, "Click to open its trace") : null,
  );
}
