/** A dashboard, drawn from the same JSON that Grafana gets. */

import type { Surroundings } from "../charts/frame";
import { annotationQueries, loadAnnotations } from "../data/annotations";
import { dashboard as fetchDashboard, dashboards, scrapeInterval } from "../data/api";
import { builtins, interpolateText, type Scope } from "../data/interpolate";
import { loadVariables, type Variables } from "../data/variables";
import { h, icon } from "../dom";
import { sections, type Dashboard, type DashboardEntry, type Panel, type Section } from "../model";
import { PanelFrame, type PanelContext } from "../panels/panel";
import { place, repeatedSections } from "../panels/layout";
import { dashboardLinks, writeUrl } from "../shell/links";
import { variablePicker } from "../shell/picker";
import { refreshMillis, setRange, timeControls, type TimeState } from "../shell/timepicker";
import { checkVisible } from "../shell/visible";
import { location, set } from "../state";
import { range } from "../time";
import { keepFocus, type Page } from "./page";
import { Youth } from "./young";

export class DashboardPage implements Page {
  readonly element = h("main", { class: "dashboard", id: "main" });
  readonly tools = h("div", { class: "tools" });
  private model: Dashboard | null = null;
  private entries: DashboardEntry[] = [];
  private variables: Variables = { states: [], scope: new Map() };
  private frames: PanelFrame[] = [];
  private drawnFor = "";
  private timer: number | undefined;
  private round = 0;
  /** The panel that was viewed alone until now. */
  private left: string | null = null;
  private readonly folded = new Map<number, boolean>();
  private readonly around: Surroundings = { range: { from: 0, to: 1 }, shared: 1, marks: [], zoom: setRange };
  private readonly bar = h("div", { class: "submenu" });
  private readonly grid = h("div", { class: "sections" });
  private readonly youth = new Youth();
  private readonly heading = h("h1", { class: "hidden-text" }, "Dashboard");

  constructor(private readonly uid: string) {
    this.element.append(this.heading, this.bar, this.youth.element, this.grid);
  }

  get title(): string {
    return this.model?.title ?? "Dashboard";
  }

  async open(): Promise<void> {
    document.addEventListener("keydown", this.keys);
    [this.model, this.entries] = await Promise.all([fetchDashboard(this.uid), dashboards()]);
    this.heading.textContent = this.model.title;
    this.around.shared = this.model.graphTooltip ?? 0;
    await this.update();
  }

  /** The address has changed: other times, other values, another panel alone. */
  async update(): Promise<void> {
    const model = this.model;
    if (!model) return;
    const time = this.time();
    keepFocus(this.tools, () => this.tools.replaceChildren(timeControls(time, () => void this.reload())));
    this.schedule(time);
    await this.reload();
  }

  close(): void {
    document.removeEventListener("keydown", this.keys);
    window.clearTimeout(this.timer);
    this.round += 1;
    for (const frame of this.frames) frame.destroy();
  }

  /** Escape leaves a panel that is viewed alone; what is open above it takes the key first. */
  private readonly keys = (event: KeyboardEvent): void => {
    const busy = event.defaultPrevented || document.querySelector("dialog[open], .popover");
    if (event.key === "Escape" && !busy && location().parameters.has("viewPanel")) this.leave();
  };

  private leave(): void {
    const title = this.grid.querySelector(".alone .panel")?.getAttribute("aria-label");
    this.left = title ?? null;
    set({ viewPanel: null });
  }

  private time(): TimeState {
    const { parameters } = location();
    const refresh = parameters.get("refresh") ?? (this.model?.refresh || "");
    return {
      from: parameters.get("from") ?? this.model?.time?.from ?? "now-1h",
      to: parameters.get("to") ?? this.model?.time?.to ?? "now",
      refresh: refresh === "off" ? "" : refresh,
    };
  }

  private schedule(time: TimeState): void {
    window.clearTimeout(this.timer);
    const pause = refreshMillis(time.refresh);
    if (pause === null) return;
    this.timer = window.setTimeout(() => {
      if (!document.hidden) void this.reload();
      this.schedule(time);
    }, pause);
  }

  private async reload(): Promise<void> {
    const model = this.model!;
    const round = (this.round += 1);
    const time = this.time();
    const span = range(time.from, time.to);
    const { parameters } = location();
    const [scrape, variables] = await Promise.all([
      scrapeInterval(),
      loadVariables(model.templating?.list ?? [], parameters, span, this.variables.states),
      // Before the panels: what came between would move them from under the pointer.
      this.youth.look(),
    ]);
    if (round !== this.round) return;
    this.variables = variables;
    const moved = variables.states.filter((state) => state.moved);
    if (moved.length) set(Object.fromEntries(moved.map((one) => [`var-${one.variable.name}`, one.selected])), true);
    this.around.range = span;
    this.showBar();
    this.build();
    const context = this.context(variables.scope, scrape, time);
    for (const frame of this.frames) frame.refresh(context);
    const marks = await loadAnnotations(
      model.annotations?.list ?? [],
      parameters.getAll("off"),
      variables.scope,
      span,
      scrape,
    ).catch(() => []);
    if (round !== this.round) return;
    this.around.marks = marks;
    for (const frame of this.frames) frame.remark();
  }

