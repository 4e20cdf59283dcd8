/** Numbers as Grafana writes them: the unit ids of its field configuration. */

export interface Formatted {
  text: string;
  prefix: string;
  suffix: string;
}
type Formatter = (value: number, decimals?: number | null) => Formatted;

/** How many digits behind the point tell a value apart when none were asked for. */
function enoughDecimals(value: number): number {
  if (value === 0 || Number.isInteger(value)) return 0;
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const digits = 1 - magnitude;
  const leading = Math.abs(value) / 10 ** -digits;
  return Math.max(0, leading > 2.25 ? digits + 1 : digits);
}

export function toFixed(value: number, decimals?: number | null): string {
  const places = decimals ?? enoughDecimals(value);
  if (value === 0) return (0).toFixed(places);
  const factor = 10 ** Math.max(0, places);
  const text = String(Math.round(value * factor) / factor);
  if (text.includes("e") || places === 0) return text;
  const [whole, fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(places, "0")}`;
}

function plain(suffix = "", factor = 1): Formatter {
  return (value, decimals) => ({ text: toFixed(value * factor, decimals), prefix: "", suffix });
}

/** Steps of `base`: 1500 becomes 1.50 K. `start` is the index of the unit itself in `steps`. */
function scaled(steps: string[], base: number, start = 0): Formatter {
  return (value, decimals) => {
    let index = start;
    let rest = value;
    while (Math.abs(rest) >= base && index < steps.length - 1) {
      rest /= base;
      index += 1;
    }
    while (rest !== 0 && Math.abs(rest) < 1 && index > 0) {
      rest *= base;
      index -= 1;
    }
    return { text: toFixed(rest, decimals), prefix: "", suffix: steps[index]! };
  };
}

const BIG = ["", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept"];
const LARGE = ["", "K", "M", "B", "T"];
const SI = ["n", "µ", "m", "", "k", "M", "G", "T", "P", "E"];
const IEC = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const short = scaled(BIG, 1000);
const simple = (symbol: string): Formatter =>
  scaled(
    LARGE.map((step) => `${step} ${symbol}`),
    1000,
  );
const binary = (symbol: string): Formatter =>
  scaled(
    IEC.map((step) => ` ${step}${symbol}`),
    1024,
  );
const si = (symbol: string): Formatter =>
  scaled(
    SI.map((step) => ` ${step}${symbol}`),
    1000,
    3,
  );

/** A step of a ladder: from this size on, in units of this length, with this word; `s` for more than one. */
type Rung = [from: number, length: number, word: string, plural: string];

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const WEEK = 604800;
/** Grafana takes a year to begin after 365 days and to last 365.2419 of them. */
const YEAR: Rung = [31536000, 31556900, " year", " years"];
const LONG: Rung[] = [
  [HOUR, HOUR, " hour", " hours"],
  [DAY, DAY, " day", " days"],
  [WEEK, WEEK, " week", " weeks"],
  YEAR,
];
const MINUTES: Rung = [MINUTE, MINUTE, " min", " mins"];

const rung = (length: number, word: string, plural = word): Rung => [length, length, word, plural];

/** A ratio of two units without the last digit's error of floating point. */
function exact(ratio: number): number {
  return Math.abs(ratio - Math.round(ratio)) < 1e-9 * ratio ? Math.round(ratio) : ratio;
}

/** A time given in units of `base` seconds, written on the highest rung that it reaches. */
function ladder(base: number, rungs: Rung[]): Formatter {
  return (value, decimals) => {
    const size = Math.abs(value) * base;
    const [, length, word, plural] = rungs.findLast(([from]) => size >= from * (1 - 1e-12)) ?? rungs[0]!;
    const scaledValue = length >= base ? value / exact(length / base) : value * exact(base / length);
    return { text: toFixed(scaledValue, decimals), prefix: "", suffix: Math.abs(scaledValue) > 1 ? plural : word };
  };
}

const BELOW = [rung(1e-9, " ns"), rung(1e-6, " µs"), rung(1e-3, " ms")];
const [NANO, MICRO, MILLI] = BELOW as [Rung, Rung, Rung];
const SECOND = rung(1, " s");
const someSeconds = ladder(1, [...BELOW, SECOND, MINUTES, ...LONG]);
/** Nothing at all is nothing in the unit itself. */
const seconds: Formatter = (value, decimals) =>
  value === 0 ? { text: toFixed(0, decimals), prefix: "", suffix: " s" } : someSeconds(value, decimals);
const milliseconds = ladder(1e-3, [MILLI, SECOND, MINUTES, LONG[0]!, LONG[1]!, YEAR]);
const microseconds = ladder(1e-6, [MICRO, MILLI, SECOND]);
const nanoseconds = ladder(1e-9, [
  NANO,
  MICRO,
  MILLI,
  SECOND,
  rung(MINUTE, " min"),
  rung(HOUR, " hour"),
  rung(DAY, " day"),
]);
const minutes = ladder(60, [rung(MINUTE, " min"), ...LONG]);
const PLAIN_YEAR: Rung = [31536000, 31536000, " year", " years"];
const hours = ladder(HOUR, [rung(HOUR, " hour"), LONG[1]!, LONG[2]!, PLAIN_YEAR]);
const days = ladder(DAY, [LONG[1]!, LONG[2]!, PLAIN_YEAR]);

const SPANS: [number, string][] = [
  [31536000, "year"],
  [2628000, "month"],
  [604800, "week"],
  [86400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** A duration in words: `2 hours`, or with decimals 1 `2 hours, 5 minutes`. */
const duration: Formatter = (value, decimals) => {
  let rest = Math.abs(value);
  if (rest === 0) return { text: "0 seconds", prefix: "", suffix: "" };
  if (rest < 1) {
    const count = Math.floor(Number((rest * 1000).toFixed(9)));
    return { text: `${count} millisecond${count === 1 ? "" : "s"}`, prefix: "", suffix: value < 0 ? " ago" : "" };
  }
  const words: string[] = [];
  for (const [length, name] of SPANS) {
    if (words.length > (decimals ?? 0)) break;
    const count = Math.floor(rest / length);
    if (count < 1 && words.length === 0) continue;
    rest -= count * length;
    if (count > 0) words.push(`${count} ${name}${count === 1 ? "" : "s"}`);
  }
  return { text: words.join(", "), prefix: "", suffix: value < 0 ? " ago" : "" };
};

const date: Formatter = (value) => ({ text: new Date(value).toLocaleString(), prefix: "", suffix: "" });
const yes =
  (on: string, off: string): Formatter =>
  (value) => ({ text: value ? on : off, prefix: "", suffix: "" });

const UNITS: Record<string, Formatter> = {
  none: plain(),
  string: plain(),
  short,
  sishort: si(""),
  percent: plain("%"),
  percentunit: plain("%", 100),
  s: seconds,
  ms: milliseconds,
  µs: microseconds,
  ns: nanoseconds,
  m: minutes,
  h: hours,
  d: days,
  dtdurations: duration,
  dtdurationms: (value, decimals) =>
    value === 0 ? { text: "0 milliseconds", prefix: "", suffix: "" } : duration(value / 1000, decimals),
  bytes: binary("B"),
  decbytes: si("B"),
  bits: binary("b"),
  decbits: si("b"),
  Bps: si("B/s"),
  binBps: binary("B/s"),
  bps: si("b/s"),
  reqps: simple("req/s"),
  ops: simple("ops/s"),
  cps: simple("c/s"),
  rps: simple("rd/s"),
  wps: simple("wr/s"),
  iops: simple("io/s"),
  cpm: simple("c/m"),
  reqpm: simple("req/m"),
  opm: simple("ops/m"),
  hertz: si("Hz"),
  watt: si("W"),
  joule: si("J"),
  celsius: plain(" °C"),
  humidity: plain(" %H"),
  bool: yes("True", "False"),
  bool_yes_no: yes("Yes", "No"),
  bool_on_off: yes("On", "Off"),
  dateTimeAsIso: date,
  dateTimeAsLocal: date,
  dateTimeFromNow: (value) => ({ ...duration((Date.now() - value) / 1000), suffix: " ago" }),
  locale: (value, decimals) => ({
    text: value.toLocaleString(
      undefined,
      decimals === null || decimals === undefined ? {} : { maximumFractionDigits: decimals },
    ),
    prefix: "",
    suffix: "",
  }),
};

/** Ids of the units that the console writes as Grafana does. */
export const UNIT_IDS = Object.keys(UNITS);

/** A number in a unit; ids of the custom kinds (`suffix:`, `prefix:`, `count:`, `si:`) are read too. */
export function format(value: number, unit = "none", decimals?: number | null): Formatted {
  if (!Number.isFinite(value)) {
    return { text: Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf", prefix: "", suffix: "" };
  }
  const known = UNITS[unit];
  if (known) return known(value, decimals);
  const [kind, ...parts] = unit.split(":");
  const symbol = parts.join(":");
  if (kind === "suffix") return { text: toFixed(value, decimals), prefix: "", suffix: ` ${symbol}` };
  if (kind === "prefix") return { text: toFixed(value, decimals), prefix: symbol, suffix: "" };
  if (kind === "count") return simple(symbol)(value, decimals);
  if (kind === "si") return si(symbol)(value, decimals);
  return { text: toFixed(value, decimals), prefix: "", suffix: unit && unit !== "none" ? ` ${unit}` : "" };
}

/** The same as one string. */
export function write(value: number, unit?: string, decimals?: number | null): string {
  const { prefix, text, suffix } = format(value, unit, decimals);
  return prefix + text + suffix;
}
