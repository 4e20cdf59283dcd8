/** Drift: each watched feature with its score and its sample size; of one, where its rows lie and where they lay. */

import { instant, storedModel, type LearntFeature, type Sample } from "../data/api";
import { h, icon } from "../dom";
import { location, set } from "../state";
import { write } from "../units";
import { distribution, type Share } from "./distribution";
import { LivePage } from "./live";
import { block, tag } from "./parts";
import { choices, tableOf, type Cell } from "./table";
import { binOrder, binText, count, driftedBy, selector, stateOf } from "./watched";

const KEY = ["service", "model", "model_version", "reference", "feature", "role"];
const MODEL = ["service", "model", "model_version"];
const CHOICE = [...MODEL, "feature", "role"];
const COLUMNS = [
  "Feature",
  "State",
  { title: "Of its limit", number: true },
  { title: "Rows", number: true },
  { title: "PSI", number: true },
  { title: "KS", number: true },
  { title: "Moved", number: true },
  { title: "Bad values", number: true },
  "Model",
];
const READING =
  "State and share of the limit say how sure drift is; PSI, KS and moved (the share of rows in other bins) say how far, " +
  "and nothing of chance: read them beside the rows. Too few rows is not as learnt: nothing can be said.";

type Labels = Record<string, string>;
interface Watched {
  metric: Labels;
  rows: number;
  ratio: number | undefined;
}

const sameFeature = (one: Labels, other: Labels): boolean => KEY.every((key) => one[key] === other[key]);
const among = (list: Sample[], metric: Labels): number | undefined =>
  list.find((one) => sameFeature(one.metric, metric))?.value;

export class DriftPage extends LivePage {
  readonly title = "Drift";
  protected readonly about =
    "Whether what goes into the models, and what comes out, still looks like the reference that each was stored with.";
  private readonly learnt = new Map<string, Promise<LearntFeature[]>>();

  protected async content(): Promise<(HTMLElement | null)[]> {
    const { watched } = this.settings;
    const { parameters } = location();
    const window = parameters.get("window") ?? watched.windows[0] ?? "1h";
    const asked = [...Object.values(watched.scores), watched.critical, watched.bad, watched.drifted_in];
    const answers = await Promise.all(asked.map(instant));
    const drifted = answers.pop()!.filter(({ metric }) => this.asked(metric));
    const [score, rows, psi, ks, moved, learnt, critical, bad] = answers.map((list) =>
      list.filter(({ metric }) => metric.window === undefined || metric.window === window),
    ) as [Sample[], Sample[], Sample[], Sample[], Sample[], Sample[], Sample[], Sample[]];
    const counts = driftedBy(drifted, watched.windows);
    const noted = (one: string): string => (counts.get(one) ? `${counts.get(one)} drifted` : "");
    const windows = choices("Window", watched.windows, window, (one) => set({ window: one }), noted);
    const all = rows.map((one): Watched => {
      const limit = critical.find(({ metric }) => metric.service === one.metric.service)?.value;
      const value = among(score, one.metric);
      const ratio = value === undefined || !limit ? undefined : Math.max(0, value / limit);
      return { metric: one.metric, rows: one.value, ratio };
    });
    const own = all
      .filter(({ metric }) => this.asked(metric))
      .sort((a, b) => (b.ratio ?? -1) - (a.ratio ?? -1) || `${a.metric.feature}`.localeCompare(`${b.metric.feature}`));
    if (own.length === 0) return [windows, all.length ? this.otherwise(window) : await this.nothing(window)];
    const chosen =
      own.find(({ metric }) =>
        ["feature", "role"].every((key) => (parameters.get(key) ?? metric[key]) === metric[key]),
      ) ?? own[0]!;
    const numbers = { psi, ks, moved, bad };
    const table = tableOf(
      COLUMNS,
      own.map((one) => this.row(one, chosen, numbers)),
      "Features",
      "None.",
    );
    return [
      windows,
      await this.compared(chosen, among(learnt, chosen.metric), window),
      block(
        `Features, the last ${window}`,
        [own.length < all.length ? this.others() : null, table, h("p", { class: "dim small" }, READING)],
        this.dashboard(chosen.metric, window),
      ),
    ];
  }

  /** Whether the address asks for this model. */
  private asked(metric: Labels): boolean {
    const { parameters } = location();
    return MODEL.every((key) => (parameters.get(key) ?? metric[key]) === metric[key]);
  }

  private otherwise(window: string): HTMLElement {
    const model = location().parameters.get("model") ?? "that is asked for";
    const text = `No feature of the model ${model} was watched over ${window}.`;
    return h("div", { class: "notice quiet" }, icon("warn"), h("div", {}, h("p", {}, text), this.others()));
  }

