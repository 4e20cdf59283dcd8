/** The part of Grafana's classic dashboard JSON that the console reads. */

export interface Threshold {
  color: string;
  value: number | null;
}
export interface Thresholds {
  mode?: "absolute" | "percentage";
  steps: Threshold[];
}
export interface MappingResult {
  text?: string;
  color?: string;
  index?: number;
}
export interface Mapping {
  type: "value" | "range" | "special" | "regex";
  options: Record<string, unknown>;
}
export interface DataLink {
  title: string;
  url: string;
  targetBlank?: boolean;
}
export interface FieldConfig {
  unit?: string;
  decimals?: number | null;
  min?: number | null;
  max?: number | null;
  displayName?: string;
  noValue?: string;
  description?: string;
  color?: { mode?: string; fixedColor?: string; seriesBy?: string };
  thresholds?: Thresholds;
  mappings?: Mapping[];
  links?: DataLink[];
  custom?: Record<string, unknown>;
}
export interface Override {
  matcher: { id: string; options?: unknown };
  properties: { id: string; value?: unknown }[];
}
export interface Target {
  refId: string;
  expr?: string;
  legendFormat?: string;
  instant?: boolean;
  range?: boolean;
  format?: "time_series" | "table" | "heatmap";
  interval?: string;
  hide?: boolean;
  exemplar?: boolean;
}
export interface Transformation {
  id: string;
  disabled?: boolean;
  options?: Record<string, unknown>;
}
export interface GridPos {
  x: number;
  y: number;
  w: number;
  h: number;
}
export interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  gridPos: GridPos;
  targets?: Target[];
  options?: Record<string, unknown>;
  fieldConfig?: { defaults?: FieldConfig; overrides?: Override[] };
  transformations?: Transformation[];
  links?: DataLink[];
  interval?: string;
  maxDataPoints?: number | null;
  transparent?: boolean;
  collapsed?: boolean;
  timeFrom?: string;
  hideTimeOverride?: boolean;
  repeat?: string;
  repeatDirection?: "h" | "v";
  maxPerRow?: number;
  panels?: Panel[];
  /** Values that a repeated panel fixes for its variable. */
  scoped?: Record<string, string>;
}
export interface VariableOption {
  text: string;
  value: string;
  selected?: boolean;
}
export interface Variable {
  name: string;
  type: string;
  label?: string | null;
  description?: string | null;
  query?: string | { query?: string } | null;
  definition?: string;
  regex?: string;
  sort?: number;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string | null;
  hide?: number;
  options?: VariableOption[];
  current?: { text?: string | string[]; value?: string | string[] | null };
}
export interface Annotation {
  name: string;
  enable?: boolean;
  hide?: boolean;
  builtIn?: number;
  expr?: string;
  target?: { expr?: string };
  iconColor?: string;
  titleFormat?: string;
  textFormat?: string;
  tagKeys?: string;
  step?: string;
  useValueForTime?: boolean | string;
  type?: string;
}
export interface DashboardLink {
  type: "dashboards" | "link";
  title: string;
  url?: string;
  tags?: string[];
  tooltip?: string;
  keepTime?: boolean;
  includeVars?: boolean;
  targetBlank?: boolean;
}
export interface Dashboard {
  uid: string;
  title: string;
  description?: string;
  tags?: string[];
  time?: { from: string; to: string };
  timezone?: string;
  refresh?: string | false;
  graphTooltip?: number;
  panels: Panel[];
  templating?: { list?: Variable[] };
  annotations?: { list?: Annotation[] };
  links?: DashboardLink[];
}
export interface DashboardEntry {
  uid: string;
  title: string;
  description: string;
  tags: string[];
}

export interface Section {
  row: Panel | null;
  panels: Panel[];
}

/** Panels by the row that they stand under; a collapsed row carries its panels inside itself. */
export function sections(dashboard: Dashboard): Section[] {
  const sorted = [...dashboard.panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  const result: Section[] = [{ row: null, panels: [] }];
  for (const panel of sorted) {
    if (panel.type === "row") result.push({ row: panel, panels: [...(panel.panels ?? [])] });
    else result[result.length - 1]!.panels.push(panel);
  }
  return result.filter((section) => section.row !== null || section.panels.length > 0);
}
