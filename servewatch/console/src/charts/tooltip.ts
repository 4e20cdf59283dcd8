/** The tooltip of time charts, beside the pointer and always inside the window. */

import uPlot from "uplot";
import { h } from "../dom";
import type { Surroundings } from "./frame";
import { describeMarks, marksAt } from "./marks";

/** What a chart says about the place under the cursor; null for nothing. */
export type Describe = (u: uPlot, index: number, top: number) => (Node | null)[] | null;

function position(tip: HTMLElement, x: number, y: number): void {
  const gap = 14;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const right = x + gap + width < window.innerWidth - 4;
  tip.style.left = `${Math.max(4, right ? x + gap : x - gap - width)}px`;
  tip.style.top = `${Math.max(4, Math.min(window.innerHeight - height - 4, y + gap))}px`;
}

/** Shows `describe` under the cursor; on other charts only where the dashboard shares tooltips. */
export function tooltip(around: Surroundings, describe: Describe): uPlot.Plugin {
  const tip = h("div", { class: "tip", role: "tooltip", hidden: true });
  let hovered = false;
  const hide = (): void => {
    tip.hidden = true;
  };
  const update = (u: uPlot): void => {
    const { left = -1, top = -1, idx } = u.cursor;
    if (left < 0 || idx === null || idx === undefined || (!hovered && around.shared < 2)) return hide();
    const parts = describe(u, idx, hovered ? top : -1);
    const marks = marksAt(u, around.marks, left);
    if (!parts && marks.length === 0) return hide();
    tip.replaceChildren(...(parts ?? []).filter((part) => part !== null), ...describeMarks(marks));
    tip.hidden = false;
    const box = u.over.getBoundingClientRect();
    if (box.bottom < 0 || box.top > window.innerHeight) return hide();
    position(tip, box.left + left, box.top + (hovered ? top : box.height / 3));
  };
  return {
    hooks: {
      init: (u) => {
        document.body.append(tip);
        u.over.addEventListener("mouseenter", () => (hovered = true));
        u.over.addEventListener("mouseleave", () => {
          hovered = false;
          hide();
        });
      },
      setCursor: update,
      destroy: () => tip.remove(),
    },
  };
}

/** A line of a tooltip: colour, name, value. */
export function tipRow(color: string | null, name: string, value: string, strong = false): HTMLElement {
  return h(
    "div",
    { class: strong ? "tip-row strong" : "tip-row" },
    h("span", { class: "swatch", style: color ? { background: color } : {} }),
    h("span", { class: "tip-name" }, name),
    h("span", { class: "tip-value" }, value),
  );
}
