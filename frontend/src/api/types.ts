// The API's answers, by the names of its own document.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Measures = Schemas["Measures"];
export type ModelMeasures = Schemas["ModelMeasures"];
export type TaskMeasures = Schemas["TaskMeasures"];
export type ProviderMeasures = Schemas["ProviderMeasures"];
export type Point = Schemas["Point"];
export type Cell = Schemas["Cell"];
export type Period = Schemas["Period"];
export type Previous = Schemas["Previous"];
export type Recommendation = Schemas["Recommendation"];
export type Insight = Schemas["Insight"];
export type Overview = Schemas["Overview"];
export type GroupedOverview = Schemas["GroupedOverview"];
export type Calls = Schemas["CallsAnswer"];
export type Call = Schemas["CallAnswer"];
export type TaskType = Schemas["TaskType"];
export type ModelAnswer = Schemas["ModelAnswer"];
