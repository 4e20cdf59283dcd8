/** The transformations of Grafana that dashboards here may use. */

import type { Transformation } from "../model";
import { field, nameOf, rowCount, timesOf, type Field, type Frame, type Value } from "./frame";
import { reduce, reducerName } from "./reduce";

type Options = Record<string, unknown>;
type Transform = (frames: Frame[], options: Options) => Frame[];

function pick(one: Field, rows: (number | null)[]): Field {
  return { ...one, values: rows.map((row) => (row === null ? null : (one.values[row] ?? null))) };
}

/** Rows that agree on all columns that the frames share become one. */
const merge: Transform = (frames) => {
  const filled = frames.filter((frame) => rowCount(frame) > 0);
  if (filled.length < 2) return filled.length ? filled : frames.slice(0, 1);
  const shared = filled[0]!.fields
    .map((one) => one.name)
    .filter((name) => filled.every((frame) => frame.fields.some((one) => one.name === name)));
  const rows = new Map<string, (number | null)[]>();
  filled.forEach((frame, index) => {
    const keys = shared.map((name) => frame.fields.find((one) => one.name === name)!);
    for (let row = 0; row < rowCount(frame); row += 1) {
      let key = JSON.stringify(keys.map((one) => one.values[row] ?? null));
      while (rows.get(key)?.[index] !== undefined && rows.get(key)?.[index] !== null) key += "+";
      const entry = rows.get(key) ?? filled.map(() => null);
      entry[index] = row;
      rows.set(key, entry);
    }
  });
  const entries = [...rows.values()];
  const columns = shared.map((name) => {
    const sources = filled.map((frame) => frame.fields.find((one) => one.name === name)!);
    const values = entries.map((entry) => {
      const index = entry.findIndex((row) => row !== null);
      return sources[index]!.values[entry[index]!] ?? null;
    });
    return { ...sources[0]!, values };
  });
  const rest = filled.flatMap((frame, index) =>
    frame.fields
      .filter((one) => !shared.includes(one.name))
      .map((one) =>
        pick(
          one,
          entries.map((entry) => entry[index] ?? null),
        ),
      ),
  );
  return [{ refId: "merge", fields: [...columns, ...rest], format: "table" }];
};

const organize: Transform = (frames, options) => {
  const excluded = (options.excludeByName ?? {}) as Record<string, boolean>;
  const included = (options.includeByName ?? {}) as Record<string, boolean>;
  const order = (options.indexByName ?? {}) as Record<string, number>;
  const renamed = (options.renameByName ?? {}) as Record<string, string>;
  const only = Object.values(included).some(Boolean);
  return frames.map((frame) => {
    const kept = frame.fields.filter((one) => !excluded[nameOf(one)] && (!only || included[nameOf(one)]));
    const place = (one: Field): number => order[nameOf(one)] ?? Number.MAX_SAFE_INTEGER;
    const sorted = kept
      .map((one, index) => ({ one, index }))
      .sort((a, b) => place(a.one) - place(b.one) || a.index - b.index);
    return { ...frame, fields: sorted.map(({ one }) => rename(one, renamed[nameOf(one)])) };
  });
};

function rename(one: Field, name: string | undefined): Field {
  return name ? { ...one, name, legend: undefined } : one;
}

const renameByRegex: Transform = (frames, options) => {
  const pattern = new RegExp(String(options.regex ?? "").replace(/^\/(.*)\/$/, "$1"), "g");
  const pattern2 = String(options.renamePattern ?? "");
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((one) =>
      one.type === "time" ? one : rename(one, nameOf(one).replace(pattern, pattern2)),
    ),
  }));
};

const filterFieldsByName: Transform = (frames, options) => {
  const include = options.include as { names?: string[]; pattern?: string } | undefined;
  const exclude = options.exclude as { names?: string[]; pattern?: string } | undefined;
  const hit = (rule: { names?: string[]; pattern?: string }, name: string): boolean =>
    (rule.names?.includes(name) ?? false) ||
    (rule.pattern ? new RegExp(rule.pattern.replace(/^\/(.*)\/$/, "$1")).test(name) : false);
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.filter(
      (one) => (!include || hit(include, nameOf(one))) && (!exclude || !hit(exclude, nameOf(one))),
    ),
  }));
};

function compare(a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true });
}

