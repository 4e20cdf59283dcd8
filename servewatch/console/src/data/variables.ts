/** The dashboard's variables: their options from Prometheus, and what is chosen. */

import type { Variable } from "../model";
import type { TimeRange } from "../time";
import { prometheus } from "./api";
import type { Labels } from "./frame";
import { interpolateQuery, mentions, type Choice, type Scope } from "./interpolate";
import { labelText } from "./query";

export const ALL = "$__all";
export interface Option {
  text: string;
  value: string;
}
export interface VariableState {
  variable: Variable;
  options: Option[];
  selected: string[];
  error: string | null;
  /** The address names values that are not chosen any more, for another choice took them off the list. */
  moved: boolean;
}

/** What is chosen and not on the list: an address may name what does not exist, or not yet. */
export function unlisted({ options, selected }: VariableState): string[] {
  return selected.filter((value) => value !== ALL && !options.some((option) => option.value === value));
}

/** Kinds that are offered to the reader; a data source there is only one. */
export const VARIABLE_KINDS = ["query", "custom", "interval", "constant", "textbox", "datasource"];

function queryText(variable: Variable): string {
  const { query } = variable;
  return (typeof query === "string" ? query : query?.query) || variable.definition || "";
}

const values = (items: string[]): Option[] => items.map((item) => ({ text: item, value: item }));

