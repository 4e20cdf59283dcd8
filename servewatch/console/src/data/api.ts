/** Everything that the page asks of its own host: the proxy's routes and the dashboards. */

import type { Dashboard, DashboardEntry } from "../model";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly help = "",
  ) {
    super(message);
  }
}

interface Problem {
  error?: string | { message?: string; help?: string };
}

async function problem(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as Problem | string;
  // Alertmanager says what is wrong as a bare string.
  if (typeof body === "string") return new ApiError(body);
  if (typeof body.error === "object") return new ApiError(body.error.message ?? response.statusText, body.error.help);
  return new ApiError(body.error ?? `${response.status} ${response.statusText}`);
}

export async function get<T>(
  path: string,
  parameters?: Record<string, string | string[]>,
  signal?: AbortSignal,
): Promise<T> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters ?? {})) {
    for (const item of Array.isArray(value) ? value : [value]) search.append(name, item);
  }
  const query = search.size ? `?${search}` : "";
  let response: Response;
  try {
    response = await fetch(`/api/${path}${query}`, { signal: signal ?? null, headers: { accept: "application/json" } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("The console does not answer.", "Is `servewatch console` (or `servewatch up`) still running?");
  }
  if (!response.ok) throw await problem(response);
  return (await response.json()) as T;
}

/** Changes something: a silence is all that can be changed. */
export async function send<T>(method: "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
  const content =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  let response: Response;
  try {
    response = await fetch(`/api/${path}`, { method, ...content });
  } catch {
    throw new ApiError("The console does not answer.", "Is `servewatch console` (or `servewatch up`) still running?");
  }
  if (!response.ok) throw await problem(response);
  return (await response.json()) as T;
}

/** The `data` of an answer of Prometheus' API. */
export async function prometheus<T>(
  path: string,
  parameters?: Record<string, string | string[]>,
  signal?: AbortSignal,
): Promise<T> {
  return (await get<{ data: T }>(`prometheus/api/v1/${path}`, parameters, signal)).data;
}

export interface Config {
  version: string;
  prometheus: string;
  alertmanager: string;
  receiver: string;
  home: HomeQueries;
  watched: WatchedQueries;
  /** The folder of the models. */
  store: string;
  /** Where the alerts' own links to the runbook lead. */
  runbook: string;
  /** Where a trace can be looked at, with {trace_id} in its place; empty where nowhere. */
  traces?: string;
}
export interface HomeColumn {
  title: string;
  expr: string;
  unit: string;
  /** Over which time, such as `1m`; empty for a number of this moment. */
  window: string;
  limit: number | null;
  /** The alerts that look at this number. */
  alerts: string[];
}
export interface HomeQueries {
  label: string;
  up: string;
  columns: HomeColumn[];
  /** What is left of each error budget; below 0 it is spent. */
  budget: string;
  /** The dashboards of the objectives, and of a service. */
  objectives: string;
  dashboard: string;
}

/** What the pages about models, drift and accuracy ask. */
export interface WatchedQueries {
  models: string;
  saved: string;
  replicas: string;
  rates: string;
  /** How many features are beyond their limit, over all windows; and how many of each model in each window. */
  drifted: string;
  drifted_in: string;
  critical: string;
  bad: string;
  reference: string;
  minimum: string;
  scores: Record<"score" | "rows" | "psi" | "ks" | "moved" | "reference_rows", string>;
  accuracy: Record<"labelled" | "labelled_sd" | "labels" | "estimated" | "estimated_sd" | "drifted" | "ratio", string>;
  /** Names of series that are narrowed to one feature or model. */
  series: Record<"live" | "counted" | "reference" | "right" | "learnt" | "labels", string>;
  memory: string;
  windows: string[];
  enough_rows: number;
  enough_labels: number;
  dashboard: string;
}

export const config = (): Promise<Config> => get("config");
export const runbookText = async (): Promise<string> => (await get<{ text: string }>("runbook")).text;
export const dashboards = (): Promise<DashboardEntry[]> => get("dashboards");
export const dashboard = (uid: string): Promise<Dashboard> => get(`dashboards/${encodeURIComponent(uid)}`);

export interface AlertInstance {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: string;
  activeAt: string;
  value: string;
}
export interface AlertRule {
  type: string;
  name: string;
  query: string;
  duration: number;
  state: "inactive" | "pending" | "firing";
  health: string;
  lastError?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  alerts: AlertInstance[];
}
export interface Target {
  labels: Record<string, string>;
  scrapeUrl: string;
  health: string;
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
  scrapeInterval?: string;
}
export interface ManagedAlert {
  labels: Record<string, string>;
  /** When it began to fire, as Prometheus told. */
  startsAt?: string;
  status: { state: string; silencedBy: string[]; inhibitedBy: string[] };
}
export interface Notification {
  status?: string;
  receiver?: string;
  receivedAt?: string;
  received_at?: string;
  groupLabels?: Record<string, string>;
  alerts?: {
    status: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    startsAt: string;
    endsAt?: string;
  }[];
}

export async function alertRules(): Promise<AlertRule[]> {
  const { groups } = await prometheus<{ groups: { rules: AlertRule[] }[] }>("rules", { type: "alert" });
  return groups.flatMap((group) => group.rules);
}

export async function targets(): Promise<Target[]> {
  return (await prometheus<{ activeTargets: Target[] }>("targets", { state: "active" })).activeTargets;
}

export interface Sample {
  metric: Record<string, string>;
  value: number;
}

const numberOf = (text: string): number => Number(text.replace(/Inf$/, "Infinity"));

/** A query of this moment. */
export async function instant(query: string): Promise<Sample[]> {
  type Answer = { result: { metric: Record<string, string>; value: [number, string] }[] };
  const { result } = await prometheus<Answer>("query", { query });
  return result.map(({ metric, value }) => ({ metric, value: numberOf(value[1]) }));
}

export interface Matcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual: boolean;
}
export interface Silence {
  id: string;
  status: { state: "active" | "pending" | "expired" };
  matchers: Matcher[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
}
export const silences = (): Promise<Silence[]> => get("alertmanager/api/v2/silences");
export const addSilence = (silence: Omit<Silence, "id" | "status">): Promise<{ silenceID: string }> =>
  send("POST", "alertmanager/api/v2/silences", silence);
export const endSilence = (id: string): Promise<unknown> =>
  send("DELETE", `alertmanager/api/v2/silence/${encodeURIComponent(id)}`);

export interface StoredModel {
  name: string;
  version: string;
  framework: string;
  created: string;
  labels: Record<string, string>;
  metadata: Record<string, unknown>;
  size: number;
  latest: boolean;
  reference: string | null;
}
export interface LearntFeature {
  name: string;
  role: string;
  bins: string[];
  edges?: number[];
}
export const storedModels = (): Promise<StoredModel[]> => get("models");
export const storedModel = (
  name: string,
  version: string,
): Promise<StoredModel & { learnt: { hash: string; features: LearntFeature[] } | null }> =>
  get(`models/${encodeURIComponent(name)}/${encodeURIComponent(version)}`);

export const why = async (query: string): Promise<string> => (await get<{ reason: string }>("why", { query })).reason;
export interface EmptyPanel {
  uid: string;
  title: string;
  place: string;
  query: string;
  reason: string;
}
export const emptyPanels = (): Promise<{ queries: number; dashboards: number; empty: EmptyPanel[] }> => get("empty");

export const managedAlerts = (): Promise<ManagedAlert[]> => get("alertmanager/api/v2/alerts");

export const notifications = (): Promise<Notification[]> => get("receiver/notifications");

let interval: Promise<number> | null = null;

/** Seconds between two scrapes of most targets: what a rate must at least span. */
export function scrapeInterval(): Promise<number> {
  interval ??= targets()
    .then((list) => mostCommon(list.map((target) => Number.parseFloat(toSeconds(target.scrapeInterval)))) ?? 15)
    .catch(() => {
      interval = null;
      return 15;
    });
  return interval;
}

function toSeconds(text = "15s"): string {
  const parts = [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)];
  const size = { ms: 0.001, s: 1, m: 60, h: 3600 };
  return String(
    parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * size[unit as keyof typeof size], 0) || 15,
  );
}

function mostCommon(values: number[]): number | null {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}
