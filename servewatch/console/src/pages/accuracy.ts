/** Accuracy: by the labels that came, as confidence lets expect, and whether confidence keeps what it promises. */

import { instant, storedModel, type Sample } from "../data/api";
import { h } from "../dom";
import { location, set } from "../state";
import { distribution, type Share } from "./distribution";
import { LivePage } from "./live";
import { block, tag } from "./parts";
import { choices, tableOf, type Cell } from "./table";
import {
  binOrder,
  binText,
  count,
  find,
  modelQuery,
  percent,
  sameModel,
  selector,
  standing,
  withSpread,
} from "./watched";

const COLUMNS = [
  "Model",
  "State",
  { title: "By labels", number: true },
  { title: "Labels", number: true },
  { title: "Labelled", number: true },
  { title: "Estimated", number: true },
  "The estimate",
  { title: "Reference", number: true },
  { title: "Limit", number: true },
];
const READING =
  "By labels: of the predictions whose truth came. Estimated: as the confidence of all predictions lets expect, to be " +
  "believed only while inputs do not drift. ± is twice the standard deviation.";

type Labels = Record<string, string>;
type Numbers = Record<string, Sample[]>;

export class AccuracyPage extends LivePage {
  readonly title = "Accuracy";
  protected readonly about =
    "How often the models are right: measured by labels that come later, estimated until then.";

  protected async content(): Promise<(HTMLElement | null)[]> {
    const { watched } = this.settings;
    const { parameters } = location();
    const window = parameters.get("window") ?? watched.windows.at(-1) ?? "1d";
    const asked = {
      ...watched.accuracy,
      models: watched.models,
      reference: watched.reference,
      minimum: watched.minimum,
    };
    const answers = await Promise.all(Object.entries(asked).map(async ([key, query]) => [key, await instant(query)]));
    const seen = Object.fromEntries(answers) as Numbers;
    const known = this.models(seen);
    const windows = choices("Window", watched.windows, window, (one) => set({ window: one }));
    if (known.length === 0)
      return [
        windows,
        h("p", { class: "dim" }, "No service runs a model. Labels are sent with: servewatch feedback --help"),
      ];
    const chosen =
      known.find((metric) =>
        ["service", "model", "model_version"].every((key) => (parameters.get(key) ?? metric[key]) === metric[key]),
      ) ?? known[0]!;
    const rows = known.map((metric) => this.row(metric, metric === chosen, seen, window));
    return [
      windows,
      block(`Models, the last ${window}`, [
        tableOf(COLUMNS, rows, "Models", "None."),
        h("p", { class: "dim small" }, READING),
      ]),
      await this.calibration(chosen, window),
    ];
  }

  private models(seen: Numbers): Labels[] {
    const known = new Map<string, Labels>();
    for (const { metric } of [...seen.models!, ...seen.reference!, ...seen.labels!])
      known.set(modelQuery(metric), metric);
    return [...known.values()].sort((a, b) => modelQuery(a).localeCompare(modelQuery(b)));
  }

  private row(metric: Labels, chosen: boolean, seen: Numbers, window: string): Cell[] {
    const at = (name: string, within = window): number | undefined => find(seen[name] ?? [], metric, within);
    const labels = at("labels");
    const enough = (labels ?? 0) >= this.settings.watched.enough_labels;
    const limit = at("minimum", "");
    const [text, tone] = enough
      ? standing(at("labelled"), at("labelled_sd"), limit)
      : standing(at("estimated"), at("estimated_sd"), limit);
    const drifted = at("drifted");
    const trust =
      at("estimated") === undefined
        ? "none"
        : drifted
          ? tag(`${count(drifted)} ${drifted === 1 ? "input" : "inputs"} drifted: not to be believed`, "warn")
          : "inputs as learnt";
    const choose = (): void =>
      set(Object.fromEntries(["service", "model", "model_version"].map((key) => [key, metric[key] ?? null])));
    const ratio = at("ratio");
    return [
      h(
        "button",
        { type: "button", class: "pick", "aria-pressed": String(chosen), onclick: choose },
        `${metric.model} ${metric.model_version}`,
      ),
      tag(text, tone),
      labels ? withSpread(at("labelled"), at("labelled_sd")) : "–",
      count(labels ?? 0),
      ratio === undefined ? "–" : percent(ratio),
      withSpread(at("estimated"), at("estimated_sd")),
      trust,
      withSpread(at("reference", ""), undefined),
      limit === undefined ? "–" : percent(limit),
    ];
  }

  /** Of the predictions in each bin of confidence: how many were right now, and in the reference. */
  private async calibration(metric: Labels, window: string): Promise<HTMLElement> {
    const { series, memory } = this.settings.watched;
    const model = Object.fromEntries(["service", "model", "model_version"].map((key) => [key, metric[key] ?? ""]));
    const ask = (name: string, more: Labels = {}): Promise<Sample[]> =>
      instant(`last_over_time(${selector(name, { ...model, ...more })}[${memory}])`);
    const [right, learnt, labels, edges] = await Promise.all([
      ask(series.right, { window }),
      ask(series.learnt),
      ask(series.labels, { window }),
      this.edges(metric),
    ]);
    const at = (list: Sample[], bin: string): number | undefined =>
      list.find((one) => one.metric.bin === bin && sameModel(one.metric, metric))?.value;
    const bins = [...new Set([...right, ...learnt].map((one) => one.metric.bin ?? ""))].sort(binOrder);
    const shares = bins.map((bin): Share => {
      const told = at(labels, bin);
      return {
        name: binText(bin, edges),
        now: told ? at(right, bin) : undefined,
        then: at(learnt, bin),
        note: `${count(told ?? 0)} labels`,
      };
    });
    const said = "Right in each bin of confidence. Where the two differ, confidence does not mean what it meant.";
    const none = h("p", { class: "dim" }, "The model tells no confidence, or its reference has no accuracy.");
    const title = `Does confidence keep its promise: ${metric.model}`;
    return block(
      title,
      shares.length
        ? [h("p", { class: "dim" }, said), distribution(shares, title, "right by labels", "in the reference")]
        : [none],
    );
  }

  private async edges(metric: Labels): Promise<number[] | undefined> {
    const found = await storedModel(metric.model ?? "", metric.model_version ?? "").catch(() => null);
    return found?.learnt?.features.find((one) => one.name === "confidence" && one.role === "output")?.edges;
  }
}
