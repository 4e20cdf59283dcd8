/** A panel's frame: title, description, links, errors, a menu; and when it asks for its data. */

import type { Surroundings } from "../charts/frame";
import { ApiError } from "../data/api";
import { interpolateText, single, type Choice, type Scope } from "../data/interpolate";
import { exemplars, runPanel, type Context, type Result } from "../data/query";
import { h, icon, safeHref } from "../dom";
import type { DataLink, Panel } from "../model";
import { closePopover, dialog, popover } from "../shell/popover";
import { isVisible, watchVisible } from "../shell/visible";
import { inspect } from "./inspect";
import { PANEL_TYPES, PANELS, type View } from "./registry";
import { markdown } from "./text";

export interface PanelContext {
  query: Context;
  around: Surroundings;
  links(url: string): string;
  open(panel: Panel | null): void;
  viewing: boolean;
}

export interface PanelBox {
  element: HTMLElement;
  refresh(context: PanelContext): void;
  destroy(): void;
}

/** The panel with links that are written when they are read: time and variables may be others by then. */
function linkable(panel: Panel, write: (url: string) => string): Panel {
  const late = (link: DataLink): DataLink =>
    Object.defineProperty({ ...link }, "url", { enumerable: true, get: () => write(link.url) });
  const defaults = panel.fieldConfig?.defaults;
  const links = defaults?.links?.map(late);
  const overrides = panel.fieldConfig?.overrides?.map((override) => ({
    ...override,
    properties: override.properties.map((property) =>
      property.id === "links"
        ? {
            ...property,
            value: (property.value as DataLink[]).map(late),
          }
        : property,
    ),
  }));
  return {
    ...panel,
    fieldConfig: { defaults: { ...defaults, ...(links ? { links } : {}) }, overrides: overrides ?? [] },
  };
}

function scopeOf(panel: Panel, scope: Scope): Scope {
  if (!panel.scoped) return scope;
  const own = Object.entries(panel.scoped).map(([name, value]): [string, Choice] => [name, single(value)]);
  return new Map([...scope, ...own]);
}

function notice(box: HTMLElement, title: string, text: string): void {
  box.replaceChildren(
    h(
      "div",
      { class: "notice", role: "alert" },
      icon("warn"),
      h("div", {}, h("strong", {}, title), h("div", {}, text)),
    ),
  );
}

export class PanelFrame implements PanelBox {
  readonly element: HTMLElement;
  private readonly body = h("div", { class: "panel-draw" });
  private readonly badge = h(
    "button",
    { type: "button", class: "badge error", hidden: true, "aria-expanded": "false" },
    icon("warn"),
  );
  private readonly heading = h("h3", { class: "panel-title" });
  private readonly extras = h("span", { class: "panel-links" });
  private view: View | null = null;
  private context: PanelContext | null = null;
  private result: Result | null = null;
  private stale = false;
  private abort: AbortController | null = null;
  private readonly unwatch: () => void;

  constructor(private readonly panel: Panel) {
    const header = h(
      "header",
      { class: "panel-header" },
      this.heading,
      this.info(),
      this.extras,
      h("span", { class: "grow" }),
      this.badge,
      this.menu(),
    );
    this.element = h(
      "section",
      {
        class: `panel type-${panel.type}${panel.transparent ? " transparent" : ""}${panel.title ? "" : " untitled"}`,
        "aria-label": panel.title || panel.type,
      },
      header,
      h("div", { class: "panel-body" }, this.body),
    );
    this.unwatch = watchVisible(this.element, () => {
      if (this.stale) void this.load();
    });
  }

  refresh(context: PanelContext): void {
    this.context = { ...context, query: { ...context.query, scope: scopeOf(this.panel, context.query.scope) } };
    this.heading.textContent = interpolateText(this.panel.title ?? "", this.context.query.scope);
    this.showLinks();
    this.stale = true;
    if (isVisible(this.element)) void this.load();
  }

  /** Annotations have come: charts draw them. */
  remark(): void {
    this.view?.redraw?.();
  }

  destroy(): void {
    this.abort?.abort();
    this.unwatch();
    this.view?.destroy();
  }

