/** Colours: Grafana's names, its classic palette, thresholds and continuous scales. */

import type { Thresholds } from "./model";

export const NAMED: Record<string, string> = {
  "dark-red": "#C4162A",
  "semi-dark-red": "#E02F44",
  red: "#F2495C",
  "light-red": "#FF7383",
  "super-light-red": "#FFA6B0",
  "dark-orange": "#FA6400",
  "semi-dark-orange": "#FF780A",
  orange: "#FF9830",
  "light-orange": "#FFB357",
  "super-light-orange": "#FFCB7D",
  "dark-yellow": "#E0B400",
  "semi-dark-yellow": "#F2CC0C",
  yellow: "#FADE2A",
  "light-yellow": "#FFEE52",
  "super-light-yellow": "#FFF899",
  "dark-green": "#37872D",
  "semi-dark-green": "#56A64B",
  green: "#73BF69",
  "light-green": "#96D98D",
  "super-light-green": "#C8F2C2",
  "dark-blue": "#1F60C4",
  "semi-dark-blue": "#3274D9",
  blue: "#5794F2",
  "light-blue": "#8AB8FF",
  "super-light-blue": "#C0D8FF",
  "dark-purple": "#8F3BB8",
  "semi-dark-purple": "#A352CC",
  purple: "#B877D9",
  "light-purple": "#CA95E5",
  "super-light-purple": "#DEB6F2",
  gray: "#8e8e8e",
  grey: "#8e8e8e",
  white: "#ffffff",
  black: "#000000",
  transparent: "rgba(0,0,0,0)",
};

export const CLASSIC = [
  "#73BF69",
  "#F2CC0C",
  "#8AB8FF",
  "#FF780A",
  "#F2495C",
  "#5794F2",
  "#B877D9",
  "#705DA0",
  "#37872D",
  "#FADE2A",
  "#447EBC",
  "#C15C17",
  "#890F02",
  "#0A437C",
  "#6D1F62",
  "#584477",
  "#B7DBAB",
  "#F4D598",
  "#70DBED",
  "#F9BA8F",
  "#F29191",
  "#82B5D8",
  "#E5A8E2",
  "#AEA2E0",
];

export type RGB = [number, number, number];

/** A colour that canvas and CSS understand, from Grafana's name for it. */
export function named(color: string | undefined, fallback = "#8e8e8e"): string {
  if (!color || color === "text") return color === "text" ? "var(--text)" : fallback;
  return NAMED[color] ?? color;
}

export function classic(index: number): string {
  return CLASSIC[index % CLASSIC.length]!;
}

/** The same colour for the same name on every panel. */
export function classicByName(name: string): string {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)!) >>> 0;
  return classic(hash);
}

export function rgb(color: string): RGB {
  const hex = /^#([0-9a-f]{6})/i.exec(color)?.[1];
  if (hex) return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as RGB;
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(color);
  if (short) return [1, 2, 3].map((at) => Number.parseInt(short[at]!.repeat(2), 16)) as RGB;
  const parts = /^rgba?\(([^)]+)\)/.exec(color)?.[1]?.split(",").map(Number);
  return parts && parts.length >= 3 ? [parts[0]!, parts[1]!, parts[2]!] : [142, 142, 142];
}

export function alpha(color: string, opacity: number): string {
  return `rgba(${rgb(color).join(",")},${opacity})`;
}

export function mix(from: string, to: string, share: number): string {
  const [a, b] = [rgb(from), rgb(to)];
  return `rgb(${a.map((part, index) => Math.round(part + (b[index]! - part) * share)).join(",")})`;
}

