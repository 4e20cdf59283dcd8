/** The shell: the bar at the top, and the page that the address names. */

import { css } from "./charts/frame";
import { tracesAreAt } from "./charts/points";
import { drawnOn } from "./color";
import { config, dashboards } from "./data/api";
import { h, icon } from "./dom";
import type { DashboardEntry } from "./model";
import { AccuracyPage } from "./pages/accuracy";
import { AlertsPage } from "./pages/alerts";
import { DashboardPage } from "./pages/dashboard";
import { DashboardsPage } from "./pages/dashboards";
import { DriftPage } from "./pages/drift";
import { EmptyPage } from "./pages/empty";
import { HomePage } from "./pages/home";
import { ModelsPage } from "./pages/models";
import { NothingPage } from "./pages/nothing";
import { NotificationsPage } from "./pages/notifications";
import type { Page } from "./pages/page";
import { failed } from "./pages/parts";
import { RunbookPage } from "./pages/runbook";
import { SilencesPage } from "./pages/silences";
import { TargetsPage } from "./pages/targets";
import { runbookIsAt } from "./runbook";
import { areas, tabsAt } from "./shell/areas";
import { closePopover } from "./shell/popover";
import { go, interceptLinks, location, onChange, remember, remembered } from "./state";

interface Route {
  key: string;
  make(): Page;
}

const PAGES: Record<string, () => Page> = {
  "/": () => new HomePage(),
  "/models": () => new ModelsPage(),
  "/drift": () => new DriftPage(),
  "/accuracy": () => new AccuracyPage(),
  "/alerts": () => new AlertsPage(),
  "/silences": () => new SilencesPage(),
  "/notifications": () => new NotificationsPage(),
  "/runbook": () => new RunbookPage(),
  "/targets": () => new TargetsPage(),
  "/empty": () => new EmptyPage(),
  "/dashboards": () => new DashboardsPage(),
};

function route(path: string): Route {
  const uid = /^\/d\/([^/]+)/.exec(path)?.[1];
  if (uid) return { key: `d ${uid}`, make: () => new DashboardPage(decodeURIComponent(uid)) };
  const make = PAGES[path];
  if (make) return { key: path, make };
  return { key: `nothing ${path}`, make: () => new NothingPage() };
}

let page: Page | null = null;
let current = "";
let entries: DashboardEntry[] = [];
const slot = h("div", { class: "slot" });
const tools = h("div", { class: "tool-slot" });
const tabs = h("nav", { class: "tabs", "aria-label": "Pages of this area" });
const nav = h("nav", { class: "nav", "aria-label": "Pages" });

function theme(next?: string): string {
  const root = document.documentElement;
  const asked = new URLSearchParams(window.location.search).get("theme");
  const wanted = next ?? asked ?? remembered("theme");
  const name = wanted === "light" ? "light" : "dark";
  root.dataset.theme = name;
  drawnOn(css("--raised"));
  if (next) remember("theme", next);
  return name;
}

function navigation(): void {
  const { path } = location();
  const select = h("select", {
    class: "button dashboards",
    "aria-label": "Open a dashboard",
    onchange: (event: Event) => go((event.target as HTMLSelectElement).value),
  });
  const inside = path.startsWith("/d/");
  select.append(h("option", { value: "/dashboards", ...(inside ? {} : { selected: true }) }, "Dashboards"));
  for (const entry of entries) {
    const href = `/d/${encodeURIComponent(entry.uid)}`;
    // On a phone there is room for few letters, and all of ours begin alike.
    const name = entry.title.replace(/^servewatch \/ /, "");
    select.append(h("option", { value: href, ...(path.startsWith(href) ? { selected: true } : {}) }, name));
  }
  nav.replaceChildren(...areas(path), select);
  tabs.replaceChildren(...tabsAt(path));
}

async function show(): Promise<void> {
  closePopover();
  navigation();
  const { key, make } = route(location().path);
  if (page && key === current) return page.update();
  const moved = page !== null;
  page?.close();
  const next = make();
  page = next;
  current = key;
  slot.replaceChildren(next.element);
  tools.replaceChildren(next.tools);
  // Who listens or uses the keyboard goes on where the new page begins.
  next.element.tabIndex = -1;
  if (moved) next.element.focus({ preventScroll: true });
  try {
    await next.open();
  } catch (error) {
    next.element.replaceChildren(h("h1", { class: "hidden-text" }, next.title), failed(error));
  }
  if (page === next) document.title = `${next.title} · servewatch`;
  return undefined;
}

/** Charts take their colours when they are made: another theme makes them anew. */
function switchTheme(): void {
  theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  current = "";
  void show();
}

function start(): void {
  theme();
  const brand = h("a", { class: "brand", href: "/", "aria-label": "servewatch: home" }, "servewatch");
  const toggle = h(
    "button",
    {
      type: "button",
      class: "button plain",
      "aria-label": "Dark or light",
      title: "Dark or light",
      onclick: switchTheme,
    },
    icon("theme"),
  );
  const skip = h("a", { class: "skip", href: "#main" }, "Skip to the content");
  document.body.replaceChildren(
    skip,
    h("header", { class: "top" }, brand, nav, h("span", { class: "grow" }), tools, toggle),
    tabs,
    slot,
  );
  interceptLinks(document.body);
  onChange(() => void show());
  // Texts are measured to fit their panels, so the typeface must be there before the first is drawn.
  const typeface = Promise.all(["400 14px Inter", "500 14px Inter"].map((font) => document.fonts.load(font)));
  const known = config().then(({ runbook, traces }) => {
    runbookIsAt(runbook);
    tracesAreAt(traces ?? "");
  });
  void Promise.allSettled([typeface, known]).then(show);
  dashboards().then(
    (list) => {
      entries = list;
      navigation();
    },
    () => undefined,
  );
}

start();
