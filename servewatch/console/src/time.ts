/** Times: relative ranges, steps that Grafana would take, and how times are written. */

export interface TimeRange {
  from: number;
  to: number;
}

const UNIT_SECONDS: Record<string, number> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86400,
  w: 604800,
  M: 2592000,
  y: 31536000,
};

/** Seconds of a duration such as `30s`, `5m` or `1h30m`; null for what is none. */
export function seconds(text: string | undefined | null): number | null {
  if (!text) return null;
  const bare = text.replace(/^[<>]=?/, "").trim();
  if (!/^(\d+(\.\d+)?(ms|[smhdwMy]))+$/.test(bare)) return null;
  let sum = 0;
  for (const [, amount, unit] of bare.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwMy])/g))
    sum += Number(amount) * UNIT_SECONDS[unit!]!;
  return sum;
}

function startOf(at: Date, unit: string, end: boolean): Date {
  const date = new Date(at);
  if (unit === "s") date.setMilliseconds(0);
  if (unit === "m") date.setSeconds(0, 0);
  if (unit === "h") date.setMinutes(0, 0, 0);
  if ("dwMy".includes(unit)) date.setHours(0, 0, 0, 0);
  if (unit === "w") date.setDate(date.getDate() - ((date.getDay() + 6) % 7));
  if (unit === "M") date.setDate(1);
  if (unit === "y") date.setMonth(0, 1);
  if (!end) return date;
  if (unit === "M") date.setMonth(date.getMonth() + 1);
  else if (unit === "y") date.setFullYear(date.getFullYear() + 1);
  else if (unit === "d" || unit === "w") date.setDate(date.getDate() + (unit === "w" ? 7 : 1));
  else date.setTime(date.getTime() + UNIT_SECONDS[unit]! * 1000);
  return date;
}

/** Seconds since the epoch of `now-6h`, `now/d`, milliseconds, or a date that a browser reads. */
export function moment(text: string, now: number, end = false): number {
  const relative = /^now((?:[+-]\d+[smhdwMy])*)(?:\/([smhdwMy]))?$/.exec(text.trim());
  if (relative) {
    let at = now;
    for (const [, sign, amount, unit] of relative[1]!.matchAll(/([+-])(\d+)([smhdwMy])/g)) {
      at += (sign === "-" ? -1 : 1) * Number(amount) * UNIT_SECONDS[unit!]!;
    }
    return relative[2] ? startOf(new Date(at * 1000), relative[2], end).getTime() / 1000 : at;
  }
  if (/^\d{9,}$/.test(text)) return Number(text) / (text.length > 10 ? 1000 : 1);
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? now : parsed / 1000;
}

export function range(from: string, to: string, now = Date.now() / 1000): TimeRange {
  const start = moment(from, now);
  const end = moment(to, now, true);
  return end > start ? { from: start, to: end } : { from: end - 3600, to: end };
}

const NICE = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
  604800,
];

/** The round step that gives at most `points` points, and is not under `least`. */
export function stepFor(span: TimeRange, points: number, least: number): number {
  const exact = (span.to - span.from) / Math.max(1, points);
  return Math.max(least, NICE.find((step) => step >= exact * 0.85) ?? NICE[NICE.length - 1]!);
}

const two = (value: number): string => String(value).padStart(2, "0");

export function clock(at: number, withSeconds = true): string {
  const date = new Date(at * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}${withSeconds ? `:${two(date.getSeconds())}` : ""}`;
}

export function dateTime(at: number): string {
  const date = new Date(at * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(at)}`;
}

/** A value for an `<input type="datetime-local">`. */
export function inputValue(at: number): string {
  return dateTime(at).replace(" ", "T");
}

const AGES: [number, string][] = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** `3 min`: the time since a moment. */
export function age(at: number, now = Date.now() / 1000): string {
  const span = Math.max(0, now - at);
  const [length, unit] = AGES.find(([size]) => span >= size) ?? [1, "s"];
  return `${Math.floor(span / length)} ${unit}`;
}

const joined = (large: number, name: string, small: number, other: string): string =>
  small ? `${large} ${name} ${small} ${other}` : `${large} ${name}`;

/** `1 h 59 min`: a length of time, rounded to the smaller of two units. */
export function length(span: number): string {
  if (span < 59.5) return `${Math.max(0, Math.round(span))} s`;
  const minutes = Math.round(span / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return joined(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(span / 3600);
  return joined(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** `3 min ago`. */
export function ago(at: number, now = Date.now() / 1000): string {
  return now - at < 1 ? "just now" : `${age(at, now)} ago`;
}

export const QUICK: [string, string][] = [
  ["now-5m", "Last 5 minutes"],
  ["now-15m", "Last 15 minutes"],
  ["now-30m", "Last 30 minutes"],
  ["now-1h", "Last hour"],
  ["now-3h", "Last 3 hours"],
  ["now-6h", "Last 6 hours"],
  ["now-12h", "Last 12 hours"],
  ["now-24h", "Last 24 hours"],
  ["now-2d", "Last 2 days"],
  ["now-7d", "Last 7 days"],
  ["now-30d", "Last 30 days"],
  ["now-90d", "Last 90 days"],
];

/** The words for a range, as the picker shows them. */
export function rangeLabel(from: string, to: string): string {
  const quick = to === "now" ? QUICK.find(([value]) => value === from) : undefined;
  if (quick) return quick[1];
  if (/^now/.test(from) && to === "now") return `Last ${from.replace("now-", "")}`;
  const span = range(from, to);
  return `${dateTime(span.from)} to ${dateTime(span.to)}`;
}
