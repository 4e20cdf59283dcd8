/** What the pages about models, drift and accuracy share: which series are of one model, and how a number is told. */

import type { Sample } from "../data/api";
import type { Tone } from "./parts";

type Labels = Record<string, string>;
/** Standard deviations, as the alerts take them. */
const SURE = 3;
const MODEL = ["service", "model", "model_version"];

export const valueOf = ({ metric }: Sample, label: string): string => metric[label] ?? "";

/** Whether two sets of labels are of one model in one version at one service. */
export function sameModel(one: Labels, other: Labels): boolean {
  return MODEL.every((label) => one[label] === other[label]) && sameReference(one.reference, other.reference);
}

function sameReference(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

/** What of a model stands in the address. */
export function modelQuery(metric: Labels, window = ""): string {
  const parts = new URLSearchParams();
  for (const label of MODEL) if (metric[label]) parts.set(label, metric[label]);
  if (window) parts.set("window", window);
  return parts.toString();
}

/** Of each window, how many features are beyond their limit in it. */
export function driftedBy(found: Sample[], windows: string[]): Map<string, number> {
  const inWindow = (window: string): Sample[] => found.filter((one) => one.metric.window === window);
  return new Map(windows.map((window) => [window, inWindow(window).reduce((sum, one) => sum + one.value, 0)]));
}

/** The page of drift at the window, and at the model, where most features drifted: another has nothing to show. */
export function driftHref(found: Sample[], windows: string[]): string {
  const [window, most] = [...driftedBy(found, windows)].reduce((best, one) => (one[1] > best[1] ? one : best), ["", 0]);
  if (!most) return "/drift";
  const models = found.filter((one) => one.metric.window === window && one.value > 0);
  return `/drift?${modelQuery(models.length === 1 ? models[0]!.metric : {}, window)}`;
}

export const percent = (value: number): string => `${(value * 100).toFixed(1)}%`;

/** An accuracy with how unsure it is, twice its standard deviation to each side. */
export function withSpread(value: number | undefined, sd: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  return sd === undefined || Number.isNaN(sd) ? percent(value) : `${percent(value)} ± ${(sd * 200).toFixed(1)}`;
}

export function find(list: Sample[], metric: Labels, window = ""): number | undefined {
  return list.find((one) => sameModel(one.metric, metric) && (!window || one.metric.window === window))?.value;
}

export const count = (value: number | undefined): string =>
  value === undefined ? "–" : Math.round(value).toLocaleString("en");

/** Right by labels, with the number of labels that say so. */
export function accuracyText(
  seen: { labelled: Sample[]; sd: Sample[]; labels: Sample[] },
  metric: Labels,
  window: string,
): string {
  const labels = find(seen.labels, metric, window);
  if (!labels) return "no labels came";
  return `${withSpread(find(seen.labelled, metric, window), find(seen.sd, metric, window))} of ${count(labels)} labels`;
}

/** A selector of one series; values are escaped as Prometheus reads them. */
export function selector(name: string, matchers: Labels): string {
  const pairs = Object.entries(matchers).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(",")}}`;
}

/** As few digits as tell all edges apart. */
function rounded(edges: number[]): string[] {
  for (let digits = 3; digits < 8; digits += 1) {
    const texts = edges.map((value) => String(Number(value.toPrecision(digits))));
    if (new Set(texts).size === texts.length) return texts;
  }
  return edges.map(String);
}

/** What a bin holds, in words: `00` of a feature with edges is what lies at or below the first. */
export function binText(bin: string, edges: number[] | undefined): string {
  if (!edges?.length || !/^\d\d$/.test(bin)) return bin;
  const texts = rounded(edges);
  const index = Number(bin);
  const [below, above] = [texts[index - 1], texts[index]];
  if (below === undefined) return above === undefined ? bin : `≤ ${above}`;
  return above === undefined ? `> ${below}` : `${below} – ${above}`;
}

/** Bins in their order: numbers first, then words, what is missing last. */
export function binOrder(one: string, other: string): number {
  const rank = (bin: string): number => (/^\d\d$/.test(bin) ? 0 : bin === "missing" ? 3 : bin === "other" ? 2 : 1);
  return rank(one) - rank(other) || one.localeCompare(other, "en", { numeric: true });
}

/** What is said of a feature; of too few rows nothing can be. */
export function stateOf({ rows, ratio }: { rows: number; ratio: number | undefined }, enough: number): [string, Tone] {
  if (ratio === undefined || rows < enough) return ["too few rows", "idle"];
  if (ratio > 1) return ["drifted", "bad"];
  return ratio > 0.5 ? ["shifting", "warn"] : ["as learnt", "ok"];
}

/** Below its limit counts only where chance cannot be why, as for the alerts. */
export function standing(value: number | undefined, sd: number | undefined, limit: number | undefined): [string, Tone] {
  if (value === undefined || Number.isNaN(value)) return ["not known", "idle"];
  if (limit === undefined) return ["no limit", "idle"];
  if (value + SURE * (sd ?? 0) < limit) return ["too low", "bad"];
  return value < limit ? ["perhaps too low", "warn"] : ["as it should be", "ok"];
}