/** How bright a colour is to the eye, 0 to 1, as WCAG computes it. */
function luminance(color: string): number {
  const [r, g, b] = rgb(color).map((part) =>
    part <= 10.31 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
  ) as RGB;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** How well two colours can be told apart, from 1 to 21, as WCAG computes it. */
export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Black or white, whichever can be read on the colour. */
export function readableOn(color: string): string {
  return contrast("#000000", color) >= contrast("#ffffff", color) ? "#000000" : "#ffffff";
}

/** The colour itself where it stands out from the ground, else one of its shades that does. */
export function contrasting(color: string, ground: string, least: number): string {
  if (!/^(#([0-9a-f]{3}|[0-9a-f]{6})$|rgb\()/i.test(color)) return color;
  const away = readableOn(ground);
  for (let share = 0; share < 1; share += 0.04) {
    const shade = share === 0 ? color : mix(color, away, share);
    if (contrast(shade, ground) >= least) return shade;
  }
  return away;
}

let ground = "#22252b";

/** Tells what lines, bars and numbers are drawn on: of the theme's grounds the one on which they are hardest to see. */
export function drawnOn(color: string): void {
  ground = color;
}

/** The colour as a line or an area that can be seen: Grafana's palette is made for one theme only. */
export function seen(color: string): string {
  return contrasting(color, ground, 3);
}

/** The colour as a text that can be read. */
export function ink(color: string): string {
  return contrasting(color, ground, 4.5);
}

/** The colour with one of its shades beside it, on both of which `readableOn(color)` can be read. */
export function shaded(color: string): string {
  const shade = mix(color, readableOn(color) === "#ffffff" ? "#000000" : "#ffffff", 0.22);
  return `linear-gradient(120deg, ${shade}, ${color})`;
}

export function ramp(stops: string[], share: number): string {
  const position = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(position));
  return mix(stops[index]!, stops[index + 1]!, position - index);
}

const CONTINUOUS: Record<string, string[]> = {
  "continuous-GrYlRd": ["green", "yellow", "red"],
  "continuous-RdYlGr": ["red", "yellow", "green"],
  "continuous-BlYlRd": ["dark-blue", "super-light-yellow", "dark-red"],
  "continuous-YlRd": ["super-light-yellow", "dark-red"],
  "continuous-BlPu": ["dark-blue", "dark-purple"],
  "continuous-YlBl": ["super-light-yellow", "dark-blue"],
  "continuous-blues": ["#22252b", "dark-blue"],
  "continuous-reds": ["#22252b", "dark-red"],
  "continuous-greens": ["#22252b", "dark-green"],
  "continuous-purples": ["#22252b", "dark-purple"],
};

export function continuous(mode: string): string[] | null {
  return CONTINUOUS[mode]?.map((name) => named(name)) ?? null;
}

const SCHEMES: Record<string, string[]> = {
  Spectral: [
    "#5e4fa2",
    "#3288bd",
    "#66c2a5",
    "#abdda4",
    "#e6f598",
    "#ffffbf",
    "#fee08b",
    "#fdae61",
    "#f46d43",
    "#d53e4f",
    "#9e0142",
  ],
  RdYlGn: [
    "#006837",
    "#1a9850",
    "#66bd63",
    "#a6d96a",
    "#d9ef8b",
    "#ffffbf",
    "#fee08b",
    "#fdae61",
    "#f46d43",
    "#d73027",
    "#a50026",
  ],
  RdYlBu: [
    "#313695",
    "#4575b4",
    "#74add1",
    "#abd9e9",
    "#e0f3f8",
    "#ffffbf",
    "#fee090",
    "#fdae61",
    "#f46d43",
    "#d73027",
    "#a50026",
  ],
  Oranges: ["#4a2204", "#7f2704", "#a63603", "#d94801", "#f16913", "#fd8d3c", "#fdae6b", "#fdd0a2", "#feedde"],
  Reds: ["#3b0508", "#67000d", "#a50f15", "#cb181d", "#ef3b2c", "#fb6a4a", "#fc9272", "#fcbba1", "#fee5d9"],
  Blues: ["#06203f", "#08306b", "#08519c", "#2171b5", "#4292c6", "#6baed6", "#9ecae1", "#c6dbef", "#eff3ff"],
  Greens: ["#04260f", "#00441b", "#006d2c", "#238b45", "#41ab5d", "#74c476", "#a1d99b", "#c7e9c0", "#edf8e9"],
  Purples: ["#220046", "#3f007d", "#54278f", "#6a51a3", "#807dba", "#9e9ac8", "#bcbddc", "#dadaeb", "#f2f0f7"],
  YlOrRd: ["#800026", "#bd0026", "#e31a1c", "#fc4e2a", "#fd8d3c", "#feb24c", "#fed976", "#ffeda0", "#ffffcc"],
  YlGnBu: ["#081d58", "#253494", "#225ea8", "#1d91c0", "#41b6c4", "#7fcdbb", "#c7e9b4", "#edf8b1", "#ffffd9"],
  Turbo: ["#30123b", "#4662d7", "#36aaf9", "#1ae4b6", "#72fe5e", "#c8ef34", "#faba39", "#f66b19", "#cb2a04", "#7a0403"],
  Viridis: [
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#b5de2b",
    "#fde725",
  ],
  Magma: ["#000004", "#180f3d", "#440f76", "#721f81", "#9e2f7f", "#cd4071", "#f1605d", "#fd9668", "#feca8d", "#fcfdbf"],
  Inferno: [
    "#000004",
    "#1b0c41",
    "#4a0c6b",
    "#781c6d",
    "#a52c60",
    "#cf4446",
    "#ed6925",
    "#fb9b06",
    "#f7d13d",
    "#fcffa4",
  ],
  Plasma: [
    "#0d0887",
    "#46039f",
    "#7201a8",
    "#9c179e",
    "#bd3786",
    "#d8576b",
    "#ed7953",
    "#fb9f3a",
    "#fdca26",
    "#f0f921",
  ],
};

/** The stops of a heatmap's colour scheme, from few to many. */
export function scheme(name: string | undefined, reverse = false): string[] {
  const stops = SCHEMES[name ?? "Oranges"] ?? SCHEMES.Oranges!;
  return reverse ? [...stops].reverse() : stops;
}

/** The step that a value has reached; with mode percentage steps are shares of min..max. */
export function threshold(value: number, thresholds: Thresholds | undefined, min = 0, max = 100): string {
  let color = named(thresholds?.steps[0]?.color, NAMED.green);
  for (const step of thresholds?.steps ?? []) {
    const limit = step.value ?? Number.NEGATIVE_INFINITY;
    const at = thresholds?.mode === "percentage" && Number.isFinite(limit) ? min + ((max - min) * limit) / 100 : limit;
    if (value >= at) color = named(step.color);
  }
  return color;
}
