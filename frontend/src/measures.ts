// The measures of the contract, as a reader meets them: their names, how each is written, and which way is better.
import type { Measures } from "./api/types";
import * as format from "./format";

export type MeasureName = keyof Measures & string;

export interface Measure {
  name: MeasureName;
  label: string;
  /** As short as a column's head wants it. */
  head: string;
  write: (value: number | null | undefined) => string;
  better: "more" | "less" | null;
}

function measure(
  name: MeasureName,
  label: string,
  head: string,
  write: Measure["write"],
  better: Measure["better"],
): Measure {
  return { name, label, head, write, better };
}

export const MEASURES: Measure[] = [
  measure("totalCalls", "Calls", "Calls", format.brief, null),
  measure("successRate", "Success rate", "Success", format.percent, "more"),
  measure("satisfactionRate", "Satisfaction", "Satisf.", format.percent, "more"),
  measure("avgResponseTime", "Response time, average", "Average", format.duration, "less"),
  measure("medianResponseTime", "Response time, median", "Median", format.duration, "less"),
  measure("p95ResponseTime", "Response time, p95", "p95", format.duration, "less"),
  measure("p99ResponseTime", "Response time, p99", "p99", format.duration, "less"),
  measure("minResponseTime", "Response time, least", "Least", format.duration, "less"),
  measure("maxResponseTime", "Response time, most", "Most", format.duration, "less"),
  measure("avgTimeToFirstToken", "Time to first token", "1st token", format.duration, "less"),
  measure("tokensPerSecond", "Tokens per second", "Tok./s", format.decimal, "more"),
  measure("avgTokens", "Tokens per call", "Tok./call", format.brief, null),
  measure("totalTokens", "Tokens", "Tokens", format.brief, null),
  measure("inputTokens", "Input tokens", "Input", format.brief, null),
  measure("outputTokens", "Output tokens", "Output", format.brief, null),
  measure("totalCost", "Cost", "Cost", format.money, "less"),
  measure("costPerCall", "Cost per call", "$/call", format.money, "less"),
  measure("costPerSuccess", "Cost per success", "$/success", format.money, "less"),
  measure("unpricedCalls", "Calls without a price", "Unpriced", format.brief, null),
  measure("qualityScore", "Quality score", "Quality", format.decimal, "more"),
  measure("speedScore", "Speed score", "Speed", format.decimal, "more"),
  measure("confidence", "Confidence", "Confid.", format.decimal, "more"),
];

const byName = new Map(MEASURES.map((measure) => [measure.name, measure]));

export function measureNamed(name: MeasureName): Measure {
  const found = byName.get(name);
  if (!found) throw new Error(`no measure is called ${name}`);
  return found;
}

/** Those worth a line through time. */
export const TREND_MEASURES: Measure[] = (
  [
    "totalCalls", "successRate", "satisfactionRate", "avgResponseTime", "medianResponseTime", "p95ResponseTime",
    "tokensPerSecond", "avgTokens", "totalCost", "costPerCall", "costPerSuccess", "qualityScore",
  ] as MeasureName[]
).map(measureNamed);

/** Below so many calls a group is called small (`ENOUGH_CALLS` of the contract). */
export const ENOUGH_CALLS = 5;
