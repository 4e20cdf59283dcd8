/** The address bar is the state: a link shows another person the same page. */

type Listener = () => void;
const listeners = new Set<Listener>();

export interface Location {
  path: string;
  parameters: URLSearchParams;
}

export function location(): Location {
  return { path: window.location.pathname, parameters: new URLSearchParams(window.location.search) };
}

export function onChange(listener: Listener): void {
  listeners.add(listener);
}

function notify(): void {
  for (const listener of listeners) listener();
}

window.addEventListener("popstate", notify);

/** Opens an address of the console. */
export function go(url: string): void {
  history.pushState(null, "", url);
  window.scrollTo(0, 0);
  notify();
}

/** Changes parameters of this page; null takes one away. `quiet` tells nobody. */
export function set(changes: Record<string, string | string[] | null>, quiet = false): void {
  const { path, parameters } = location();
  for (const [name, value] of Object.entries(changes)) {
    parameters.delete(name);
    for (const item of value === null ? [] : Array.isArray(value) ? value : [value]) parameters.append(name, item);
  }
  const query = parameters.toString();
  history[quiet ? "replaceState" : "pushState"](null, "", query ? `${path}?${query}` : path);
  if (!quiet) notify();
}

const OURS = /^\/(d\/.+|models|drift|accuracy|alerts|silences|notifications|targets|empty|dashboards|runbook)?$/;

/** A click on a link to the console itself stays on the page. */
export function interceptLinks(root: HTMLElement): void {
  root.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a");
    if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey)
      return;
    const url = new URL(link.href, window.location.href);
    const ours = url.origin === window.location.origin && OURS.test(url.pathname);
    if (!ours || (link.target && link.target !== "_self") || link.hasAttribute("download")) return;
    if (link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    go(url.pathname + url.search + url.hash);
  });
}

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`servewatch.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`servewatch.${key}`, value);
  } catch {
    // A browser that keeps nothing still shows everything.
  }
}