async function ask(text: string, range: TimeRange): Promise<string[]> {
  const span = { start: range.from.toFixed(0), end: range.to.toFixed(0) };
  const labelValues = /^\s*label_values\(\s*(?:(.+)\s*,\s*)?([a-zA-Z_]\w*)\s*\)\s*$/s.exec(text);
  if (labelValues) {
    const selector = labelValues[1]?.trim();
    return prometheus<string[]>(`label/${labelValues[2]}/values`, selector ? { ...span, "match[]": selector } : span);
  }
  if (/^\s*label_names\(/.test(text)) return prometheus<string[]>("labels", span);
  const metrics = /^\s*metrics\((.*)\)\s*$/.exec(text);
  if (metrics) {
    const pattern = new RegExp(metrics[1]!);
    return (await prometheus<string[]>("label/__name__/values", span)).filter((name) => pattern.test(name));
  }
  const expr = /^\s*query_result\((.*)\)\s*$/s.exec(text)?.[1] ?? text;
  const { result } = await prometheus<{ result: { metric: Labels; value: [number, string] }[] }>("query", {
    query: expr,
    time: range.to.toFixed(3),
  });
  return result.map((one) => `${labelText(one.metric)} ${one.value[1]} ${one.value[0] * 1000}`);
}

function filtered(items: string[], regex: string | undefined): Option[] {
  const parts = /^\/(.*)\/(\w*)$/s.exec(regex ?? "");
  if (!regex) return values(items);
  const pattern = parts ? new RegExp(parts[1]!, parts[2]!.replace("g", "")) : new RegExp(`^${regex}$`);
  const found = items.flatMap((item) => {
    const match = pattern.exec(item);
    if (!match) return [];
    const value = match.groups?.value ?? match[1] ?? match[0];
    return [{ text: match.groups?.text ?? value, value }];
  });
  return found.filter((option, index) => found.findIndex((other) => other.value === option.value) === index);
}

/** Grafana's sort orders: 1 and 2 by name, 3 and 4 by number, 5 and 6 without regard to case, 7 and 8 natural. */
function ordered(options: Option[], sort = 0): Option[] {
  if (sort === 0) return options;
  const natural = sort === 3 || sort === 4 || sort >= 7;
  const sign = sort % 2 === 1 ? 1 : -1;
  return [...options].sort(
    (a, b) =>
      sign *
      a.text.localeCompare(b.text, undefined, {
        numeric: natural,
        sensitivity: sort >= 5 && sort <= 6 ? "base" : "variant",
      }),
  );
}

function custom(text: string): Option[] {
  const parts = text.match(/(?:\\,|[^,])+/g) ?? [];
  return parts.map((part) => {
    const [, label, value] = /^(.+?)\s+:\s+(.+)$/.exec(part.trim()) ?? [];
    const plain = part.trim().replace(/\\,/g, ",");
    return value === undefined ? { text: plain, value: plain } : { text: label!, value };
  });
}

async function optionsOf(variable: Variable, scope: Scope, range: TimeRange): Promise<Option[]> {
  const text = queryText(variable);
  if (variable.type === "query")
    return ordered(filtered(await ask(interpolateQuery(text, scope), range), variable.regex), variable.sort);
  if (variable.type === "custom" || variable.type === "interval") return custom(text);
  return variable.type === "constant" ? values([text]) : [];
}

function inAddress(variable: Variable, parameters: URLSearchParams): string[] {
  const given = parameters.getAll(`var-${variable.name}`);
  return given.map((value) => (value === "All" && variable.includeAll ? ALL : value));
}

function initial(variable: Variable): string[] {
  const current = variable.current?.value;
  const list = Array.isArray(current)
    ? current
    : current === undefined || current === null || current === ""
      ? []
      : [current];
  return list.length || variable.type !== "textbox" ? list : [queryText(variable)];
}

/** What stays chosen: what an address names or what is still on offer, else All, else the first. */
export function settle(variable: Variable, options: Option[], wanted: string[], named = false): string[] {
  if (variable.type === "textbox") return wanted;
  if (wanted.includes(ALL) && variable.includeAll) return [ALL];
  const asked = named && variable.type !== "constant" ? wanted.filter((value) => value && value !== ALL) : [];
  if (asked.length && variable.multi) return asked;
  const kept = wanted.filter((value) => options.some((option) => option.value === value));
  if (kept.length) return variable.multi ? kept : kept.slice(0, 1);
  if (asked.length) return asked.slice(0, 1);
  if (options.length === 0 && wanted.length) return wanted.filter((value) => value !== ALL);
  if (variable.includeAll) return [ALL];
  return options.length ? [options[0]!.value] : [];
}

function choiceOf(state: VariableState): Choice {
  const { variable, options, selected } = state;
  const all = selected.includes(ALL);
  const chosen = all
    ? options
    : selected.map((value) => options.find((option) => option.value === value) ?? { text: value, value });
  return {
    values: all && chosen.length === 0 ? [".*"] : chosen.map((option) => option.value),
    texts: chosen.map((option) => option.text),
    all,
    allValue: variable.allValue || (all && chosen.length === 0 ? ".*" : null),
    many: Boolean(variable.multi || variable.includeAll),
  };
}

export interface Variables {
  states: VariableState[];
  scope: Scope;
}

const same = (a: string[], b: string[]): boolean => a.join("\n") === b.join("\n");

/** Whether a choice that this one follows is another than before, while the address still names this one's old values. */
function overtaken(variable: Variable, given: string[], states: VariableState[], before: VariableState[]): boolean {
  const old = (name: string): string[] | undefined => before.find((one) => one.variable.name === name)?.selected;
  if (!same(given, old(variable.name) ?? [])) return false;
  return states.some(
    ({ variable: { name }, selected }) => mentions(queryText(variable), name) && !same(selected, old(name) ?? selected),
  );
}

/** A variable with what is chosen of its options, after those before it in `states`. */
export function stateOf(
  variable: Variable,
  parameters: URLSearchParams,
  found: Pick<VariableState, "options" | "error">,
  states: VariableState[],
  before: VariableState[],
): VariableState {
  const given = inAddress(variable, parameters);
  if (!given.length)
    return { variable, ...found, selected: settle(variable, found.options, initial(variable)), moved: false };
  const follows = overtaken(variable, given, states, before);
  const selected = settle(variable, found.options, given, !follows);
  return { variable, ...found, selected, moved: follows && !same(selected, given) };
}

/** Loads one after the other, for a later query may use an earlier choice; `before` is what was loaded last. */
export async function loadVariables(
  list: Variable[],
  parameters: URLSearchParams,
  range: TimeRange,
  before: VariableState[] = [],
): Promise<Variables> {
  const states: VariableState[] = [];
  const scope = new Map<string, Choice>();
  for (const variable of list) {
    if (variable.type === "datasource" || variable.type === "adhoc") continue;
    let options: Option[] = [];
    let error: string | null = null;
    try {
      options = await optionsOf(variable, scope, range);
    } catch (problem) {
      error = problem instanceof Error ? problem.message : String(problem);
    }
    const state = stateOf(variable, parameters, { options, error }, states, before);
    states.push(state);
    scope.set(variable.name, choiceOf(state));
  }
  return { states, scope };
}
