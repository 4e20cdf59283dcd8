/** Which colours can be told apart, also by who sees red and green alike; and series that are given such. */

import { CLASSIC, mix, rgb, seen } from "./color";

type Three = [number, number, number];

/** What is left of linear red, green and blue for who lacks the red or the green cones (Machado and others, 2009). */
const WITHOUT = {
  red: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  green: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
};

const linear = (part: number): number => (part <= 10.31 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);

function times(matrix: number[], [a, b, c]: Three): Three {
  const row = (at: number): number => matrix[at]! * a + matrix[at + 1]! * b + matrix[at + 2]! * c;
  return [row(0), row(3), row(6)];
}

/** Where a colour lies in Oklab, whose distances are those that the eye sees. */
function oklab(light: Three): Three {
  const cones = times(
    [
      0.4122214708, 0.5363325363, 0.0514459929, 0.2119034982, 0.6806995451, 0.1073969566, 0.0883024619, 0.2817188376,
      0.6299787005,
    ],
    light,
  ).map((part) => Math.cbrt(Math.max(0, part))) as Three;
  return times(
    [
      0.2104542553, 0.793617785, -0.0040720468, 1.9779984951, -2.428592205, 0.4505937099, 0.0259040371, 0.7827717662,
      -0.808675766,
    ],
    cones,
  );
}

interface Places {
  normal: Three;
  without: Three[];
}
const places = new Map<string, Places>();

function placesOf(color: string): Places {
  const known = places.get(color);
  if (known) return known;
  const light = rgb(color).map(linear) as Three;
  const found = {
    normal: oklab(light),
    without: Object.values(WITHOUT).map((matrix) => oklab(times(matrix, light))),
  };
  places.set(color, found);
  return found;
}

const far = ([a, b, c]: Three, [x, y, z]: Three): number => 100 * Math.sqrt((a - x) ** 2 + (b - y) ** 2 + (c - z) ** 2);

/** How far two colours are from each other to the eye: below 2 they look alike, 100 is from black to white. */
export function distance(one: string, other: string): number {
  return far(placesOf(one).normal, placesOf(other).normal);
}

/** The same for the eye that tells them apart least: the usual one, or one that lacks red or green cones. */
export function leastDistance(one: string, other: string): number {
  const [a, b] = [placesOf(one), placesOf(other)];
  return Math.min(far(a.normal, b.normal), far(a.without[0]!, b.without[0]!), far(a.without[1]!, b.without[1]!));
}

export interface Wanted {
  color: string;
  /** `free` is the palette's to give; `fixed` means something, and keeps its hue; `value` follows the value. */
  kind: "free" | "fixed" | "value";
}

const NEAR = 11;
/** How far a colour should be from all that are taken, to the usual eye and to the least; and how far it must be. */
const CLEAR: [number, number][] = [
  [18, 7],
  [11, 5],
];
const SHADES: [string, number][] = [
  ["#ffffff", 0.35],
  ["#000000", 0.35],
  ["#ffffff", 0.6],
  ["#000000", 0.5],
];

type Measure = (one: string, other: string) => number;

const shadesOf = (color: string): string[] => SHADES.map(([to, share]) => seen(mix(color, to, share)));
const overall = (one: string, other: string): number => Math.min(distance(one, other) / 2, leastDistance(one, other));
const nearest = (color: string, taken: string[], measure: Measure): number =>
  Math.min(Number.POSITIVE_INFINITY, ...taken.map((one) => measure(color, one)));

/** The first that is far enough from all that are taken; where none is, the one that is farthest. */
function chosen(candidates: string[], taken: string[], measure: Measure, enough: number): string {
  const gaps = candidates.map((one) => nearest(one, taken, measure));
  const first = candidates[gaps.findIndex((gap) => gap >= enough)];
  return first ?? candidates[gaps.indexOf(Math.max(...gaps))]!;
}

/** A fixed colour, or where one that looks alike is taken, a shade of it. */
function shade(color: string, taken: string[]): string {
  return chosen([color, ...shadesOf(color)], taken, distance, NEAR);
}

/** The wanted colour of the palette, or the next of it that can be told from all that are taken, or a shade of one. */
function next(color: string, palette: string[], taken: string[]): string {
  if (taken.length >= palette.length) return color;
  const from = palette.indexOf(color);
  const turn = [color, ...palette.slice(from + 1), ...palette.slice(0, Math.max(0, from))];
  for (const [usual, least] of CLEAR) {
    const clear = (one: string): boolean =>
      nearest(one, taken, distance) >= usual && nearest(one, taken, leastDistance) >= least;
    const found = turn.find(clear);
    if (found) return found;
  }
  return chosen([...turn, ...turn.flatMap((one) => shadesOf(one).slice(0, 2))], taken, overall, NEAR);
}

function choose(wanted: Wanted[], palette: string[]): string[] {
  const taken: string[] = [];
  const given = wanted.map(({ color }) => color);
  const give = (kind: Wanted["kind"], pick: (color: string) => string): void =>
    wanted.forEach((one, index) => {
      if (one.kind !== kind) return;
      given[index] = pick(one.color);
      taken.push(given[index]!);
    });
  give("fixed", (color) => shade(color, taken));
  give("free", (color) => next(color, palette, taken));
  return given;
}

const KEPT = 200;
const kept = new Map<string, string[]>();

/** The colours of series that stand beside each other: what means something first, then what is free. */
export function toldApart(wanted: Wanted[]): string[] {
  const palette = CLASSIC.map(seen);
  // Charts ask at each refresh, and nearly always for the same.
  const key = JSON.stringify([palette[0], wanted.map(({ color, kind }) => [color, kind])]);
  const given = kept.get(key) ?? choose(wanted, palette);
  if (kept.size >= KEPT) kept.clear();
  kept.set(key, given);
  return given;
}
