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
