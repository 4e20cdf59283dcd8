/** One number out of many: Grafana's reducers. */

import type { Value } from "./frame";

type Reducer = (values: Value[]) => Value;

const finite = (values: Value[]): number[] =>
  values.filter((value): value is number => typeof value === "number" && !Number.isNaN(value));
const present = (value: Value | undefined): value is number | string =>
  value !== null && value !== undefined && !(typeof value === "number" && Number.isNaN(value));

function firstPresent(values: Value[]): Value {
  return values.find(present) ?? values.find((value) => value !== null) ?? null;
}

function over(values: Value[], calculate: (numbers: number[]) => number): Value {
  const numbers = finite(values);
  return numbers.length ? calculate(numbers) : values.some((value) => value !== null) ? Number.NaN : null;
}

const sum = (numbers: number[]): number => numbers.reduce((total, value) => total + value, 0);
const mean = (numbers: number[]): number => sum(numbers) / numbers.length;
const variance = (numbers: number[]): number => {
  const middle = mean(numbers);
  return sum(numbers.map((value) => (value - middle) ** 2)) / numbers.length;
};

function percentile(numbers: number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)]!;
}

/** Growth that survives a counter's restart. */
function delta(numbers: number[]): number {
  return numbers.slice(1).reduce((total, value, index) => {
    const before = numbers[index]!;
    return total + (value >= before ? value - before : value);
  }, 0);
}

const REDUCERS: Record<string, [string, Reducer]> = {
  lastNotNull: ["Last *", (values) => firstPresent([...values].reverse())],
  last: ["Last", (values) => values[values.length - 1] ?? null],
  firstNotNull: ["First *", firstPresent],
  first: ["First", (values) => values[0] ?? null],
  min: ["Min", (values) => over(values, (numbers) => Math.min(...numbers))],
  max: ["Max", (values) => over(values, (numbers) => Math.max(...numbers))],
  mean: ["Mean", (values) => over(values, mean)],
  median: ["Median", (values) => over(values, (numbers) => percentile(numbers, 0.5))],
  sum: ["Total", (values) => over(values, sum)],
  count: ["Count", (values) => values.length],
  range: ["Range", (values) => over(values, (numbers) => Math.max(...numbers) - Math.min(...numbers))],
  delta: ["Delta", (values) => over(values, delta)],
  diff: ["Difference", (values) => over(values, (numbers) => numbers[numbers.length - 1]! - numbers[0]!)],
  diffperc: [
    "Difference percent",
    (values) => over(values, (numbers) => (numbers[numbers.length - 1]! - numbers[0]!) / numbers[0]!),
  ],
  variance: ["Variance", (values) => over(values, variance)],
  stdDev: ["StdDev", (values) => over(values, (numbers) => Math.sqrt(variance(numbers)))],
  step: [
    "Step",
    (values) => over(values, (numbers) => Math.min(...numbers.slice(1).map((value, index) => value - numbers[index]!))),
  ],
  logmin: [
    "Min (above zero)",
    (values) =>
      over(
        values.filter((value) => typeof value === "number" && value > 0),
        (numbers) => Math.min(...numbers),
      ),
  ],
  changeCount: [
    "Change count",
    (values) => values.filter((value, index) => index > 0 && value !== values[index - 1]).length,
  ],
  distinctCount: ["Distinct count", (values) => new Set(values).size],
};

/** Ids of the reducers, percentiles `p1` to `p99` besides. */
export const REDUCER_IDS = Object.keys(REDUCERS);

export function reduce(values: Value[], id: string): Value {
  const share = /^p(\d\d?)$/.exec(id)?.[1];
  if (share) return over(values, (numbers) => percentile(numbers, Number(share) / 100));
  return (REDUCERS[id] ?? REDUCERS.lastNotNull!)[1](values);
}

export function reducerName(id: string): string {
  return REDUCERS[id]?.[0] ?? (/^p\d\d?$/.test(id) ? `${id.slice(1)}th %` : id);
}
