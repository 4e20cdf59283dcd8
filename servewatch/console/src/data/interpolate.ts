/** `$name`, `${name:format}` and the built-in variables of queries, titles and links. */

export interface Choice {
  values: string[];
  texts: string[];
  all: boolean;
  allValue: string | null;
  many: boolean;
}
export type Scope = ReadonlyMap<string, Choice>;

export function single(value: string): Choice {
  return { values: [value], texts: [value], all: false, allValue: null, many: false };
}

const NAME = /\$(\w+)|\$\{(\w+)(?:\.[^:}]+)?(?::([^}]+))?\}|\[\[(\w+)(?::([^\]]+))?\]\]/g;

const escapeRegex = (text: string): string => text.replace(/[\\^$*+?.()|[\]{}/]/g, "\\$&");
/** Inside a PromQL string a backslash counts twice. */
const escapePromql = (text: string): string => escapeRegex(text).replace(/\\/g, "\\\\").replace(/"/g, '\\"');
const escapeLiteral = (text: string): string => text.replace(/\\/g, "\\\\").replace(/"/g, '\\"');

function alternatives(values: string[], escape: (text: string) => string): string {
  const parts = values.map(escape);
  return parts.length === 1 ? parts[0]! : `(${parts.join("|")})`;
}

const FORMATS: Record<string, (values: string[], name: string) => string> = {
  raw: (values) => values.join(","),
  csv: (values) => values.join(","),
  text: (values) => values.join(" + "),
  pipe: (values) => values.join("|"),
  regex: (values) => alternatives(values, escapeRegex),
  glob: (values) => (values.length > 1 ? `{${values.join(",")}}` : values.join("")),
  json: (values) => JSON.stringify(values.length === 1 ? values[0] : values),
  singlequote: (values) => values.map((value) => `'${value.replace(/'/g, "\\'")}'`).join(","),
  doublequote: (values) => values.map((value) => JSON.stringify(value)).join(","),
  percentencode: (values) => encodeURIComponent(values.join(",")),
  queryparam: (values, name) => values.map((value) => `var-${name}=${encodeURIComponent(value)}`).join("&"),
};

type Fallback = (choice: Choice) => string;

function replace(text: string, scope: Scope, query: boolean, plain: Fallback): string {
  return text.replace(NAME, (whole, bare, braced, format, old, oldFormat) => {
    const name = (bare ?? braced ?? old) as string;
    const choice = scope.get(name);
    if (!choice) return whole;
    const kind = (format ?? oldFormat) as string | undefined;
    if (kind === "queryparam" && choice.all) return `var-${name}=$__all`;
    if (query && choice.all && choice.allValue !== null && kind !== "text") return choice.allValue;
    if (kind === "text") return choice.all ? "All" : choice.texts.join(" + ");
    const writer = kind ? FORMATS[kind.split(":")[0]!] : undefined;
    return writer ? writer(choice.values, name) : plain(choice);
  });
}

/** A query: values of choices that may be many are regular expressions, others are literals. */
export function interpolateQuery(expression: string, scope: Scope): string {
  return replace(expression, scope, true, (choice) =>
    choice.many ? alternatives(choice.values, escapePromql) : choice.values.map(escapeLiteral).join("|"),
  );
}

/** A title, a text, or an address: values as a reader expects them. */
export function interpolateText(text: string, scope: Scope): string {
  return replace(text, scope, false, (choice) => (choice.all ? "All" : choice.texts.join(" + ")));
}

/** Whether a query mentions the variable. */
export function mentions(text: string, name: string): boolean {
  return [...text.matchAll(NAME)].some((match) => (match[1] ?? match[2] ?? match[4]) === name);
}

function duration(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}s` : `${Math.max(1, Math.round(seconds * 1000))}ms`;
}

/** The variables that a query always has; `$__rate_interval` spans four scrapes at least. */
export function builtins(step: number, scrape: number, from: number, to: number): [string, Choice][] {
  const span = Math.round(to - from);
  const rate = Math.max(step + scrape, 4 * scrape);
  const plain: Record<string, string> = {
    __interval: duration(step),
    __interval_ms: String(Math.round(step * 1000)),
    __rate_interval: duration(rate),
    __rate_interval_ms: String(Math.round(rate * 1000)),
    __range: `${span}s`,
    __range_s: String(span),
    __range_ms: String(span * 1000),
    __from: String(Math.round(from * 1000)),
    __to: String(Math.round(to * 1000)),
  };
  return Object.entries(plain).map(([name, value]) => [name, single(value)]);
}
