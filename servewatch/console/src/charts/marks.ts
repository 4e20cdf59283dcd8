/** Annotations on time charts: a dashed line where something happened, a band where it lasted. */

import type uPlot from "uplot";
import { alpha, seen } from "../color";
import { h } from "../dom";
import { ago, dateTime } from "../time";

export interface Mark {
  name: string;
  from: number;
  to: number;
  color: string;
  title: string;
  text: string;
  tags: string[];
}

/** The times that an annotation's marks cover: what overlaps is one, so that no colour is laid on itself. */
export function covered(marks: Mark[]): Pick<Mark, "from" | "to" | "color">[] {
  const spans = new Map<string, Pick<Mark, "from" | "to" | "color">[]>();
  for (const { name, color, from, to } of [...marks].sort((a, b) => a.from - b.from)) {
    const own = spans.get(`${name}\n${color}`) ?? [];
    const last = own[own.length - 1];
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else own.push({ from, to, color });
    spans.set(`${name}\n${color}`, own);
  }
  return [...spans.values()].flat();
}

export function drawMarks(u: uPlot, marks: Mark[]): void {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const unit = devicePixelRatio || 1;
  const place = (at: number): number => Math.min(left + width, Math.max(left, u.valToPos(at, "x", true)));
  ctx.save();
  for (const span of covered(marks)) {
    const [start, end] = [place(span.from), place(span.to)];
    if (end - start <= 2 * unit) continue;
    ctx.fillStyle = alpha(span.color, 0.07);
    ctx.fillRect(start, top, end - start, height);
    ctx.fillStyle = seen(span.color);
    ctx.fillRect(start, top + height - 3 * unit, end - start, 3 * unit);
  }
  for (const mark of marks) {
    if (mark.to < u.scales.x!.min! || mark.from > u.scales.x!.max!) continue;
    const start = place(mark.from);
    ctx.strokeStyle = seen(mark.color);
    ctx.lineWidth = unit;
    ctx.setLineDash([4 * unit, 3 * unit]);
    ctx.beginPath();
    ctx.moveTo(start, top);
    ctx.lineTo(start, top + height);
    ctx.stroke();
  }
  ctx.restore();
}

/** The marks that stand at a time, a few pixels to either side. */
export function marksAt(u: uPlot, marks: Mark[], left: number): Mark[] {
  return marks.filter((mark) => {
    const [start, end] = [u.valToPos(mark.from, "x"), u.valToPos(mark.to, "x")];
    return Math.abs(start - left) < 5 || (end - start > 2 && left >= start && left <= end);
  });
}

export function describeMarks(marks: Mark[]): HTMLElement[] {
  return marks
    .slice(0, 4)
    .map((mark) =>
      h(
        "div",
        { class: "tip-mark" },
        h("span", { class: "swatch", style: { background: seen(mark.color) } }),
        h(
          "div",
          {},
          h("strong", {}, mark.title || mark.name),
          mark.text ? h("div", {}, mark.text) : null,
          h("div", { class: "dim" }, `${dateTime(mark.from)} (${ago(mark.from)})`),
          mark.tags.length ? h("div", { class: "dim" }, mark.tags.join(" · ")) : null,
        ),
      ),
    );
}
