/** What stands behind a panel: the queries as they were run, and their answers as a table. */

import { why } from "../data/api";
import { show, write } from "../data/display";
import { nameOf, numbersOf, rowCount, type Frame } from "../data/frame";
import { reduce } from "../data/reduce";
import type { Executed, Result } from "../data/query";
import { h } from "../dom";
import type { Panel } from "../model";
import { dateTime } from "../time";
import { prepare } from "./registry";

function query(one: Executed): HTMLElement {
  const kind = one.instant ? "at the end of the range" : `every ${one.step} s`;
  return h(
    "li",
    {},
    h("pre", {}, h("code", {}, one.expr)),
    h("p", { class: "dim" }, `${one.refId}: ${kind}, ${one.series} series`),
    one.series === 0 ? reasonOf(one) : null,
  );
}

/** Why a query had no result; the answer comes a moment later. */
function reasonOf(one: Executed): HTMLElement {
  const place = h("p", { class: "why", role: "status" }, "Why is it empty? …");
  const say = (text: string): void => place.replaceChildren(h("strong", {}, "Empty now: "), text);
  why(one.expr).then(
    (reason) => say(reason || "it has a result again; or had none in this range of time only"),
    (error: unknown) => say(error instanceof Error ? error.message : String(error)),
  );
  return place;
}

function row(cells: (string | Node)[], tag: "th" | "td"): HTMLElement {
  return h("tr", {}, ...cells.map((cell) => h(tag, tag === "th" ? { scope: "col" } : {}, cell)));
}

function seriesTable(frames: Frame[]): HTMLElement {
  const rows = numbersOf(frames)
    .slice(0, 200)
    .map(({ field, times }) => {
      const at = times[times.length - 1];
      const texts = ["lastNotNull", "min", "max", "mean"].map((id) => write(show(field, reduce(field.values, id))));
      return row([nameOf(field), ...texts, String(field.values.length), at === undefined ? "–" : dateTime(at)], "td");
    });
  return h(
    "table",
    { class: "table" },
    h("thead", {}, row(["Series", "Last", "Min", "Max", "Mean", "Samples", "Newest"], "th")),
    h("tbody", {}, ...rows),
  );
}

function plainTable(frame: Frame): HTMLElement {
  const rows = [...Array(Math.min(200, rowCount(frame))).keys()].map((index) =>
    row(
      frame.fields.map((field) => write(show(field, field.values[index] ?? null))),
      "td",
    ),
  );
  return h("table", { class: "table" }, h("thead", {}, row(frame.fields.map(nameOf), "th")), h("tbody", {}, ...rows));
}

export function inspect(result: Result | null, panel: Panel): HTMLElement[] {
  if (!result) return [h("p", {}, "This panel has no answer yet.")];
  const frames = prepare(result, panel);
  const tables = frames.filter((frame) => frame.format === "table");
  const series = frames.filter((frame) => frame.format !== "table");
  return [
    h("h3", {}, "Queries"),
    h("ol", { class: "queries" }, ...result.executed.map(query)),
    h("h3", {}, "Data"),
    ...(frames.length === 0 ? [h("p", {}, "The queries gave no series.")] : []),
    ...(series.length ? [h("div", { class: "table-scroll" }, seriesTable(series))] : []),
    ...tables.map((frame) => h("div", { class: "table-scroll" }, plainTable(frame))),
  ];
}
