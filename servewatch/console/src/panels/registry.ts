/** The panel types that the console draws, each as something that can be drawn again. */

import { heatmap, heatmapLegend, toBuckets, type Buckets, type HeatmapOptions } from "../charts/heatmap";
import type { Surroundings } from "../charts/frame";
import { legend, toggled, type LegendOptions } from "../charts/legend";
import { toLines } from "../charts/lines";
import { rangeOf, spokenBuckets, spokenLanes, spokenLines } from "../charts/spoken";
import { states, stateLegend, toLanes, type Lane, type StateOptions } from "../charts/states";
import { signature, timeseries, type Chart, type ChartState } from "../charts/timeseries";
import { applyConfig } from "../data/display";
import { isEmpty, type Frame } from "../data/frame";
import type { Exemplar, Result } from "../data/query";
import { transform } from "../data/transform";
import { h } from "../dom";
import type { Panel } from "../model";
import { runbookHref } from "../runbook";
import { bargauge } from "./bargauge";
import { gauge } from "./gauge";
import { pie } from "./pie";
import { stat } from "./stat";
import { table, type SortState } from "./table";
import { nothing, singles, type Single } from "./values";

export interface View {
  draw(result: Result, exemplars: Exemplar[]): void;
  destroy(): void;
  redraw?(): void;
}
type Factory = (box: HTMLElement, panel: Panel, around: Surroundings) => View;

/** Frames as the panel wants them: transformed, each field with its configuration. */
export function prepare(result: Result, panel: Panel): Frame[] {
  const named = applyConfig(result.frames, panel);
  return panel.transformations?.length ? applyConfig(transform(named, panel.transformations), panel) : named;
}

export function noData(box: HTMLElement, panel: Panel): void {
  const text = panel.fieldConfig?.defaults?.noValue ?? "No data";
  box.replaceChildren(h("div", { class: "empty" }, text));
}

/** Draws again when the box has another size. */
function onResize(box: HTMLElement, redraw: () => void): () => void {
  let [width, height] = [box.clientWidth, box.clientHeight];
  const observer = new ResizeObserver(() => {
    if (Math.abs(box.clientWidth - width) < 2 && Math.abs(box.clientHeight - height) < 2) return;
    [width, height] = [box.clientWidth, box.clientHeight];
    redraw();
  });
  observer.observe(box);
  return () => observer.disconnect();
}

/** Makes one link of all that is drawn, where the panel leads somewhere. */
function leading(box: HTMLElement, panel: Panel): void {
  const link = panel.fieldConfig?.defaults?.links?.[0];
  const href = link ? runbookHref(link.url) : null;
  if (link && href) box.replaceChildren(h("a", { class: "value-link", href, title: link.title }, ...box.childNodes));
}

const valuePanel =
  (paint: (box: HTMLElement, values: Single[], panel: Panel) => void): Factory =>
  (box, panel) => {
    let values: Single[] = [];
    const redraw = (): void => {
      if (values.length) paint(box, values, panel);
      else noData(box, panel);
      leading(box, panel);
    };
    const stop = onResize(box, redraw);
    return {
      draw: (result) => {
        const frames = prepare(result, panel);
        const empty = isEmpty(frames) ? nothing(panel) : null;
        values = empty ? [empty] : isEmpty(frames) ? [] : singles(frames, panel);
        redraw();
      },
      destroy: stop,
    };
  };

const tablePanel: Factory = (box, panel) => {
  let order: SortState | null = null;
  let frames: Frame[] = [];
  const redraw = (): void => {
    if (isEmpty(frames)) return noData(box, panel);
    table(box, frames, panel, order, (next) => {
      order = next;
      redraw();
    });
  };
  return {
    draw: (result) => {
      frames = prepare(result, panel);
      redraw();
    },
    destroy: () => undefined,
  };
};

function stepOf(result: Result): number {
  return Math.max(0, ...result.executed.map((one) => one.step));
}

/** Where a chart and its legend stand in a panel. */
function chartBoxes(box: HTMLElement, placement: string | undefined, after: HTMLElement | null): HTMLElement {
  const chart = h("div", { class: "chart" });
  const holder = after ? h("div", { class: "legend" }, after) : null;
  box.replaceChildren(h("div", { class: placement === "right" ? "chart-box right" : "chart-box" }, chart, holder));
  return chart;
}

