/** Tables of columns, the form in which answers travel through the console. */

import type { FieldConfig } from "../model";

export type Value = number | string | null;
export type Labels = Record<string, string>;

export interface Field {
  name: string;
  type: "time" | "number" | "string";
  values: Value[];
  labels: Labels;
  /** The legend's name, where the query gave one. */
  legend?: string;
  refId: string;
  config: FieldConfig;
}
export interface Frame {
  refId: string;
  fields: Field[];
  format?: string;
}

export function field(name: string, type: Field["type"], values: Value[], refId: string, labels: Labels = {}): Field {
  return { name, type, values, labels, refId, config: {} };
}

export function timesOf(frame: Frame): number[] {
  return (frame.fields.find((one) => one.type === "time")?.values ?? []) as number[];
}

export function numbersOf(frames: Frame[]): { field: Field; times: number[] }[] {
  return frames.flatMap((frame) =>
    frame.fields.filter((one) => one.type === "number").map((one) => ({ field: one, times: timesOf(frame) })),
  );
}

/** What a column or line is called: its configured name, else its legend, else its own. */
export function nameOf(one: Field): string {
  const given = one.config.displayName;
  const base = one.legend ?? one.name;
  if (!given) return base;
  return given
    .replace(/\$\{__field\.labels\.([^}]+)\}/g, (_, label: string) => one.labels[label] ?? "")
    .replace(/\$\{__field\.labels\["([^"]+)"\]\}/g, (_, label: string) => one.labels[label] ?? "")
    .replace(/\$\{__(?:field|series)\.(?:displayName|name)\}/g, base);
}

export function rowCount(frame: Frame): number {
  return Math.max(0, ...frame.fields.map((one) => one.values.length));
}

/** Whether there is anything to draw. */
export function isEmpty(frames: Frame[]): boolean {
  return frames.every((frame) => rowCount(frame) === 0);
}
