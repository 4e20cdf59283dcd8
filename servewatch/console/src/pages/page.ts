/** What every page is to the shell around it. */

export interface Page {
  readonly element: HTMLElement;
  /** What the page puts into the bar at the top. */
  readonly tools: HTMLElement;
  readonly title: string;
  open(): Promise<void>;
  /** The address changed, and it is still this page. */
  update(): Promise<void>;
  close(): void;
}

/** Calls `work` now and again while the page is looked at. */
export function repeat(work: () => Promise<void>, seconds: number): () => void {
  let timer = 0;
  let stopped = false;
  const run = async (): Promise<void> => {
    if (!document.hidden) await work();
    if (!stopped) timer = window.setTimeout(() => void run(), seconds * 1000);
  };
  void run();
  return () => {
    stopped = true;
    window.clearTimeout(timer);
  };
}

const FOCUSABLE = "a, button, input, select, summary, [tabindex]";

function keyOf(one: HTMLDetailsElement): string {
  const owner = one.closest("article, section");
  return `${owner?.getAttribute("aria-label") ?? ""} ${owner?.querySelector("ul")?.textContent ?? ""} ${one.querySelector("summary")?.textContent}`;
}

function focusable(parent: HTMLElement): HTMLElement[] {
  return [...parent.querySelectorAll<HTMLElement>(FOCUSABLE)];
}

/** Draws anew, and puts the focus back on what stands where it was. */
export function keepFocus(parent: HTMLElement, redraw: () => void): void {
  const focused = focusable(parent).indexOf(document.activeElement as HTMLElement);
  redraw();
  if (focused >= 0) focusable(parent)[focused]?.focus({ preventScroll: true });
}

/** Draws anew what has changed; what the reader has opened, scrolled or focused stays so. */
export function renew(parent: HTMLElement, children: HTMLElement[]): void {
  const open = new Set([...parent.querySelectorAll("details")].filter((one) => one.open).map(keyOf));
  const scrolled = [...parent.querySelectorAll(".table-scroll")].map((one) => one.scrollTop);
  for (const child of children) for (const one of child.querySelectorAll("details")) one.open = open.has(keyOf(one));
  const before = [...parent.children];
  const next = children.map((child, index) => (before[index]?.outerHTML === child.outerHTML ? before[index]! : child));
  keepFocus(parent, () => parent.replaceChildren(...next));
  parent.querySelectorAll(".table-scroll").forEach((one, index) => (one.scrollTop = scrolled[index] ?? 0));
}
