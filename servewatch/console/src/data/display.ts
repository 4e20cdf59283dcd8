/** Field configuration: defaults, overrides, mappings, and how a value is shown with it. */

import { classic, classicByName, continuous, named, ramp, seen, threshold } from "../color";
import type { FieldConfig, Mapping, MappingResult, Override, Panel } from "../model";
import { toldApart, type Wanted } from "../palette";
import { format, type Formatted } from "../units";
import { nameOf, type Field, type Frame, type Value } from "./frame";

export interface Shown extends Formatted {
  color: string;
  mapped: boolean;
  value: Value;
}

export const write = (shown: Shown): string => shown.prefix + shown.text + shown.suffix;

function expression(pattern: string): RegExp | null {
  const parts = /^\/(.*)\/([gimsuy]*)$/s.exec(pattern);
  try {
    return parts ? new RegExp(parts[1]!, parts[2]!.replace("g", "")) : new RegExp(pattern);
  } catch {
    return null;
  }
}

type Matcher = (one: Field, options: unknown) => boolean;

const MATCHERS: Record<string, Matcher> = {
  byName: (one, options) => nameOf(one) === options || one.name === options,
  byRegexp: (one, options) => expression(String(options))?.test(nameOf(one)) ?? false,
  byType: (one, options) => one.type === options,
  byFrameRefID: (one, options) => one.refId === options,
  byNames: (one, options) => {
    const { mode = "include", names = [] } = options as { mode?: string; names?: string[] };
    return names.includes(nameOf(one)) === (mode === "include");
  },
};

export const MATCHER_IDS = Object.keys(MATCHERS);

function assign(config: FieldConfig, path: string, value: unknown): void {
  const keys = path.split(".");
  let at = config as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) {
    at[key] = { ...(at[key] as object | undefined) };
    at = at[key] as Record<string, unknown>;
  }
  at[keys[keys.length - 1]!] = value;
}

function configure(one: Field, defaults: FieldConfig, overrides: Override[]): void {
  one.config = { ...defaults, custom: { ...defaults.custom } };
  for (const override of overrides) {
    if (!MATCHERS[override.matcher.id]?.(one, override.matcher.options)) continue;
    for (const { id, value } of override.properties) assign(one.config, id, value);
  }
}

/** Gives each field the configuration that holds for it. */
export function applyConfig(frames: Frame[], panel: Panel): Frame[] {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  for (const frame of frames) for (const one of frame.fields) configure(one, defaults, overrides);
  return frames;
}

const SPECIAL: Record<string, (value: Value) => boolean> = {
  null: (value) => value === null,
  nan: (value) => typeof value === "number" && Number.isNaN(value),
  "null+nan": (value) => value === null || Number.isNaN(value),
  empty: (value) => value === "",
  true: (value) => (value as unknown) === true || value === "true",
  false: (value) => (value as unknown) === false || value === "false",
};

function within(value: Value, from: unknown, to: unknown): boolean {
  if (typeof value !== "number" || Number.isNaN(value)) return false;
  const low = from === null || from === undefined ? Number.NEGATIVE_INFINITY : Number(from);
  const high = to === null || to === undefined ? Number.POSITIVE_INFINITY : Number(to);
  return value >= low && value <= high;
}

function matchOne(mapping: Mapping, value: Value): MappingResult | null {
  const { options } = mapping;
  const result = options.result as MappingResult | undefined;
  if (mapping.type === "value") return (options[String(value)] as MappingResult | undefined) ?? null;
  if (mapping.type === "range") return within(value, options.from, options.to) ? (result ?? null) : null;
  if (mapping.type === "special") return SPECIAL[String(options.match)]?.(value) ? (result ?? null) : null;
  const pattern = expression(String(options.pattern ?? ""));
  if (value === null || !pattern?.test(String(value))) return null;
  return { ...result, text: String(value).replace(pattern, result?.text ?? "$&") };
}

export const MAPPING_KINDS = ["value", "range", "special", "regex"];

export function mapped(config: FieldConfig, value: Value): MappingResult | null {
  for (const mapping of config.mappings ?? []) {
    const result = matchOne(mapping, value);
    if (result) return result;
  }
  return null;
}

/** The range that percentages, gauges and continuous colours refer to. */
export function extent(one: Field, all: Field[] = [one]): { min: number; max: number } {
  const numbers = all
    .flatMap((item) => item.values)
    .filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  const min = one.config.min ?? (numbers.length ? Math.min(...numbers) : 0);
  const max = one.config.max ?? (numbers.length ? Math.max(...numbers) : 100);
  return { min, max: max > min ? max : min + 1 };
}

export function colorOf(
  config: FieldConfig,
  value: Value,
  limits: { min: number; max: number },
  fallback: string,
): string {
  const mode = config.color?.mode ?? "thresholds";
  if (mode === "fixed" || mode === "shades") return named(config.color?.fixedColor, fallback);
  const stops = continuous(mode);
  if (typeof value !== "number" || Number.isNaN(value))
    return mode === "thresholds" || stops ? named("gray") : fallback;
  if (stops) return ramp(stops, (value - limits.min) / (limits.max - limits.min));
  return mode === "thresholds" ? threshold(value, config.thresholds, limits.min, limits.max) : fallback;
}

/** A value as text and colour. */
export function show(one: Field, value: Value, limits = extent(one), fallback = "#73BF69"): Shown {
  const { config } = one;
  const mapping = mapped(config, value);
  const color = seen(mapping?.color ? named(mapping.color) : colorOf(config, value, limits, fallback));
  if (mapping?.text !== undefined && mapping.text !== "") {
    return { text: mapping.text, prefix: "", suffix: "", color, mapped: true, value };
  }
  if (value === null) return { text: config.noValue ?? "–", prefix: "", suffix: "", color, mapped: false, value };
  if (typeof value === "string") return { text: value, prefix: "", suffix: "", color, mapped: false, value };
  if (one.type === "time")
    return { text: new Date(value * 1000).toLocaleString(), prefix: "", suffix: "", color, mapped: false, value };
  return { ...format(value, config.unit, config.decimals), color, mapped: false, value };
}

/** The colour of a line: its own where it has one, else the palette's for its place. */
function lineColor(one: Field, index: number, last: Value): string {
  const mode = one.config.color?.mode ?? "palette-classic";
  if (mode === "palette-classic-by-name") return seen(classicByName(nameOf(one)));
  if (mode === "palette-classic") return seen(classic(index));
  return seen(colorOf(one.config, last, extent(one), classic(index)));
}

const KINDS: Record<string, Wanted["kind"]> = { fixed: "fixed", shades: "fixed", thresholds: "value" };

/** The colours of lines or slices that stand beside each other, so that they can be told apart. */
export function lineColors(lines: { field: Field; last: Value }[]): string[] {
  return toldApart(
    lines.map(({ field, last }, index) => {
      const mode = field.config.color?.mode ?? "palette-classic";
      const kind = mode.startsWith("palette") ? "free" : (KINDS[mode] ?? "value");
      return { color: lineColor(field, index, last), kind };
    }),
  );
}
