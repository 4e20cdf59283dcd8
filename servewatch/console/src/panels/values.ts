/** Single values out of frames, for stat, gauge, bar gauge and pie. */

import { extent, show, type Shown } from "../data/display";
import { nameOf, timesOf, type Field, type Frame, type Labels, type Value } from "../data/frame";
import { reduce } from "../data/reduce";
import { classic } from "../color";
import type { Panel } from "../model";

export interface Single {
  name: string;
  shown: Shown;
  field: Field;
  limits: { min: number; max: number };
  labels: Labels;
  times: number[];
  values: Value[];
}
interface ReduceOptions {
  calcs?: string[];
  fields?: string;
  values?: boolean;
  limit?: number;
}

function wanted(one: Field, fields: string): boolean {
  if (!fields) return one.type === "number";
  if (one.type === "time" && fields !== "/.*/") return false;
  const pattern = /^\/(.*)\/$/.exec(fields)?.[1];
  return pattern === undefined ? nameOf(one) === fields : new RegExp(pattern).test(nameOf(one));
}

/** Colours by palette need a place; colours by threshold ignore it. */
function single(one: Field, value: Value, frame: Frame, index: number, all: Field[], row?: number): Single {
  const limits = extent(one, all);
  const text = frame.fields.find((other) => other.type === "string");
  const name = row !== undefined && text ? String(text.values[row] ?? "") : nameOf(one);
  return {
    name,
    shown: show(one, value, limits, classic(index)),
    field: one,
    limits,
    labels: one.labels,
    times: timesOf(frame),
    values: one.values,
  };
}

export function singles(frames: Frame[], panel: Panel): Single[] {
  const {
    calcs = ["lastNotNull"],
    fields = "",
    values = false,
    limit,
  } = (panel.options?.reduceOptions ?? {}) as ReduceOptions;
  const pairs = frames.flatMap((frame) =>
    frame.fields.filter((one) => wanted(one, fields)).map((one) => ({ one, frame })),
  );
  const all = pairs.map((pair) => pair.one);
  const result = pairs.flatMap(({ one, frame }, index) =>
    values
      ? one.values.map((value, row) => single(one, value, frame, row, all, row))
      : [single(one, reduce(one.values, calcs[0] ?? "lastNotNull"), frame, index, all)],
  );
  return limit ? result.slice(0, limit) : result;
}

/** The value that stands for nothing: shown where a query gave no series but the panel says what that means. */
export function nothing(panel: Panel): Single | null {
  const config = panel.fieldConfig?.defaults ?? {};
  const one: Field = { name: "", type: "number", values: [], labels: {}, refId: "", config };
  const shown = show(one, null);
  if (!shown.mapped && config.noValue === undefined) return null;
  return { name: "", shown, field: one, limits: { min: 0, max: 1 }, labels: {}, times: [], values: [] };
}
