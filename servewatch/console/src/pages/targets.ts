/** Targets: what Prometheus scrapes, whether it answers, and what to do where it does not. */

import { targets, type Target } from "../data/api";
import { h } from "../dom";
import { write } from "../units";
import { answering, byHealth, healthTag, notScraped } from "./health";
import { LivePage } from "./live";
import { block, labels, tag, when } from "./parts";
import { tableOf } from "./table";

const COLUMNS = ["Target", "State", "Scraped", { title: "Took", number: true }, "Interval", "Labels", "Error"];
const SHOWN = new Set(["job", "instance", "__name__"]);

function row(one: Target): (Node | string)[] {
  return [
    one.labels.instance ?? one.scrapeUrl,
    healthTag(one),
    when(one.lastScrape),
    notScraped(one) ? "–" : write(one.lastScrapeDuration, "s"),
    one.scrapeInterval ?? "–",
    labels(one.labels, SHOWN),
    h("span", { class: one.lastError ? "bad-text" : "dim" }, one.lastError || "–"),
  ];
}

export class TargetsPage extends LivePage {
  readonly title = "Targets";
  protected readonly about = "What Prometheus scrapes. Where a target is down, what it shows is old or missing.";
  protected override readonly seconds = 5;

  protected async content(): Promise<HTMLElement[]> {
    const list = await targets();
    const jobs = [...new Set(list.map((one) => one.labels.job ?? ""))].sort();
    const advice = "Nothing is scraped: see scrape_configs of Prometheus' configuration, or start `servewatch up`.";
    if (jobs.length === 0) return [h("p", { class: "dim" }, advice)];
    return jobs.map((job) => {
      const own = list.filter((one) => (one.labels.job ?? "") === job).sort(byHealth);
      const { text, tone } = answering(own);
      const count = tag(`${text} up`, tone);
      return block(job, [tableOf(COLUMNS, own.map(row), `Targets of ${job}`, "None.")], count);
    });
  }
}
