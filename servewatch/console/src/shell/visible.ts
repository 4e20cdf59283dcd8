/** Which elements the reader can see: panels ask for their data when they come near the window. */

const MARGIN = 300;
const watched = new Map<HTMLElement, () => void>();
let planned = false;

export function isVisible(element: HTMLElement): boolean {
  const box = element.getBoundingClientRect();
  return box.height > 0 && box.top < window.innerHeight + MARGIN && box.bottom > -MARGIN;
}

/** Tells all that have come into view. */
export function checkVisible(): void {
  planned = false;
  for (const [element, seen] of watched) if (isVisible(element)) seen();
}

function plan(): void {
  if (planned) return;
  planned = true;
  window.setTimeout(checkVisible, 60);
}

window.addEventListener("scroll", plan, { passive: true });
window.addEventListener("resize", plan, { passive: true });

/** Calls `seen` whenever something has moved and the element is in view; gives back how to end that. */
export function watchVisible(element: HTMLElement, seen: () => void): () => void {
  watched.set(element, seen);
  return () => watched.delete(element);
}
