/** The home page's answer: the worst of what is known, said in one line, with what it stands on. */

import type { ManagedAlert, Target } from "../data/api";
import { write } from "../units";
import { alike, forPeople, sameLabels, type Firing, type Tone } from "./parts";
import type { Cell } from "./services";

/** A service, as far as the answer depends on it. */
export interface Service {
  name: string;
  /** No replica answers. */
  down: boolean;
  /** Numbers above their limit that no alert speaks of: too few requests, or too short a time. */
  over: string[];
}
export interface Facts {
  firing: Firing[] | null;
  pending: Firing[];
  services: Service[];
  down: Target[] | null;
  watched: number;
  /** Targets that Prometheus has not asked yet. */
  unscraped?: number;
  blind: string[];
  /** Why nobody is notified of what fires. */
  untold?: string;
  /** Features beyond their limit of drift. */
  drifted?: number;
  /** Objectives that have spent their error budgets: of what is past, so nothing is wrong now, and yet not all is right. */
  spent?: string[];
}
export interface Verdict {
  tone: Tone;
  text: string;
  more: string[];
  /** How many alerts are not told in these lines. */
  unsaid: number;
}

const words = (one: Firing): string => one.alert.annotations.summary ?? one.rule.name;
const together = (group: Firing[]): string =>
  words(group[0]!) + (group.length > 1 ? ` (and ${group.length - 1} more like it)` : "");
const amount = (count: number, one: string, many: string): string => (count === 1 ? one : `${count} ${many}`);
export const pages = (one: Firing): boolean => one.alert.labels.severity !== "ticket";

const SOON = 120_000;
const SPENT = "Nothing is wrong now, but an error budget is spent";
const PAST = "That is past, and pages nobody; SLO and alerts shows what spent it. Until it is back, change little.";

/** Why nobody is notified; what always fires is there to show that somebody would be. */
export function untold(error: string, firing: Firing[], managed: ManagedAlert[], now = Date.now()): string {
  if (error) return error;
  const beats = firing.filter((one) => !forPeople(one) && now - Date.parse(one.alert.activeAt) > SOON);
  if (beats.some(({ alert }) => managed.some((one) => sameLabels(one, alert)))) return "";
  return beats.length ? `${beats[0]!.rule.name}, which always fires, has not reached Alertmanager` : "";
}

function unsettled({
  firing,
  pending,
  services,
  down,
  watched,
  unscraped,
  blind,
  drifted,
}: Facts): [Tone, string] | null {
  const over = services.flatMap((one) => one.over);
  if (down?.length) return ["warn", amount(down.length, "One target is down", "targets are down")];
  if (pending.length === 1) return ["warn", `Nothing fires yet; one alert is pending: ${words(pending[0]!)}`];
  if (pending.length) return ["warn", `Nothing fires yet; ${pending.length} alerts are pending`];
  if (firing?.length) return ["warn", amount(firing.length, "One alert fires, silenced", "alerts fire, all silenced")];
  if (over.length === 1) return ["warn", `No alert fires, but ${over[0]}`];
  if (over.length) return ["warn", `No alert fires, but ${over.length} numbers are above their limits`];
  if (drifted)
    return ["warn", `No alert fires, but ${amount(drifted, "one feature has drifted", "features have drifted")}`];
  if (blind.length) return ["warn", "Part of the monitoring does not answer"];
  if (watched === 0) return ["warn", "Nothing is watched yet"];
  return unscraped === watched ? ["warn", "No target has been scraped yet"] : null;
}

/** Objectives whose budgets are spent, the worst first, by the share of it that is left. */
export function spentBudgets(left: Cell[]): string[] {
  return left
    .filter((one) => one.value < 0)
    .sort((a, b) => a.value - b.value)
    .map(({ metric, value }) => {
      const name = [metric.service, metric.slo].filter(Boolean).join(" ");
      const spent = 1 - value;
      return spent < 10
        ? `${name}: ${write(spent * 100, "percent", 0)} of its error budget is spent`
        : `${name}: its error budget is spent ${Math.floor(spent)} times over`;
    });
}

/** What is spent; that it is past can only be said where nothing spends it now. */
function spentLines(spent: string[], quiet: boolean): string[] {
  const more = spent.length > 3 ? [`and ${spent.length - 3} more error budgets are spent`] : [];
  return [...spent.slice(0, 3), ...more, ...(spent.length && quiet ? [PAST] : [])];
}

/** Monitoring that cannot see is itself a fault, and the first one to name. */
export function verdict(facts: Facts): Verdict {
  const { firing, pending, services, down, watched, blind } = facts;
  if (firing === null || down === null) {
    const unknown = "Services do not need it to serve: whether they do is not known here.";
    return { tone: "bad", text: "Monitoring is blind", more: [...blind, unknown], unsaid: 0 };
  }
  const loud = firing.filter((one) => !one.muted);
  const paged = loud.filter(pages);
  const dead = services.filter((one) => one.down).map((one) => `${one.name} is down`);
  const also = facts.untold ? ", and nobody is notified" : "";
  const [tone, text]: [Tone, string] = paged.length
    ? ["bad", amount(paged.length, "One alert fires", "alerts fire") + also]
    : dead.length
      ? ["bad", amount(dead.length, dead[0]!, "services are down") + also]
      : facts.untold
        ? ["bad", "Nobody is notified of alerts"]
        : loud.length
          ? ["warn", amount(loud.length, "One ticket is open", "tickets are open")]
          : (unsettled(facts) ?? ["ok", facts.spent?.length ? SPENT : "Everything is all right"]);
  const first = facts.untold && !paged.length && !dead.length ? [facts.untold] : [];
  const told = alike(loud.length ? loud : firing);
  const soon = alike(pending);
  const known = [...first, ...told.slice(0, 4).map(together), ...dead.slice(0, 4)];
  const waiting = soon.map(together).filter((line) => !known.includes(line));
  const more = [
    ...known,
    ...waiting.slice(0, 4).map((line) => `pending: ${line}`),
    ...services.flatMap((one) => one.over).slice(0, 4),
    ...down.slice(0, 3).map((one) => `${one.labels.job} ${one.labels.instance} does not answer`),
    ...(facts.unscraped ? [amount(facts.unscraped, "One target is", "targets are") + " not scraped yet"] : []),
    ...(facts.untold ? [facts.untold] : []),
    ...blind,
    ...spentLines(facts.spent ?? [], tone === "ok"),
    ...(watched === 0 ? ["Prometheus scrapes no target."] : []),
  ];
  const said = (line: string): boolean => text.endsWith(line.replace(/^pending: /, ""));
  const lines = [...new Set(more)].filter((line) => !said(line));
  const shown = (line: string): boolean => said(line) || lines.includes(line) || lines.includes(`pending: ${line}`);
  const unsaid = [...told, ...soon].filter((group) => !shown(together(group))).flat().length;
  return { tone, text, more: lines, unsaid };
}
