/** Alerts with their state, and the notifications that went out about them. */

import { alertRules, config, managedAlerts, type AlertRule, type Config, type ManagedAlert } from "../data/api";
import { h } from "../dom";
import { location, set } from "../state";
import { length } from "../time";
import { alertCard } from "./alertcard";
import { alertsIn, block, failed, forPeople, labels, runbook, stateTag, tag } from "./parts";
import { renew, repeat, type Page } from "./page";

const STATES = ["all", "firing", "pending", "inactive"];

const firesWhen = (seconds: number): string =>
  seconds ? `Fires when this has held for ${length(seconds)}.` : "Fires as soon as this holds.";

function ruleRow(rule: AlertRule): HTMLElement {
  const annotations = rule.annotations;
  const broken =
    rule.health === "err" ? h("p", { class: "bad-text" }, rule.lastError ?? "The rule cannot be evaluated.") : null;
  return h(
    "details",
    { class: "rule" },
    h(
      "summary",
      {},
      stateTag(rule.state, [rule.labels.severity]),
      h("strong", {}, rule.name),
      rule.labels.severity ? tag(rule.labels.severity, "idle") : null,
      h("span", { class: "grow" }),
      broken ? tag("broken", "bad") : null,
    ),
    broken,
    h("pre", {}, h("code", {}, rule.query)),
    h("p", { class: "dim" }, firesWhen(rule.duration)),
    labels(rule.labels),
    runbook(annotations),
  );
}

function matches(text: string, search: string): boolean {
  return text.toLowerCase().includes(search.toLowerCase());
}

export class AlertsPage implements Page {
  readonly element = h("main", { class: "page", id: "main" });
  readonly tools = h("div", { class: "tools" });
  readonly title = "Alerts";
  private stop: () => void = () => undefined;
  private readonly filters = h("div", { class: "filters", role: "group", "aria-label": "Filter" });
  private readonly list = h("div", { class: "stack" });
  private settings: Config | null = null;

  async open(): Promise<void> {
    this.settings = await config();
    this.element.append(h("h1", { class: "hidden-text" }, "Alerts"), this.filters, this.list);
    this.showFilters();
    this.stop = repeat(() => this.draw(), 5);
  }

  async update(): Promise<void> {
    this.showFilters();
    await this.draw();
  }

  close(): void {
    this.stop();
  }

  private showFilters(): void {
    const { parameters } = location();
    const state = parameters.get("state") ?? "all";
    const focused = this.filters.contains(document.activeElement) && document.activeElement instanceof HTMLInputElement;
    const buttons = STATES.map((one) =>
      h(
        "button",
        {
          type: "button",
          class: "button",
          "aria-pressed": String(one === state),
          onclick: () => set({ state: one === "all" ? null : one }),
        },
        one,
      ),
    );
    if (focused)
      return this.filters.querySelectorAll("button").forEach((button, index) => button.replaceWith(buttons[index]!));
    const search = h("input", {
      type: "search",
      class: "input",
      "aria-label": "Search alerts",
      value: parameters.get("search") ?? "",
    });
    search.addEventListener("input", () => {
      set({ search: search.value || null }, true);
      void this.draw();
    });
    this.filters.replaceChildren(...buttons, h("label", { class: "search" }, "Search ", search));
  }

  private async draw(): Promise<void> {
    const [rules, managed] = await Promise.allSettled([alertRules(), managedAlerts()]);
    if (rules.status === "rejected") renew(this.list, [failed(rules.reason)]);
    else
      renew(this.list, [
        ...(managed.status === "rejected" ? [failed(managed.reason)] : []),
        ...this.rules(rules.value, managed.status === "fulfilled" ? managed.value : []),
      ]);
  }

  private rules(rules: AlertRule[], managed: ManagedAlert[]): HTMLElement[] {
    const { parameters } = location();
    const state = parameters.get("state") ?? "all";
    const search = parameters.get("search") ?? "";
    const uid = this.settings?.home.dashboard ?? "";
    const fits = (
      rule: AlertRule,
      alert?: { labels: Record<string, string>; annotations: Record<string, string> },
    ): boolean =>
      matches(
        [
          rule.name,
          rule.query,
          ...Object.values(alert?.labels ?? rule.labels),
          ...Object.values(alert?.annotations ?? {}),
        ].join(" "),
        search,
      );
    const result: HTMLElement[] = [];
    for (const one of ["firing", "pending"].filter((name) => state === "all" || state === name)) {
      const found = alertsIn(one, rules, managed).filter((item) => forPeople(item) && fits(item.rule, item.alert));
      const empty = h("p", { class: "dim" }, one === "firing" ? "No alert fires." : "No alert is about to fire.");
      if (found.length || one === "firing" || state === one)
        result.push(
          block(
            one === "firing" ? "Firing" : "Pending",
            found.length ? found.map((item) => alertCard([item], uid)) : [empty],
          ),
        );
    }
    const quiet = rules.filter(
      (rule) => (state === "all" || state === rule.state) && (state === "all" || state === "inactive") && fits(rule),
    );
    if (quiet.length || state === "inactive")
      result.push(
        block(
          state === "all" ? "All rules" : "Inactive",
          quiet.map(ruleRow),
          h("span", { class: "dim" }, String(quiet.length)),
        ),
      );
    if (rules.length === 0) result.push(h("p", { class: "dim" }, "Prometheus has no alerting rules."));
    return result;
  }
}
