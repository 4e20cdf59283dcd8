/** The text panel, and the small Markdown of descriptions: built as elements, never as HTML text. */

import { h, safeHref } from "../dom";

const INLINE =
  /(`[^`]+`)|(\*\*[^*]+\*\*|__[^_]+__)|(\*[^*\s][^*]*\*|_[^_\s][^_]*_)|\[([^\]]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s)<>]+)/;

export function inline(text: string): (Node | string)[] {
  const match = INLINE.exec(text);
  if (!match) return text ? [text] : [];
  const [whole, code, strong, italic, title, url, bare] = match;
  let node: Node | string = whole;
  if (code) node = h("code", {}, code.slice(1, -1));
  else if (strong) node = h("strong", {}, ...inline(strong.slice(2, -2)));
  else if (italic) node = h("em", {}, ...inline(italic.slice(1, -1)));
  else node = anchor(title ?? bare!, url ?? bare!);
  return [text.slice(0, match.index), node, ...inline(text.slice(match.index + whole.length))].filter(
    (part) => part !== "",
  );
}

function anchor(title: string, url: string): Node | string {
  const href = safeHref(url);
  if (!href) return title;
  const outside = /^https?:/.test(href);
  return h("a", { href, ...(outside ? { target: "_blank", rel: "noopener noreferrer" } : {}) }, title);
}

function list(lines: string[]): HTMLElement {
  const ordered = /^\s*\d+[.)]/.test(lines[0]!);
  const items = lines.map((line) => h("li", {}, ...inline(line.replace(/^\s*([-*+]|\d+[.)])\s+/, ""))));
  return h(ordered ? "ol" : "ul", {}, ...items);
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}

function table(lines: string[]): HTMLElement {
  const [head, , ...rows] = lines;
  return h(
    "table",
    { class: "table" },
    h("thead", {}, h("tr", {}, ...cells(head!).map((cell) => h("th", { scope: "col" }, ...inline(cell))))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...cells(row).map((cell) => h("td", {}, ...inline(cell)))))),
  );
}

function block(lines: string[]): HTMLElement {
  const [first = ""] = lines;
  if (/^\s*([-*+]|\d+[.)])\s+/.test(first)) return list(lines);
  if (lines.length > 1 && /^\s*\|?[\s:|-]+\|[\s:|-]*$/.test(lines[1]!)) return table(lines);
  if (lines.every((line) => line.startsWith(">")))
    return h("blockquote", {}, ...inline(lines.map((line) => line.replace(/^>\s?/, "")).join(" ")));
  return h("p", {}, ...inline(lines.join(" ")));
}

/** Paragraphs, headings, lists, tables, quotes, code blocks; a heading `#` becomes one of the level `top`. */
export function markdown(text: string, top = 3): HTMLElement[] {
  const result: HTMLElement[] = [];
  let current: string[] = [];
  let code: string[] | null = null;
  const flush = (): void => {
    if (current.length) result.push(block(current));
    current = [];
  };
  for (const line of text.replace(/\r/g, "").split("\n")) {
    const heading = /^(#{1,4})\s+(.*)$/.exec(line);
    if (line.startsWith("```")) {
      flush();
      if (code) result.push(h("pre", {}, h("code", {}, code.join("\n"))));
      code = code ? null : [];
    } else if (code) code.push(line);
    else if (heading) {
      flush();
      const level = Math.min(6, heading[1]!.length + top - 1) as 1 | 2 | 3 | 4 | 5 | 6;
      result.push(h(`h${level}`, {}, ...inline(heading[2]!)));
    } else if (line.trim() === "") flush();
    else {
      const item = /^\s*([-*+]|\d+[.)])\s+/;
      if (current.length && item.test(line) !== item.test(current[0]!) && !/^\s{2,}/.test(line)) flush();
      current.push(line);
    }
  }
  flush();
  return result;
}
