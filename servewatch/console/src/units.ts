/** Numbers as Grafana writes them: the unit ids of its field configuration. */

export interface Formatted { text: string; prefix: string; suffix: string }
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
const SI_UP = ["", "k", "M", "G", "T", "P", "E"];
const SI = ["n", "µ", "m", ...SI_UP];
const IEC = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const short = scaled(BIG, 1000);
const simple = (symbol: string): Formatter => scaled(LARGE.map((step) => `${step} ${symbol}`), 1000);
const binary = (symbol: string): Formatter => scaled(IEC.map((step) => ` ${step}${symbol}`), 1024);
const decimal = (symbol: string): Formatter => scaled(SI_UP.map((step) => ` ${step}${symbol}`), 1000);
const si = (symbol: string): Formatter => scaled(SI.map((step) => ` ${step}${symbol}`), 1000, 3);

const LADDER: [number, string, string][] = [
  [31536000, " year", " years"],
  [604800, " week", " weeks"],
  [86400, " day", " days"],
  [3600, " hour", " hours"],
  [60, " min", " mins"],
];

const seconds: Formatter = (value, decimals) => {
  const size = Math.abs(value);
  if (size === 0) return { text: toFixed(0, decimals), prefix: "", suffix: " s" };
  if (size < 1e-6) return { text: toFixed(value * 1e9, decimals), prefix: "", suffix: " ns" };
  if (size < 1e-3) return { text: toFixed(value * 1e6, decimals), prefix: "", suffix: " µs" };
  if (size < 1) return { text: toFixed(value * 1e3, decimals), prefix: "", suffix: " ms" };
  const step = LADDER.find(([length]) => size >= length);
  if (!step) return { text: toFixed(value, decimals), prefix: "", suffix: " s" };
  const text = toFixed(value / step[0], decimals);
  const plural = step[0] > 60 ? text !== "1" : false;
  return { text, prefix: "", suffix: plural ? step[2] : step[1] };
};

const milliseconds: Formatter = (value, decimals) => {
  if (Math.abs(value) < 1000) {
    return Math.abs(value) < 1 && value !== 0
      ? seconds(value / 1000, decimals)
      : { text: toFixed(value, decimals), prefix: "", suffix: " ms" };
  }
  return seconds(value / 1000, decimals);
};

const SPANS: [number, string][] = [
  [31536000, "year"], [2628000, "month"], [604800, "week"], [86400, "day"],
  [3600, "hour"], [60, "minute"], [1, "second"],
];

/** A duration in words: `2 hours`, or with decimals 1 `2 hours, 5 minutes`. */
const duration: Formatter = (value, decimals) => {
  let rest = Math.abs(value);
  if (rest < 1) return { text: toFixed(rest * 1000, 0), prefix: value < 0 ? "-" : "", suffix: " ms" };
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
const yes = (on: string, off: string): Formatter => (value) => ({ text: value ? on : off, prefix: "", suffix: "" });

const UNITS: Record<string, Formatter> = {
  none: plain(),
  string: plain(),
  short,
  sishort: decimal(""),
  percent: plain("%"),
  percentunit: plain("%", 100),
  s: seconds,
  ms: milliseconds,
  "µs": (value, decimals) => seconds(value / 1e6, decimals),
  ns: (value, decimals) => seconds(value / 1e9, decimals),
  m: (value, decimals) => seconds(value * 60, decimals),
  h: (value, decimals) => seconds(value * 3600, decimals),
  d: (value, decimals) => seconds(value * 86400, decimals),
  dtdurations: duration,
  dtdurationms: (value, decimals) => duration(value / 1000, decimals),
  bytes: binary("B"),
  decbytes: decimal("B"),
  bits: binary("b"),
  decbits: decimal("b"),
  Bps: decimal("B/s"),
  binBps: binary("B/s"),
  bps: decimal("b/s"),
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
    text: value.toLocaleString(undefined, decimals === null || decimals === undefined ? {} : { maximumFractionDigits: decimals }),
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