  /** The way back to all models, where the address asks for one. */
  private others(): HTMLElement {
    const window = location().parameters.get("window");
    const href = window ? `/drift?window=${encodeURIComponent(window)}` : "/drift";
    return h("p", { class: "dim" }, "This is of one model. ", h("a", { href }, "All models"));
  }

  private dashboard(metric: Labels, window: string): HTMLElement {
    const chosen = { service: metric.service ?? "", model: metric.model ?? "", feature: metric.feature ?? "", window };
    const asked = new URLSearchParams(Object.entries(chosen).map(([name, value]) => [`var-${name}`, value]));
    return h("a", { href: `/d/${this.settings.watched.dashboard}?${asked}` }, "Over time: the dashboard");
  }

  private row(one: Watched, chosen: Watched, numbers: Record<"psi" | "ks" | "moved" | "bad", Sample[]>): Cell[] {
    const { metric, ratio, rows } = one;
    const number = (list: Sample[], unit = "none", decimals = 3): string => {
      const value = among(list, metric);
      return value === undefined ? "–" : write(value, unit, decimals);
    };
    const bad = numbers.bad.filter((item) => sameFeature(item.metric, metric)).map((item) => item.value);
    const pick = h(
      "button",
      {
        type: "button",
        class: "pick",
        "aria-pressed": String(one === chosen),
        onclick: () => set(Object.fromEntries(CHOICE.map((key) => [key, metric[key] ?? null]))),
      },
      `${metric.feature} (${metric.role})`,
    );
    const [text, tone] = stateOf(one, this.settings.watched.enough_rows);
    return [
      pick,
      tag(text, tone),
      ratio === undefined ? "–" : write(ratio, "percentunit", 0),
      count(rows),
      number(numbers.psi),
      number(numbers.ks),
      number(numbers.moved, "percentunit", 1),
      bad.length ? write(Math.max(...bad), "percentunit", 1) : "–",
      `${metric.model} ${metric.model_version}`,
    ];
  }

  /** Where the live rows of one feature lie, beside where those of the reference lay. */
  private async compared(one: Watched, learntRows: number | undefined, window: string): Promise<HTMLElement> {
    const { series, memory, enough_rows: enough } = this.settings.watched;
    const { metric } = one;
    const feature = Object.fromEntries(KEY.map((key) => [key, metric[key] ?? ""]));
    const ask = (name: string, more: Labels = {}): Promise<Sample[]> =>
      instant(`last_over_time(${selector(name, { ...feature, ...more })}[${memory}])`);
    const [live, counted, learnt, edges] = await Promise.all([
      ask(series.live, { window }),
      ask(series.counted, { window }),
      ask(series.reference),
      this.edges(metric),
    ]);
    const at = (list: Sample[], bin: string): number | undefined => list.find((item) => item.metric.bin === bin)?.value;
    const bins = [...new Set([...live, ...learnt].map((item) => item.metric.bin ?? ""))].sort(binOrder);
    const shares = bins.map((bin): Share => {
      const rows = at(counted, bin);
      return {
        name: binText(bin, edges),
        now: one.rows ? at(live, bin) : undefined,
        then: at(learnt, bin),
        note: rows === undefined ? "" : `${count(rows)} rows`,
      };
    });
    const [text, tone] = stateOf(one, enough);
    const sizes = `Live: ${count(one.rows)} rows of the last ${window}. Reference: ${count(learntRows)} rows.`;
    const title = `${metric.feature} (${metric.role}) of ${metric.model}`;
    return block(title, [h("p", {}, tag(text, tone), ` ${sizes}`), distribution(shares, title, "live", "reference")]);
  }

  /** The edges of a feature's bins, where the store has the model that was asked. */
  private async edges(metric: Labels): Promise<number[] | undefined> {
    const key = `${metric.model}/${metric.model_version}/${metric.reference}`;
    const found =
      this.learnt.get(key) ??
      storedModel(metric.model ?? "", metric.model_version ?? "").then(
        ({ learnt }) => (learnt?.hash === metric.reference ? learnt!.features : []),
        () => [],
      );
    this.learnt.set(key, found);
    return (await found).find((one) => one.name === metric.feature && one.role === metric.role)?.edges;
  }

  private async nothing(window: string): Promise<HTMLElement> {
    const models = await instant(this.settings.watched.models);
    const bare = models.filter(({ metric }) => !metric.reference || metric.reference === "none");
    const text =
      models.length === 0
        ? "No service runs a model."
        : bare.length === models.length
          ? "No model has a reference. Learn one: servewatch reference learn --help"
          : `Nothing has been recorded over ${window} yet: the first score comes one step after the first rows.`;
    return h("p", { class: "notice quiet" }, icon("warn"), text);
  }
}
