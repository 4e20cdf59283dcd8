/** Things that open beside a button: closed by Escape, by a click elsewhere, by another one opening. */

import { freshId, h } from "../dom";

let close: (() => void) | null = null;

function place(box: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const width = Math.min(box.offsetWidth, window.innerWidth - 16);
  const left = Math.max(8, Math.min(at.left, window.innerWidth - width - 8));
  const below = at.bottom + 6 + box.offsetHeight < window.innerHeight;
  box.style.left = `${left}px`;
  box.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - box.offsetHeight - 4)}px`;
}

export function closePopover(): void {
  close?.();
}

/** Opens `content` beside `anchor`, or closes it where it is open already. */
export function popover(anchor: HTMLElement, content: HTMLElement, label: string, onClose?: () => void): void {
  const again = anchor.getAttribute("aria-expanded") === "true";
  closePopover();
  if (again) return;
  const id = freshId("popover");
  const box = h("div", { class: "popover", id, role: "dialog", "aria-label": label }, content);
  document.body.append(box);
  anchor.setAttribute("aria-expanded", "true");
  anchor.setAttribute("aria-controls", id);
  place(box, anchor);
  const outside = (event: Event): void => {
    if (!box.contains(event.target as Node) && !anchor.contains(event.target as Node)) close?.();
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close?.();
    anchor.focus();
  };
  close = () => {
    close = null;
    // Its fields go: who uses the keyboard goes on at the button that opened it.
    const held = box.contains(document.activeElement);
    box.remove();
    if (held) anchor.focus({ preventScroll: true });
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", keys, true);
    onClose?.();
  };
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", keys, true);
  const chosen = box.querySelector<HTMLElement>("[aria-pressed=true]");
  (chosen ?? box.querySelector<HTMLElement>("input, button, a, [tabindex]"))?.focus();
}

/** A window over the page, with a heading and a way out. */
export function dialog(title: string, ...content: Node[]): void {
  const heading = freshId("dialog");
  const leave = h("button", { type: "button", class: "button", autofocus: true }, "Close");
  const box = h(
    "dialog",
    { class: "dialog", "aria-labelledby": heading },
    h("header", {}, h("h2", { id: heading }, title), leave),
    h("div", { class: "dialog-body" }, ...content),
  );
  leave.addEventListener("click", () => box.close());
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}
