import { describe, expect, test } from "vitest";
import type { Measures, ModelMeasures, Period, Point } from "../api/types";
import type { Look } from "../look.svelte";
import { measureNamed } from "../measures";
import { responseTimes, successRates } from "./bars";
import { plain } from "./options";
import { satisfaction } from "./satisfaction";
import { MOST_LINES, lines, trends, valueOf } from "./trends";

const look: Look = {
  text: "text", quiet: "quiet", gold: "gold", good: "good", bad: "bad", mild: "mild", page: "page", raised: "raised", edge: "edge", grid: "grid",
  series: ["1", "2", "3", "4", "5", "6", "7", "8"], font: "serif", still: true,
}; // prettier-ignore
const period: Period = { from: "2026-03-01T00:00:00Z", to: "2026-03-03T00:00:00Z", timezone: "UTC", interval: "day" };

function model(name: string, measures: Partial<Measures> = {}): ModelMeasures {
  return { model: name, displayName: name, provider: "acme", providers: [], totalCalls: 10, ...measures } as unknown as ModelMeasures;
}
function point(date: string, group: Partial<Point>): Point {
  return { date, totalCalls: 10, ...group } as Point;
}
const read = (option: unknown): any => option; // options are plain objects: what is read of them is what was put there

describe("bars", () => {
  test("show the API's figures as they are, and a gap for what is not known", () => {
    const option = read(responseTimes([model("a", { avgResponseTime: 5, medianResponseTime: null, p95ResponseTime: 9 })], look, 600));
    expect(option.series.map((one: { data: unknown[] }) => one.data)).toEqual([[5], [null], [9]]);
  });
  test("of rates begin at 0, end at 100, and are pale on few calls", () => {
    const option = read(successRates([model("a", { successRate: 80, totalCalls: 4, successRateInterval: [30, 99] }), model("b", { successRate: 90 })], look, 600));
    expect([option.xAxis.min, option.xAxis.max]).toEqual([0, 100]);
    expect(option.series[0].data.map((one: { value: number; itemStyle: { opacity: number } }) => [one.value, one.itemStyle.opacity])).toEqual([[80, 0.45], [90, 1]]);
    expect(option.series[1].data[0]).toEqual([80, 0, 30, 99]);
  });
  test("have tooltips that set no style of the page, and take no name for markup", () => {
    const option = read(responseTimes([model("{a|b}\u202e", { avgResponseTime: 5 })], look, 600));
    expect(option.tooltip.renderMode).toBe("richText");
    const text = option.tooltip.formatter([{ dataIndex: 0 }]) as string;
    expect(text).not.toMatch(/\{[a-z]+\|/);
    expect(text).toContain("\u2069");
    expect([...plain("W".repeat(200))].length).toBeLessThan(70);
  });
});

test("the pie's parts are all calls, the unrated too", () => {
  const option = read(satisfaction({ totalCalls: 10, thumbsUp: 3, thumbsDown: 2 } as Measures, look));
  expect(option.series[0].data.map((part: { value: number }) => part.value)).toEqual([3, 2, 5]);
});

describe("trends", () => {
  const points = ["2026-03-01", "2026-03-02"].flatMap((date) => ["b", "a"].map((name) => point(date, { model: name, avgResponseTime: 7 })));

  test("have a line for each group, in the API's order", () => {
    expect(lines(points, "model", (name) => name.toUpperCase()).map(({ name, points }) => [name, points.length])).toEqual([["B", 2], ["A", 2]]);
    expect(lines(points, null, (name) => name)).toHaveLength(1);
  });
  test("break where there were no calls, and only counts are then 0", () => {
    const none = point("2026-03-01", { totalCalls: 0, avgResponseTime: 0 });
    expect(valueOf(none, measureNamed("avgResponseTime"))).toBeNull();
    expect(valueOf(none, measureNamed("totalCalls"))).toBe(0);
  });
  test("draw no more lines than can be told apart, each by colour, dash, and symbol", () => {
    const many = Array.from({ length: 20 }, (_, index) => ({ name: `m${index}`, points: [point("2026-03-01", {})] }));
    const { series } = read(trends(many, measureNamed("totalCalls"), period, look, 600));
    expect(series).toHaveLength(MOST_LINES);
    expect(new Set(series.map((one: { itemStyle: { color: string } }) => one.itemStyle.color)).size).toBe(MOST_LINES);
    expect(new Set(series.map((one: { symbol: string }) => one.symbol)).size).toBe(MOST_LINES);
  });
});
