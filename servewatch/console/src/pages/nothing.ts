/** What stands at an address that the console does not have. */

import { h } from "../dom";
import type { Page } from "./page";

export class NothingPage implements Page {
  readonly element = h("main", { class: "page nothing", id: "main" });
  readonly tools = h("div", { class: "tools" });
  readonly title = "Not found";

  async open(): Promise<void> {
    await this.update();
  }

  async update(): Promise<void> {
    const ways = [
      ["/", "Home"],
      ["/alerts", "Alerts"],
      ["/dashboards", "Dashboards"],
      ["/runbook", "Runbook"],
    ] as const;
    const links = ways.map(([href, name]) => h("a", { class: "button", href }, name));
    this.element.replaceChildren(
      h("h1", {}, "There is nothing here"),
      h("p", {}, "The console has no page at ", h("code", {}, window.location.pathname), "."),
      h("nav", { class: "filters", "aria-label": "Where to go" }, ...links),
    );
  }

  close(): void {
    // Nothing runs.
  }
}