  private context(scope: Scope, scrape: number, time: TimeState): PanelContext {
    const { range: span } = this.around;
    const full = new Map([...scope, ...builtins(scrape, scrape, span.from, span.to)]);
    return {
      query: { range: span, scope, scrape, width: 600 },
      around: this.around,
      links: (url) => writeUrl(url, full, time),
      viewing: location().parameters.has("viewPanel"),
      open: (panel) => (panel ? set({ viewPanel: String(panel.id) }) : this.leave()),
    };
  }

  private showBar(): void {
    if (this.bar.contains(document.activeElement) && document.querySelector(".popover")) return;
    const model = this.model!;
    const pickers = this.variables.states.map(variablePicker);
    const off = location().parameters.getAll("off");
    const toggles = annotationQueries(model.annotations?.list ?? [])
      .filter((one) => !one.hide && one.enable !== false)
      .map((one) => {
        const on = !off.includes(one.name);
        const flip = (): void => set({ off: on ? [...off, one.name] : off.filter((name) => name !== one.name) });
        return h(
          "button",
          { type: "button", class: "toggle", role: "switch", "aria-checked": String(on), onclick: flip },
          h("span", { class: "knob" }),
          one.name,
        );
      });
    const links = dashboardLinks(model, this.entries, this.variables, this.time());
    const items = [...pickers, ...toggles].filter((item) => item !== null);
    keepFocus(this.bar, () => this.bar.replaceChildren(...items, h("span", { class: "grow" }), ...links));
  }

  /** Builds the panels anew only where which panels there are has changed. */
  private build(): void {
    const alone = location().parameters.get("viewPanel");
    const list = repeatedSections(sections(this.model!), this.variables.scope);
    const key = JSON.stringify([
      alone,
      document.documentElement.dataset.theme,
      list.map((section) => [section.row?.id, section.panels.map((panel) => [panel.id, panel.scoped])]),
    ]);
    if (key === this.drawnFor) return this.titles(list);
    this.drawnFor = key;
    for (const frame of this.frames) frame.destroy();
    this.frames = [];
    const single = alone
      ? list.flatMap((section) => section.panels).find((panel) => String(panel.id) === alone)
      : undefined;
    if (single) return this.grid.replaceChildren(this.way(), h("div", { class: "alone" }, this.frame(single, 0)));
    this.grid.replaceChildren(...list.map((section) => this.section(section)));
    this.found();
  }

  /** The way back from a panel that is viewed alone. */
  private way(): HTMLElement {
    const button = h("button", { type: "button", class: "button", title: "Escape" }, "Back to the dashboard");
    button.addEventListener("click", () => this.leave());
    return h("p", { class: "way" }, button);
  }

  /** Puts reader and focus where they were before they viewed a panel alone. */
  private found(): void {
    const panels = [...this.grid.querySelectorAll<HTMLElement>(".panel")];
    const panel = this.left === null ? undefined : panels.find((one) => one.getAttribute("aria-label") === this.left);
    this.left = null;
    panel?.scrollIntoView({ block: "center" });
    panel?.querySelector<HTMLElement>(".menu-button")?.focus({ preventScroll: true });
  }

  private titles(list: Section[]): void {
    for (const { row } of list) {
      const button = row && this.grid.querySelector(`[data-row="${row.id}"] .row-title`);
      if (button) button.textContent = interpolateText(row.title ?? "", this.variables.scope);
    }
  }

  private frame(panel: Panel, top: number): HTMLElement {
    const frame = new PanelFrame(panel);
    place(frame.element, panel, top);
    this.frames.push(frame);
    return frame.element;
  }

  private section({ row, panels }: Section): HTMLElement {
    const top = Math.min(...panels.map((panel) => panel.gridPos.y));
    const grid = h("div", { class: "grid" }, ...panels.map((panel) => this.frame(panel, top)));
    if (!row) return h("div", { class: "section" }, grid);
    const folded = this.folded.get(row.id) ?? Boolean(row.collapsed);
    grid.hidden = folded;
    const title = h("span", { class: "row-title" }, interpolateText(row.title ?? "", this.variables.scope));
    const button = h(
      "button",
      { type: "button", class: "row-button", "aria-expanded": String(!folded) },
      icon("chevron"),
      title,
      h("span", { class: "dim row-count" }, `${panels.length} panels`),
    );
    button.addEventListener("click", () => {
      grid.hidden = !grid.hidden;
      this.folded.set(row.id, grid.hidden);
      button.setAttribute("aria-expanded", String(!grid.hidden));
      checkVisible();
    });
    return h(
      "section",
      { class: "section", "data-row": String(row.id), "aria-label": row.title ?? "" },
      h("h2", { class: "row" }, button),
      grid,
    );
  }
}
