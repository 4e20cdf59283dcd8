/** The runbook: what each alert means, where to look first, and what helps. */

import { alertRules, runbookText } from "../data/api";
import { h } from "../dom";
import { markdown } from "../panels/text";
import { anchorOf, forService } from "../runbook";
import { location } from "../state";
import { stateTag } from "./parts";
import { repeat, type Page } from "./page";

/** The text has its title and its topics on one level: of a page the first is the title. */
function titled([title, ...rest]: HTMLElement[]): HTMLElement[] {
  return title?.tagName === "H2" ? [h("h1", {}, ...title.childNodes), ...rest] : [h("h1", {}, "Runbook"), ...rest];
}

export class RunbookPage implements Page {
  readonly element = h("main", { class: "page runbook", id: "main" });
  readonly tools = h("div", { class: "tools" });
  readonly title = "Runbook";
  private stop: () => void = () => undefined;
  private text = "";
  private service = "";
  private readonly states = new Map<string, HTMLElement[]>();

  async open(): Promise<void> {
    this.text = await runbookText();
    this.show();
    this.stop = repeat(() => this.mark(), 10);
  }

  async update(): Promise<void> {
    const service = location().parameters.get("service") ?? "";
    if (service === this.service) this.scroll();
    else this.show();
  }

  close(): void {
    this.stop();
  }

  private show(): void {
    const service = location().parameters.get("service") ?? "";
    this.service = service;
    const parts = titled(markdown(this.text, 2));
    this.states.clear();
    for (const one of parts) {
      if (one instanceof HTMLPreElement) one.textContent = forService(one.textContent ?? "", service);
      else if (one instanceof HTMLHeadingElement) this.anchor(one);
    }
    const note = service ? h("p", { class: "dim" }, `The queries are written for the service ${service}.`) : null;
    this.element.replaceChildren(
      ...parts.slice(0, 1),
      this.contents(parts),
      ...(note ? [note] : []),
      ...parts.slice(1),
    );
    void this.mark();
    this.scroll();
  }

  private scroll(): void {
    document.getElementById(decodeURIComponent(window.location.hash.slice(1)))?.scrollIntoView();
  }

  private anchor(heading: HTMLHeadingElement): void {
    const title = heading.textContent ?? "";
    heading.id = anchorOf(title);
    if (heading.tagName === "H3") heading.append(this.state(title));
  }

  private state(alert: string): HTMLElement {
    const place = h("span", { class: "state" });
    this.states.set(alert, [...(this.states.get(alert) ?? []), place]);
    return place;
  }

  private contents(parts: HTMLElement[]): HTMLElement {
    const items = parts
      .filter((one) => one.tagName === "H3")
      .map((one) => {
        const title = one.firstChild?.textContent ?? "";
        return h("li", {}, h("a", { href: `#${one.id}` }, title), this.state(title));
      });
    return h("nav", { class: "contents", "aria-label": "Alerts" }, h("ul", { class: "chips" }, ...items));
  }

  /** Says beside each alert's name whether it fires now. */
  private async mark(): Promise<void> {
    const rules = await alertRules().catch(() => []);
    for (const [name, places] of this.states) {
      const found = rules.find((rule) => rule.name === name && rule.state !== "inactive");
      for (const place of places)
        place.replaceChildren(...(found ? [stateTag(found.state, [found.labels.severity])] : []));
    }
  }
}