  private async load(): Promise<void> {
    const { context, panel } = this;
    if (!context) return;
    this.stale = false;
    if (panel.type === "text") return this.drawText(context);
    if (!PANELS[panel.type]) {
      return notice(
        this.body,
        `The console does not draw panels of type '${panel.type}'.`,
        `It draws: ${PANEL_TYPES.join(", ")}. Grafana shows this panel.`,
      );
    }
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    this.element.setAttribute("aria-busy", "true");
    this.element.classList.add("loading");
    try {
      const query = { ...context.query, width: this.body.clientWidth || 600, signal: abort.signal };
      const [result, points] = await Promise.all([runPanel(panel, query), exemplars(panel, query)]);
      if (!abort.signal.aborted) this.draw(result, points, context);
    } catch (error) {
      if (!abort.signal.aborted) this.fail(error);
    } finally {
      if (this.abort === abort) {
        this.element.classList.remove("loading");
        this.element.removeAttribute("aria-busy");
        this.element.dataset.state = this.badge.hidden ? "drawn" : "failed";
      }
    }
  }

  private draw(result: Result, points: Parameters<View["draw"]>[1], context: PanelContext): void {
    this.result = result;
    this.badge.hidden = true;
    this.view ??= PANELS[this.panel.type]!(
      this.body,
      linkable(this.panel, (url) => this.context!.links(url)),
      this.surroundings(context),
    );
    this.view.draw(result, points);
    const shifted =
      this.panel.timeFrom && !this.panel.hideTimeOverride
        ? h("span", { class: "dim small" }, `last ${this.panel.timeFrom.replace("now-", "")}`)
        : null;
    if (shifted && !this.extras.querySelector(".small")) this.extras.append(shifted);
  }

  /** A panel with a time of its own has another range than the dashboard. */
  private surroundings({ around }: PanelContext): Surroundings {
    if (!this.panel.timeFrom) return around;
    return Object.create(around, { range: { get: () => this.result!.range } }) as Surroundings;
  }

  /** What was drawn before stays, with a mark that it is old; an empty panel says what failed. */
  private fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const help = error instanceof ApiError ? error.help : "";
    this.badge.hidden = false;
    this.badge.setAttribute("aria-label", `Failed: ${message}`);
    this.badge.title = message;
    this.badge.onclick = () =>
      popover(
        this.badge,
        h("div", { class: "popover-text" }, h("p", {}, message), help ? h("p", { class: "dim" }, help) : null),
        "What failed",
      );
    if (!this.result) notice(this.body, message, help);
  }

  private drawText(context: PanelContext): void {
    const { content = "" } = (this.panel.options ?? {}) as { content?: string };
    this.body.replaceChildren(
      h("div", { class: "markdown" }, ...markdown(interpolateText(content, context.query.scope))),
    );
    this.element.dataset.state = "drawn";
  }

  private info(): HTMLElement | null {
    const { description } = this.panel;
    if (!description) return null;
    const button = h(
      "button",
      {
        type: "button",
        class: "info",
        "aria-expanded": "false",
        "aria-label": `About ${this.panel.title}`,
        title: description,
      },
      "i",
    );
    button.addEventListener("click", () =>
      popover(button, h("div", { class: "popover-text markdown" }, ...markdown(description)), "Description"),
    );
    return button;
  }

  private showLinks(): void {
    const links = (this.panel.links ?? []).flatMap((link) => {
      const href = safeHref(this.context!.links(link.url));
      return href
        ? [
            h(
              "a",
              {
                href,
                class: "panel-link",
                title: link.title,
                ...(link.targetBlank ? { target: "_blank", rel: "noopener noreferrer" } : {}),
              },
              icon("link"),
              h("span", { class: "hidden-text" }, link.title),
            ),
          ]
        : [];
    });
    this.extras.replaceChildren(...links);
  }

  private menu(): HTMLElement {
    const button = h(
      "button",
      {
        type: "button",
        class: "menu-button",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        "aria-label": `Menu of ${this.panel.title || this.panel.type}`,
      },
      icon("menu"),
    );
    const item = (text: string, act: () => void): HTMLElement =>
      h("button", { type: "button", class: "option", onclick: () => (closePopover(), act()) }, text);
    button.addEventListener("click", () => {
      const large = this.context?.viewing
        ? item("Back to the dashboard", () => this.context?.open(null))
        : item("View alone", () => this.context?.open(this.panel));
      const asked = this.result?.executed ?? [];
      const empty = asked.length > 0 && asked.every((one) => one.series === 0);
      const name = empty ? "Why is it empty?" : "Data and queries";
      const data = this.panel.type === "text" ? null : item(name, () => this.inspect());
      popover(button, h("div", { class: "options" }, large, data), "Panel menu");
    });
    return button;
  }

  private inspect(): void {
    dialog(this.heading.textContent || this.panel.type, ...inspect(this.result, this.panel));
  }
}
