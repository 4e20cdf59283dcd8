/** Silences as data: matchers as Alertmanager's own tool writes them, times, and what they quiet. */

import type { ManagedAlert, Matcher, Silence } from "./data/api";

const WRITTEN = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!~|!=|=)\s*([\s\S]*)$/;

/** A matcher such as `alertname="QueueFull"` or `service=~fashion.*`; null for what is none. */
export function readMatcher(text: string): Matcher | null {
  const parts = WRITTEN.exec(text);
  if (!parts) return null;
  const [, name, operator, rest] = parts as unknown as [string, string, string, string];
  const bare = rest.trim();
  let value = bare;
  if (/^".*"$/s.test(bare)) {
    try {
      value = JSON.parse(bare) as string;
    } catch {
      return null;
    }
  }
  return { name, value, isRegex: operator.endsWith("~"), isEqual: operator.startsWith("=") };
}

export function writeMatcher({ name, value, isRegex, isEqual }: Matcher): string {
  return `${name}${isEqual ? "=" : "!"}${isRegex ? "~" : isEqual ? "" : "="}${JSON.stringify(value)}`;
}

function matches(one: Matcher, labels: Record<string, string>): boolean {
  const held = labels[one.name] ?? "";
  if (!one.isRegex) return (held === one.value) === one.isEqual;
  try {
    return new RegExp(`^(?:${one.value})$`).test(held) === one.isEqual;
  } catch {
    return false;
  }
}

/** The alerts that these matchers quiet: all of them must fit. */
export function quieted(matchers: Matcher[], alerts: ManagedAlert[]): ManagedAlert[] {
  return matchers.length ? alerts.filter(({ labels }) => matchers.every((one) => matches(one, labels))) : [];
}

/** What is wrong with a silence before it is sent; nothing where it is fine. */
export function wrong(matchers: Matcher[], seconds: number | null, by: string, comment: string): string {
  if (matchers.length === 0) return "Name at least one label: a silence of everything hides everything.";
  if (matchers.every((one) => one.isEqual && (one.value === "" || (one.isRegex && /^(\.\*|\.\+)$/.test(one.value)))))
    return "These labels fit every alert. Name one that tells yours from the others.";
  if (!seconds) return "Say for how long, as in 30m, 2h or 1d.";
  if (!by.trim()) return "Say who you are, so that others can ask.";
  return comment.trim() ? "" : "Say why, for those who wonder why it is quiet.";
}

const ORDER = { active: 0, pending: 1, expired: 2 };

/** What holds first, then what will, then what did, the newest first. */
export function ordered(list: Silence[]): Silence[] {
  return [...list].sort(
    (a, b) => ORDER[a.status.state] - ORDER[b.status.state] || Date.parse(b.endsAt) - Date.parse(a.endsAt),
  );
}