/** Puts a chart into words where it stands. */
function speak(box: HTMLElement, words: string): void {
  const chart = box.querySelector(".chart");
  chart?.setAttribute("role", "img");
  chart?.setAttribute("aria-label", words);
}

const seriesPanel: Factory = (box, panel, around) => {
  const options = (panel.options ?? {}) as { legend?: LegendOptions; tooltip?: { mode?: string; sort?: string } };
  let hidden: ReadonlySet<string> = new Set();
  let chart: Chart | null = null;
  let drawn = "";
  let last: { result: Result; exemplars: Exemplar[] } | null = null;
  let state: ChartState;
  const redraw = (): void => {
    if (!last) return;
    const lines = toLines(prepare(last.result, panel), stepOf(last.result), hidden);
    state = {
      lines,
      exemplars: last.exemplars,
      tooltipMode: options.tooltip?.mode ?? "multi",
      tooltipSort: options.tooltip?.sort ?? "none",
    };
    if (lines.lines.length === 0) {
      destroy();
      return noData(box, panel);
    }
    const list = legend(lines.lines, options.legend ?? {}, (key, add) => {
      hidden = toggled(
        lines.lines.map((line) => line.key),
        hidden,
        key,
        add,
      );
      redraw();
    });
    const next = signature(state);
    if (chart && next === drawn) {
      box.querySelector(".legend")?.replaceChildren(...(list ? [list] : []));
      chart.update();
    } else {
      chart?.destroy();
      chart = timeseries(chartBoxes(box, options.legend?.placement, list), around, () => state);
      drawn = next;
    }
    speak(box, spokenLines(panel.title || "Chart", lines.lines));
  };
  const destroy = (): void => {
    chart?.destroy();
    chart = null;
    drawn = "";
  };
  return {
    draw: (result, exemplars) => {
      last = { result, exemplars };
      redraw();
    },
    destroy,
    redraw: () => chart?.plot.redraw(false),
  };
};

const heatmapPanel: Factory = (box, panel, around) => {
  const options = (panel.options ?? {}) as HeatmapOptions;
  let chart: Chart | null = null;
  let key = "";
  let buckets: Buckets;
  return {
    draw: (result) => {
      const step = stepOf(result);
      buckets = toBuckets(applyConfig(result.frames, panel), step);
      const next = `${step} ${buckets.bounds.join()} ${Math.round(buckets.max)}`;
      const words = (): void => speak(box, spokenBuckets(panel.title || "Heatmap", buckets, rangeOf(buckets, options)));
      if (chart && key === next) {
        chart.update();
        return words();
      }
      chart?.destroy();
      chart = null;
      key = next;
      if (buckets.bounds.length === 0) return noData(box, panel);
      chart = heatmap(
        chartBoxes(box, undefined, heatmapLegend(buckets, options)),
        around,
        () => buckets,
        options,
        step,
      );
      words();
    },
    destroy: () => chart?.destroy(),
    redraw: () => chart?.plot.redraw(false),
  };
};

const statePanel =
  (merge: boolean): Factory =>
  (box, panel, around) => {
    const options = { mergeValues: merge, ...panel.options } as StateOptions;
    let chart: Chart | null = null;
    let key = "";
    let lanes: Lane[] = [];
    return {
      draw: (result) => {
        lanes = toLanes(prepare(result, panel), stepOf(result), result.range.to, options);
        const list = options.legend?.showLegend === false || lanes.length === 0 ? null : stateLegend(lanes);
        const next = `${lanes.map((lane) => lane.name).join("\n")} ${list?.textContent}`;
        if (lanes.length === 0) {
          chart?.destroy();
          chart = null;
          return noData(box, panel);
        }
        if (chart && key === next) chart.update();
        else {
          chart?.destroy();
          chart = states(chartBoxes(box, undefined, list), around, () => lanes, options);
        }
        key = next;
        speak(box, spokenLanes(panel.title || "States", lanes));
      },
      destroy: () => chart?.destroy(),
      redraw: () => chart?.plot.redraw(false),
    };
  };

export const PANELS: Record<string, Factory> = {
  timeseries: seriesPanel,
  stat: valuePanel(stat),
  gauge: valuePanel(gauge),
  bargauge: valuePanel(bargauge),
  piechart: valuePanel(pie),
  table: tablePanel,
  heatmap: heatmapPanel,
  "state-timeline": statePanel(true),
  "status-history": statePanel(false),
};

/** Panel types of the console; `row` and `text` need no data. */
export const PANEL_TYPES = [...Object.keys(PANELS), "row", "text"];
