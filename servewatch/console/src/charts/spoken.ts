/** What a chart shows, in words: for who hears the page, and for who asks what stands there now. */

import { show, write } from "../data/display";
import { reduce } from "../data/reduce";
import { write as writeNumber } from "../units";
import { edge, type Buckets, type HeatmapOptions } from "./heatmap";
import type { Line } from "./lines";
import type { Lane } from "./states";

const MOST = 12;

function listed(kind: string, parts: string[]): string {
  const more = parts.length > MOST ? `; and ${parts.length - MOST} more` : "";
  return parts.length ? `${kind}: ${parts.slice(0, MOST).join("; ")}${more}` : `${kind}: nothing`;
}

/** The latest value of each line that is shown. */
export function spokenLines(title: string, lines: Line[]): string {
  const shown = lines.filter((line) => !line.hidden && !line.custom.hideFrom?.tooltip);
  const parts = shown.map(
    (line) => `${line.name} ${write(show(line.field, reduce(line.field.values, "lastNotNull")))}`,
  );
  return listed(`${title}, chart over time, latest values`, parts);
}

/** What each lane's state was at last. */
export function spokenLanes(title: string, lanes: Lane[]): string {
  const parts = lanes.map((lane) => {
    const last = lane.spans[lane.spans.length - 1];
    return `${lane.name} ${last ? write(last.shown) : "no data"}`;
  });
  return listed(`${title}, states over time, latest states`, parts);
}

/** How the latest observations fell, the fullest bucket first. */
export function spokenBuckets(title: string, { times, counts }: Buckets, range: (bucket: number) => string): string {
  const at = times.map((_, index) => counts.some((column) => (column[index] ?? 0) > 0)).lastIndexOf(true);
  const filled = counts
    .map((column, bucket) => ({ bucket, value: column[at] ?? 0 }))
    .filter((one) => one.value > 0)
    .sort((a, b) => b.value - a.value);
  const parts = filled.map(({ bucket, value }) => `${range(bucket)} ${writeNumber(value, "short")}`);
  return listed(`${title}, heatmap over time, latest counts`, parts);
}

/** The bounds of a bucket, as the heatmap's axis writes them. */
export function rangeOf(buckets: Buckets, options: HeatmapOptions): (bucket: number) => string {
  return (bucket) => `${edge(buckets, bucket, options)} to ${edge(buckets, bucket + 1, options)}`;
}