/** The frame with its rows in the order of one column. */
export function sorted(frame: Frame, column: Field, descending: boolean): Frame {
  const rows = [...Array(rowCount(frame)).keys()].sort(
    (a, b) => compare(column.values[a]!, column.values[b]!) * (descending ? -1 : 1),
  );
  return { ...frame, fields: frame.fields.map((one) => pick(one, rows)) };
}

const sortBy: Transform = (frames, options) => {
  const [by] = (options.sort ?? []) as { field: string; desc?: boolean }[];
  return frames.map((frame) => {
    const column = frame.fields.find((one) => nameOf(one) === by?.field);
    return column ? sorted(frame, column, by?.desc ?? false) : frame;
  });
};

const limit: Transform = (frames, options) => {
  const rows = [...Array(Number(options.limitField ?? 10)).keys()];
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((one) => pick(one, rows.slice(0, rowCount(frame)))),
  }));
};

const joinByField: Transform = (frames, options) => {
  const by = String(options.byField ?? "Time");
  const keyed = frames.filter((frame) => frame.fields.some((one) => nameOf(one) === by));
  if (keyed.length < 2) return frames;
  const inner = options.mode === "inner";
  const columns = keyed.map((frame) => frame.fields.find((one) => nameOf(one) === by)!);
  const keys = [...new Set(columns.flatMap((one) => one.values))]
    .sort(compare)
    .filter((key) => !inner || columns.every((one) => one.values.includes(key)));
  const rest = keyed.flatMap((frame, index) => {
    const rows = keys.map((key) => columns[index]!.values.indexOf(key)).map((row) => (row < 0 ? null : row));
    return frame.fields.filter((one) => one !== columns[index]).map((one) => pick(one, rows));
  });
  return [{ refId: "join", fields: [{ ...columns[0]!, values: keys }, ...rest], format: "table" }];
};

const reducing: Transform = (frames, options) => {
  const ids = (options.reducers ?? ["lastNotNull"]) as string[];
  const numbers = frames.flatMap((frame) => frame.fields.filter((one) => one.type === "number"));
  const names = field("Field", "string", numbers.map(nameOf), "reduce");
  const columns = ids.map((id) =>
    field(
      reducerName(id),
      "number",
      numbers.map((one) => reduce(one.values, id)),
      "reduce",
    ),
  );
  return [{ refId: "reduce", fields: [names, ...columns], format: "table" }];
};

/** Series become rows of one table: time, name, value. */
const seriesToRows: Transform = (frames) => {
  const rows = frames.flatMap((frame) =>
    frame.fields
      .filter((one) => one.type === "number")
      .flatMap((one) => timesOf(frame).map((at, row) => [at, nameOf(one), one.values[row] ?? null] as const)),
  );
  const fields = [
    field(
      "Time",
      "time",
      rows.map((row) => row[0]),
      "rows",
    ),
    field(
      "Metric",
      "string",
      rows.map((row) => row[1]),
      "rows",
    ),
    field(
      "Value",
      "number",
      rows.map((row) => row[2]),
      "rows",
    ),
  ];
  return [{ refId: "rows", fields, format: "table" }];
};

const labelsToFields: Transform = (frames) =>
  merge(
    frames.map((frame) => {
      const labels = frame.fields.find((one) => one.type === "number")?.labels ?? {};
      const columns = Object.entries(labels).map(([name, value]) =>
        field(
          name,
          "string",
          timesOf(frame).map(() => value),
          frame.refId,
        ),
      );
      const [time, ...rest] = frame.fields;
      return { ...frame, fields: [...(time ? [time] : []), ...columns, ...rest] };
    }),
    {},
  );

const TRANSFORMS: Record<string, Transform> = {
  merge,
  organize,
  renameByRegex,
  filterFieldsByName,
  sortBy,
  limit,
  joinByField,
  seriesToColumns: joinByField,
  reduce: reducing,
  seriesToRows,
  labelsToFields,
};

export const TRANSFORMATION_IDS = Object.keys(TRANSFORMS);

export function transform(frames: Frame[], steps: Transformation[]): Frame[] {
  let current = frames;
  for (const step of steps.filter((one) => !one.disabled)) {
    const apply = TRANSFORMS[step.id];
    if (!apply)
      throw new Error(`The console has no transformation '${step.id}'. It has: ${TRANSFORMATION_IDS.join(", ")}.`);
    current = apply(current, step.options ?? {});
  }
  return current;
}
