/** Notifications that went out: what people were told, and when. */

import { notifications, type Notification } from "../data/api";
import { h } from "../dom";
import { location, set } from "../state";
import { LivePage } from "./live";
import { block, dashboardOf, labels, notificationRow, runbook, silenceHref } from "./parts";
import { choices } from "./table";

const STATES = ["all", "firing", "resolved"];
const MOST = 100;

function matches(one: Notification, state: string, search: string): boolean {
  const text = JSON.stringify([one.groupLabels, one.alerts]).toLowerCase();
  return (state === "all" || one.status === state) && text.includes(search.toLowerCase());
}

/** A notification's line, and behind it each of its alerts. */
function entry(one: Notification, dashboard: string): HTMLElement {
  const row = notificationRow(one);
  const alerts = (one.alerts ?? []).map((alert) =>
    h(
      "div",
      { class: "told" },
      h("p", {}, alert.annotations.description ?? alert.annotations.summary ?? ""),
      labels(alert.labels),
      h(
        "p",
        { class: "filters" },
        runbook(alert.annotations, alert.labels.service),
        dashboardOf(alert, dashboard),
        alert.status === "firing"
          ? h("a", { class: "button small", href: silenceHref(alert.labels) }, "Silence")
          : null,
      ),
    ),
  );
  const to = one.receiver ? `details, sent to ${one.receiver}` : "details";
  const key = `${one.receivedAt ?? one.received_at ?? ""} ${to}`.trim();
  const more = h("details", { "data-key": key }, h("summary", { class: "dim small" }, to), ...alerts);
  row.querySelector(".grow")?.append(more);
  return row;
}

export class NotificationsPage extends LivePage {
  readonly title = "Notifications";
  protected readonly about = "What Alertmanager told people, newest first, as the receiver took it.";
  protected override readonly seconds = 5;

  protected override fixed(): HTMLElement[] {
    const search = h("input", {
      type: "search",
      class: "input",
      "aria-label": "Search notifications",
      value: location().parameters.get("search") ?? "",
    });
    search.addEventListener("input", () => {
      set({ search: search.value || null }, true);
      void this.draw();
    });
    return [h("label", { class: "search alone" }, "Search ", search)];
  }

  protected async content(): Promise<HTMLElement[]> {
    const list = await notifications();
    const { parameters } = location();
    const state = parameters.get("state") ?? "all";
    const found = [...list].reverse().filter((one) => matches(one, state, parameters.get("search") ?? ""));
    const rows = found.slice(0, MOST).map((one) => entry(one, this.settings.home.dashboard));
    const none = list.length ? "None is like that." : "None has been sent.";
    const shown = found.length > MOST ? `the newest ${MOST} of ${found.length}` : `${found.length} of ${list.length}`;
    return [
      choices("Show", STATES, state, (one) => set({ state: one === "all" ? null : one })),
      block(
        "Sent",
        [rows.length ? h("ul", { class: "notifications" }, ...rows) : h("p", { class: "dim" }, none)],
        h("span", { class: "dim" }, shown),
      ),
    ];
  }
}
