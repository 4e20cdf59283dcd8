/** The pie panel: shares of a whole. */

import { readableOn } from "../color";
import { lineColors, write } from "../data/display";
import { h, svg } from "../dom";
import type { Panel } from "../model";
import { format, write as writeNumber } from "../units";
import type { Single } from "./values";

interface PieOptions {
  pieType?: string;
  displayLabels?: string[];
  legend?: { showLegend?: boolean; displayMode?: string; placement?: string; values?: string[] };
}

function at(radius: number, turn: number): string {
  const angle = turn * 2 * Math.PI - Math.PI / 2;
  return `${(100 + radius * Math.cos(angle)).toFixed(3)} ${(100 + radius * Math.sin(angle)).toFixed(3)}`;
}

function slice(from: number, to: number, inner: number): string {
  const end = Math.min(to, from + 0.99999);
  const large = end - from > 0.5 ? 1 : 0;
  return `M${at(96, from)}A96 96 0 ${large} 1 ${at(96, end)}L${at(inner, end)}A${inner} ${inner} 0 ${large} 0 ${at(inner, from)}Z`;
}

function label(from: number, to: number, inner: number, text: string, color: string): SVGTextElement {
  const [x, y] = at((96 + inner) / 2 + 4, (from + to) / 2).split(" ");
  return svg(
    "text",
    { x, y, "text-anchor": "middle", "dominant-baseline": "central", "font-size": 13, fill: readableOn(color) },
    text,
  );
}

export function pie(box: HTMLElement, values: Single[], panel: Panel): void {
  const options = (panel.options ?? {}) as PieOptions;
  const colors = lineColors(values.map((one) => ({ field: one.field, last: one.shown.value })));
  const parts = values.map((one, index) => ({
    one,
    color: one.shown.mapped ? one.shown.color : colors[index]!,
    size: typeof one.shown.value === "number" ? Math.max(0, one.shown.value || 0) : 0,
  }));
  const total = parts.reduce((sum, part) => sum + part.size, 0) || 1;
  const inner = options.pieType === "donut" ? 58 : 0;
  let turn = 0;
  const shapes = parts.flatMap(({ one, color, size }) => {
    const [from, to] = [turn, turn + size / total];
    turn = to;
    if (size === 0) return [];
    const share = writeNumber((size / total) * 100, "percent", 0);
    const path = svg(
      "path",
      { d: slice(from, to, inner), fill: color, stroke: "var(--panel)", "stroke-width": 1.5 },
      svg("title", {}, `${one.name}: ${write(one.shown)} (${share})`),
    );
    return to - from > 0.05 ? [path, label(from, to, inner, share, color)] : [path];
  });
  const picture = svg(
    "svg",
    {
      viewBox: "0 0 200 200",
      class: "pie",
      role: "img",
      "aria-label": parts
        .map(({ one, size }) => `${one.name}: ${format((size / total) * 100, "percent", 0).text}%`)
        .join("; "),
    },
    ...shapes,
  );
  const shown = options.legend?.values ?? ["percent"];
  const rows = parts.map(({ one, color, size }) =>
    h(
      "li",
      {},
      h("span", { class: "swatch", style: { background: color } }),
      h("span", { class: "legend-name" }, one.name),
      h(
        "span",
        { class: "dim" },
        [
          shown.includes("value") ? write(one.shown) : "",
          shown.includes("percent") ? writeNumber((size / total) * 100, "percent", 0) : "",
        ]
          .filter(Boolean)
          .join("  "),
      ),
    ),
  );
  const list = options.legend?.showLegend === false ? null : h("ul", { class: "legend-list plain" }, ...rows);
  box.replaceChildren(
    h("div", { class: options.legend?.placement === "right" ? "pie-box right" : "pie-box" }, picture, list),
  );
}
