/** Runs a panel's targets against Prometheus and gives frames. */

import type { Panel, Target } from "../model";
import { seconds, stepFor, type TimeRange } from "../time";
import { prometheus } from "./api";
import { field, type Frame, type Labels } from "./frame";
import { builtins, interpolateQuery, type Scope } from "./interpolate";

type Sample = [number, string];
interface Series {
  metric: Labels;
  values?: Sample[];
  value?: Sample;
}
interface Answer {
  resultType: string;
  result: Series[] | Sample;
}

export interface Context {
  range: TimeRange;
  scope: Scope;
  scrape: number;
  width: number;
  signal?: AbortSignal;
}
export interface Executed {
  refId: string;
  expr: string;
  step: number;
  instant: boolean;
  series: number;
}
export interface Result {
  frames: Frame[];
  executed: Executed[];
  range: TimeRange;
}
export interface Exemplar {
  time: number;
  value: number;
  labels: Labels;
  series: Labels;
}

export function numeric(text: string): number {
  if (text === "+Inf" || text === "Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

export function labelText(metric: Labels): string {
  const { __name__: name = "", ...labels } = metric;
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return pairs.length ? `${name}{${pairs.join(", ")}}` : name;
}

function legend(target: Target, metric: Labels, expr: string): string {
  const pattern = target.legendFormat ?? "";
  if (pattern === "" || pattern === "__auto") return labelText(metric) || expr;
  return pattern.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label: string) => metric[label] ?? "");
}

function seriesFrame(target: Target, series: Series, expr: string): Frame {
  const samples = series.values ?? (series.value ? [series.value] : []);
  const value = field(
    "Value",
    "number",
    samples.map((sample) => numeric(sample[1])),
    target.refId,
    series.metric,
  );
  value.legend = legend(target, series.metric, expr);
  const time = field(
    "Time",
    "time",
    samples.map((sample) => sample[0]),
    target.refId,
  );
  return { refId: target.refId, fields: [time, value], format: target.format };
}

function tableFrame(target: Target, list: Series[], alone: boolean): Frame {
  const names = [...new Set(list.flatMap((series) => Object.keys(series.metric)))]
    .filter((name) => name !== "__name__")
    .sort();
  const rows = list.flatMap((series) =>
    (series.values ?? (series.value ? [series.value] : [])).map((sample) => ({ metric: series.metric, sample })),
  );
  const columns = names.map((name) =>
    field(
      name,
      "string",
      rows.map((row) => row.metric[name] ?? null),
      target.refId,
    ),
  );
  const time = field(
    "Time",
    "time",
    rows.map((row) => row.sample[0]),
    target.refId,
  );
  const value = field(
    alone ? "Value" : `Value #${target.refId}`,
    "number",
    rows.map((row) => numeric(row.sample[1])),
    target.refId,
  );
  return { refId: target.refId, fields: [time, ...columns, value], format: "table" };
}

function asSeries(answer: Answer): Series[] {
  if (answer.resultType === "scalar" || answer.resultType === "string")
    return [{ metric: {}, value: answer.result as Sample }];
  return answer.result as Series[];
}

/** The panel's step, and the variables that follow from it. */
export function plan(panel: Panel, target: Target, context: Context): { step: number; scope: Scope } {
  const least = seconds(target.interval) ?? seconds(panel.interval) ?? context.scrape;
  const points = panel.maxDataPoints ?? Math.max(100, Math.round(context.width));
  const step = stepFor(context.range, Math.min(points, 2000), least);
  const { from, to } = context.range;
  return { step, scope: new Map([...context.scope, ...builtins(step, context.scrape, from, to)]) };
}

async function one(expr: string, step: number, instant: boolean, context: Context): Promise<Series[]> {
  const { from, to } = context.range;
  if (instant) return asSeries(await prometheus<Answer>("query", { query: expr, time: to.toFixed(3) }, context.signal));
  const start = Math.floor(from / step) * step;
  const end = Math.floor(to / step) * step;
  const parameters = { query: expr, start: start.toFixed(3), end: end.toFixed(3), step: String(step) };
  return asSeries(await prometheus<Answer>("query_range", parameters, context.signal));
}

async function run(
  panel: Panel,
  target: Target,
  alone: boolean,
  context: Context,
): Promise<{ frames: Frame[]; executed: Executed[] }> {
  const { step, scope } = plan(panel, target, context);
  const expr = interpolateQuery(target.expr ?? "", scope);
  const kinds = target.instant ? (target.range ? [true, false] : [true]) : [false];
  const frames: Frame[] = [];
  const executed: Executed[] = [];
  for (const instant of kinds) {
    const list = await one(expr, step, instant, context);
    executed.push({ refId: target.refId, expr, step, instant, series: list.length });
    if (target.format === "table") frames.push(tableFrame(target, list, alone));
    else frames.push(...list.map((series) => seriesFrame(target, series, expr)));
  }
  return { frames, executed };
}

/** The range of a panel that overrides the dashboard's. */
export function panelRange(panel: Panel, dashboard: TimeRange): TimeRange {
  const span = seconds(panel.timeFrom?.replace(/^now-/, ""));
  return span ? { from: dashboard.to - span, to: dashboard.to } : dashboard;
}

export async function runPanel(panel: Panel, context: Context): Promise<Result> {
  const targets = (panel.targets ?? []).filter((target) => !target.hide && target.expr?.trim());
  const own = { ...context, range: panelRange(panel, context.range) };
  const answers = await Promise.all(targets.map((target) => run(panel, target, targets.length === 1, own)));
  return {
    frames: answers.flatMap((answer) => answer.frames),
    executed: answers.flatMap((answer) => answer.executed),
    range: own.range,
  };
}

interface ExemplarSeries {
  seriesLabels: Labels;
  exemplars: { labels: Labels; value: string; timestamp: number }[];
}

/** Exemplars of the targets that ask for them; a Prometheus without them gives none. */
export async function exemplars(panel: Panel, context: Context): Promise<Exemplar[]> {
  const wanted = (panel.targets ?? []).filter((target) => target.exemplar && !target.hide && target.expr);
  const found = await Promise.all(
    wanted.map(async (target) => {
      const query = interpolateQuery(target.expr!, plan(panel, target, context).scope);
      const parameters = { query, start: context.range.from.toFixed(3), end: context.range.to.toFixed(3) };
      return prometheus<ExemplarSeries[]>("query_exemplars", parameters, context.signal).catch(() => []);
    }),
  );
  return found.flat().flatMap((series) =>
    series.exemplars.map((one) => ({
      time: one.timestamp,
      value: Number(one.value),
      labels: one.labels,
      series: series.seriesLabels,
    })),
  );
}
