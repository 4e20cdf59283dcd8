/** All dashboards. */

import { dashboards } from "../data/api";
import { h } from "../dom";
import { entryCard } from "./home";
import type { Page } from "./page";
import { block } from "./parts";

export class DashboardsPage implements Page {
  readonly element = h("main", { class: "page", id: "main" });
  readonly tools = h("div", { class: "tools" });
  readonly title = "Dashboards";

  async open(): Promise<void> {
    const entries = await dashboards();
    const empty = entries.length
      ? null
      : h("p", { class: "dim" }, "There are no generated dashboards. `servewatch generate` writes them.");
    this.element.replaceChildren(
      h("h1", { class: "hidden-text" }, this.title),
      block("All of them", [h("div", { class: "cards" }, ...entries.map(entryCard)), empty]),
    );
  }

  async update(): Promise<void> {
    // The list has no parameters.
  }

  close(): void {
    // Nothing runs.
  }
}
