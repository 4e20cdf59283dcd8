/** What the console can draw, as data: dashboards are checked against it before anybody opens them. */

import { VARIABLE_KINDS } from "./data/variables";
import { MAPPING_KINDS, MATCHER_IDS } from "./data/display";
import { REDUCER_IDS } from "./data/reduce";
import { TRANSFORMATION_IDS } from "./data/transform";
import { PANEL_TYPES } from "./panels/registry";
import { UNIT_IDS } from "./units";

export const profile = {
  panels: PANEL_TYPES,
  units: UNIT_IDS,
  reducers: REDUCER_IDS,
  transformations: TRANSFORMATION_IDS,
  matchers: MATCHER_IDS,
  mappings: MAPPING_KINDS,
  variables: VARIABLE_KINDS,
  formats: ["time_series", "table", "heatmap"],
};
