/** Where panels stand: Grafana's grid of 24 columns, rows that fold, panels that repeat. */

import type { Choice, Scope } from "../data/interpolate";
import type { Panel, Section } from "../model";

function copies(panel: Panel, choice: Choice): Panel[] {
  const { x, y, w, h } = panel.gridPos;
  const vertical = panel.repeatDirection === "v";
  const perRow = vertical ? 1 : Math.min(choice.values.length, panel.maxPerRow ?? 4);
  const width = vertical ? w : Math.floor(24 / perRow);
  return choice.values.map((value, index) => ({
    ...panel,
    id: panel.id * 1000 + index,
    gridPos: { x: vertical ? x : (index % perRow) * width, y: y + Math.floor(index / perRow) * h, w: width, h },
    scoped: { ...panel.scoped, [panel.repeat!]: value },
  }));
}

/** Panels with their copies; what stands below a repeated panel moves down. */
export function repeated(panels: Panel[], scope: Scope): Panel[] {
  let shift = 0;
  const result: Panel[] = [];
  for (const panel of panels) {
    const moved = { ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + shift } };
    const choice = panel.repeat ? scope.get(panel.repeat) : undefined;
    if (!choice || choice.values.length === 0) {
      result.push(moved);
      continue;
    }
    const list = copies(moved, choice);
    shift += list[list.length - 1]!.gridPos.y - moved.gridPos.y;
    result.push(...list);
  }
  return result;
}

/** A row that repeats becomes one section for each value. */
export function repeatedSections(sections: Section[], scope: Scope): Section[] {
  return sections.flatMap((section) => {
    const choice = section.row?.repeat ? scope.get(section.row.repeat) : undefined;
    if (!section.row || !choice) return [{ row: section.row, panels: repeated(section.panels, scope) }];
    return choice.values.map((value, index) => {
      const scoped = { [section.row!.repeat!]: value };
      const panels = section.panels.map((panel) => ({
        ...panel,
        id: panel.id + index * 100000,
        scoped: { ...panel.scoped, ...scoped },
      }));
      return {
        row: { ...section.row!, id: section.row!.id + index * 100000, scoped },
        panels: repeated(panels, scope),
      };
    });
  });
}

/** Puts a panel on the grid of its section. */
export function place(element: HTMLElement, panel: Panel, top: number): void {
  const { x, y, w, h } = panel.gridPos;
  for (const [name, value] of Object.entries({ "--x": x + 1, "--w": w, "--y": y - top + 1, "--h": h })) {
    element.style.setProperty(name, String(value));
  }
  if (w <= 6 && h <= 6 && ["stat", "gauge"].includes(panel.type)) element.classList.add("narrow");
}
