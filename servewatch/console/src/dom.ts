/** Elements without a framework: styles go through the CSSOM, which a strict content policy allows. */

type Child = Node | string | number | null | undefined | false;
type Attributes = Record<string, unknown> & { style?: Record<string, string>; class?: string };

const SVG = "http://www.w3.org/2000/svg";

function apply(element: HTMLElement | SVGElement, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "style") {
      for (const [property, text] of Object.entries(value as Record<string, string>)) {
        element.style.setProperty(property, text);
      }
    } else if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value as EventListener);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

function fill(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, attributes);
  fill(element, children);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag) as SVGElementTagNameMap[K];
  apply(element, attributes);
  fill(element, children);
  return element;
}

/** An address that a page may link to: never `javascript:` or `data:`. */
export function safeHref(url: string): string | null {
  const trimmed = url.trim();
  if (/^(https?:|mailto:)/i.test(trimmed)) return trimmed;
  return /^[a-z][a-z0-9+.-]*:/i.test(trimmed) || trimmed.startsWith("//") ? null : trimmed;
}

const ICONS: Record<string, string> = {
  chevron: "M6 9l6 6 6-6",
  refresh: "M20 11a8 8 0 1 0-.6 4M20 4v7h-7",
  clock: "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  zoomOut: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM8 11h6M16 16l5 5",
  menu: "M12 5.5h.01M12 12h.01M12 18.5h.01",
  link: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  check: "M5 12.5l4.5 4.5L19 7",
  cross: "M6 6l12 12M18 6L6 18",
  warn: "M12 9v4M12 16.5h.01M10.3 4.3L2.6 18a2 2 0 0 0 1.7 3h15.4a2 2 0 0 0 1.7-3L13.7 4.3a2 2 0 0 0-3.4 0z",
  theme: "M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  bell: "M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15zM10 20.5h4",
  book: "M12 6.5C10 5 7 4.5 4 5v13.5c3-.5 6 0 8 1.5 2-1.5 5-2 8-1.5V5c-3-.5-6 0-8 1.5zM12 6.5V20",
  model: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5",
  stack: "M12 3l9 5-9 5-9-5zM3 12.5l9 5 9-5M3 17l9 5 9-5",
  mute: "M6 16V11a6 6 0 0 1 9-5M18 11v5l1.5 2h-15M10 20.5h4M4 4l16 16",
  grid: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
};

/** A line icon; it is decoration, so it is hidden from screen readers. */
export function icon(name: keyof typeof ICONS | string): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true" },
    svg("path", { d: ICONS[name] ?? "" }),
  );
}

let counter = 0;

/** An id that no other element of the page has. */
export function freshId(stem: string): string {
  counter += 1;
  return `${stem}-${counter}`;
}
