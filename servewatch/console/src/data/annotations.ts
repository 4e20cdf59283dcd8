/** Annotations from Prometheus: alerts that fired, deploys, drift. */

import type { Mark } from "../charts/marks";
import { named } from "../color";
import type { Annotation } from "../model";
import { seconds, stepFor, type TimeRange } from "../time";
import { prometheus } from "./api";
import type { Labels } from "./frame";
import { builtins, interpolateQuery, type Scope } from "./interpolate";

interface Series {
  metric: Labels;
  values: [number, string][];
}

function filled(pattern: string | undefined, labels: Labels): string {
  return (pattern ?? "").replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
}

/** Samples that follow one another are one event that lasted. */
function events(annotation: Annotation, series: Series, step: number): Mark[] {
  const base = {
    name: annotation.name,
    color: named(annotation.iconColor, "#5794F2"),
    title: filled(annotation.titleFormat, series.metric) || series.metric.alertname || annotation.name,
    text: filled(annotation.textFormat, series.metric),
    tags: (annotation.tagKeys ?? "")
      .split(",")
      .map((key) => series.metric[key.trim()] ?? "")
      .filter(Boolean),
  };
  const samples = series.values.filter(([, value]) => Number(value) > 0);
  if (annotation.useValueForTime === true || annotation.useValueForTime === "on") {
    const times = [...new Set(samples.map(([, value]) => Number(value) / 1000))];
    return times.map((at) => ({ ...base, from: at, to: at }));
  }
  const marks: Mark[] = [];
  for (const [at] of samples) {
    const last = marks[marks.length - 1];
    if (last && at - last.to <= step * 1.5) last.to = at;
    else marks.push({ ...base, from: at, to: at });
  }
  return marks;
}

export function annotationQueries(list: Annotation[]): Annotation[] {
  return list.filter((one) => !one.builtIn && (one.expr ?? one.target?.expr));
}

export async function loadAnnotations(
  list: Annotation[],
  off: string[],
  scope: Scope,
  range: TimeRange,
  scrape: number,
): Promise<Mark[]> {
  const wanted = annotationQueries(list).filter((one) => one.enable !== false && !off.includes(one.name));
  const found = await Promise.all(
    wanted.map(async (annotation) => {
      const step = stepFor(range, 300, seconds(annotation.step) ?? scrape);
      const all = new Map([...scope, ...builtins(step, scrape, range.from, range.to)]);
      const query = interpolateQuery(annotation.expr ?? annotation.target?.expr ?? "", all);
      const start = Math.floor(range.from / step) * step;
      const parameters = { query, start: start.toFixed(3), end: range.to.toFixed(3), step: String(step) };
      const { result } = await prometheus<{ result: Series[] }>("query_range", parameters);
      return result.flatMap((series) => events(annotation, series, step));
    }),
  );
  return found.flat();
}
