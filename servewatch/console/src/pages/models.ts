/** Services and models: which replica runs which version, how right each is, and what the store holds. */

import { instant, storedModels, type Sample, type StoredModel } from "../data/api";
import { h } from "../dom";
import { ago, dateTime } from "../time";
import { write } from "../units";
import { LivePage } from "./live";
import { block, failed, labels, tag, when } from "./parts";
import { tableOf, type Cell } from "./table";
import { accuracyText, modelQuery, sameModel, valueOf } from "./watched";

interface Seen {
  models: Sample[];
  replicas: Sample[];
  rates: Sample[];
  saved: Sample[];
  labelled: Sample[];
  sd: Sample[];
  labels: Sample[];
  scores: Sample[];
  critical: Sample[];
}

const REPLICAS = ["Replica", "Service", "State", "Runs", { title: "Requests", number: true }];
const ANSWERING = [
  "Model",
  "Version",
  "Service",
  { title: "Replicas", number: true },
  "Saved",
  "Right, by labels",
  "Inputs and outputs",
];

const name = (model: string, version: string): HTMLElement =>
  h("span", {}, `${model} `, h("code", { class: "version" }, version));

function replicaRows({ replicas, models, rates }: Seen): Cell[][] {
  return replicas.map(({ metric, value }) => {
    const at = metric.instance ?? "";
    const runs = models.filter((one) => one.metric.instance === at);
    const service =
      runs[0]?.metric.service ?? metric.service ?? rates.find((one) => one.metric.instance === at)?.metric.service;
    const rate = rates.filter((one) => one.metric.instance === at).reduce((sum, one) => sum + one.value, 0);
    const list = runs.map(({ metric: one }) => h("li", {}, name(one.model ?? "", one.model_version ?? "")));
    return [
      at,
      service ?? "–",
      tag(value > 0 ? "up" : "down"),
      list.length ? h("ul", { class: "runs" }, ...list) : "no model",
      write(rate, "reqps"),
    ];
  });
}

/** How many features of a model are beyond their limit in the longest window. */
function driftTag(seen: Seen, metric: Record<string, string>, window: string): HTMLElement {
  const own = seen.scores.filter((one) => one.metric.window === window && sameModel(one.metric, metric));
  const limit = seen.critical.find(
    (one) => one.metric.window === window && one.metric.service === metric.service,
  )?.value;
  const drifted = own.filter((one) => limit !== undefined && one.value > limit).length;
  const [text, tone] =
    !metric.reference || metric.reference === "none"
      ? (["not watched", "idle"] as const)
      : own.length === 0
        ? (["too few rows", "idle"] as const)
        : drifted
          ? ([`${drifted} of ${own.length} drifted`, "bad"] as const)
          : (["as learnt", "ok"] as const);
  return h("a", { href: `/drift?${modelQuery(metric, window)}` }, tag(text, tone));
}

function answeringRows(seen: Seen, window: string): Cell[][] {
  const keys = ["service", "model", "model_version", "reference"];
  const known = new Map(seen.models.map(({ metric }) => [keys.map((key) => metric[key]).join("\n"), metric]));
  const versions = (metric: Record<string, string>): number =>
    [...known.values()].filter((one) => one.service === metric.service && one.model === metric.model).length;
  return [...known.values()].map((metric) => {
    const own = seen.models.filter((one) => sameModel(one.metric, metric));
    const at = seen.saved.find((one) => sameModel(one.metric, metric))?.value;
    const right = accuracyText(seen, metric, window);
    return [
      metric.model ?? "",
      h(
        "span",
        {},
        h("code", { class: "version" }, metric.model_version ?? ""),
        versions(metric) > 1 ? tag("one of several", "warn") : null,
      ),
      h(
        "a",
        { href: `/d/servewatch-service?var-service=${encodeURIComponent(metric.service ?? "")}` },
        metric.service ?? "",
      ),
      String(own.length),
      at ? h("time", { title: dateTime(at) }, ago(at)) : "–",
      h("a", { href: `/accuracy?${modelQuery(metric, window)}` }, right),
      driftTag(seen, metric, window),
    ];
  });
}

function stored(one: StoredModel, models: Sample[]): HTMLElement {
  const running = models.filter(
    ({ metric }) => metric.model === one.name && metric.model_version === one.version,
  ).length;
  const metadata = Object.entries(one.metadata).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return h(
    "article",
    { class: "card stored", "aria-label": `${one.name} ${one.version}` },
    h(
      "header",
      {},
      h("h3", {}, name(one.name, one.version)),
      one.latest ? tag("latest", "ok") : null,
      running ? tag(`on ${running} ${running === 1 ? "replica" : "replicas"}`, "ok") : null,
    ),
    h(
      "p",
      { class: "dim" },
      `${one.framework}, ${write(one.size, "bytes")}, saved `,
      when(one.created),
      one.reference ? `, reference ${one.reference}` : ", without a reference: it is not watched for drift",
    ),
    Object.keys(one.labels).length ? labels(one.labels) : null,
    metadata.length
      ? h("dl", { class: "facts" }, ...metadata.flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]))
      : null,
  );
}

export class ModelsPage extends LivePage {
  readonly title = "Services and models";
  protected readonly about = "Which replica runs which version, how right each version is, and what the store holds.";

  protected async content(): Promise<HTMLElement[]> {
    const [live, store] = await Promise.allSettled([this.look(), storedModels()]);
    const models = live.status === "fulfilled" ? live.value.models : [];
    const folder = h("span", { class: "dim" }, this.settings.store);
    const held = store.status === "rejected" ? [failed(store.reason)] : store.value.map((one) => stored(one, models));
    const none = h(
      "p",
      { class: "dim" },
      "The store is empty. `servewatch models import FILE`, or save one with `Store().save`.",
    );
    const cards = h("div", { class: "cards wide" }, ...(held.length ? held : [none]));
    return [
      ...(live.status === "rejected" ? [failed(live.reason)] : this.running(live.value)),
      block("In the store", [cards], folder),
    ];
  }

  private running(seen: Seen): HTMLElement[] {
    const window = this.settings.watched.windows.at(-1) ?? "1d";
    return [
      block("Replicas", [tableOf(REPLICAS, replicaRows(seen), "Replicas", "No replica of a service is scraped.")]),
      block("Models that answer", [
        tableOf(ANSWERING, answeringRows(seen, window), "Models", "No replica has told which model it runs."),
        h("p", { class: "dim small" }, `Accuracy and drift are those of the last ${window}.`),
      ]),
    ];
  }

  private async look(): Promise<Seen> {
    const { models, replicas, rates, saved, accuracy, scores, critical } = this.settings.watched;
    const asked = {
      models,
      replicas,
      rates,
      saved,
      labelled: accuracy.labelled,
      sd: accuracy.labelled_sd,
      labels: accuracy.labels,
      scores: scores.score,
      critical,
    };
    const entries = await Promise.all(Object.entries(asked).map(async ([key, query]) => [key, await instant(query)]));
    const seen = Object.fromEntries(entries) as Seen;
    seen.replicas.sort((a, b) => valueOf(a, "instance").localeCompare(valueOf(b, "instance")));
    return seen;
  }
}
