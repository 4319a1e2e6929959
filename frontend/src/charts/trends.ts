// One measure through time: a line for everything, or one for each group.
import type { Period, Point } from "../api/types";
import * as format from "../format";
import type { Look } from "../look.svelte";
import type { Measure } from "../measures";
import { type Option, base, plain, tooltip, valueAxis } from "./options";

export interface Line {
  name: string;
  points: Point[];
}

export const MOST_LINES = 8;

/** Told apart without colour too. */
export const SYMBOLS = ["circle", "triangle", "rect", "diamond", "roundRect", "arrow", "pin", "emptyCircle"];
export const DASHES: (string | number[])[] = ["solid", [8, 3], [2, 3], [10, 3, 2, 3], [5, 2], [1, 2], [14, 4], [4, 6]];

/** The points of a trend, a line for each group, those with most calls first as the API orders them. */
export function lines(points: Point[], key: "model" | "taskType" | "provider" | null, called: (name: string) => string): Line[] {
  if (!key) return [{ name: "All calls", points }];
  const found = new Map<string, Point[]>();
  for (const point of points) {
    const name = point[key] ?? "";
    const there = found.get(name);
    if (there) there.push(point);
    else found.set(name, [point]);
  }
  return [...found].map(([name, own]) => ({ name: called(name), points: own }));
}

/** What a point shows: nothing where there were no calls, but for counts, which are then 0. */
export function valueOf(point: Point, measure: Measure): number | null {
  if (point.totalCalls === 0 && measure.name !== "totalCalls") return null;
  const value = point[measure.name];
  return typeof value === "number" ? value : null;
}

export function trends(all: Line[], measure: Measure, period: Period, look: Look, width: number): Option {
  const drawn = all.slice(0, MOST_LINES);
  const labels = drawn[0]?.points.map((point) => point.date) ?? [];
  const rate = ["successRate", "satisfactionRate"].includes(measure.name);
  const few = labels.length <= 45;
  return {
    ...base(look),
    grid: { left: 4, right: 16, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      ...tooltip(look),
      trigger: "axis",
      axisPointer: { lineStyle: { color: look.quiet } },
      formatter: (points: { dataIndex: number }[]) => {
        const index = points[0]?.dataIndex ?? 0;
        const head = format.stepName(labels[index] ?? "", period);
        const rows = drawn.map(({ name, points }) => {
          const point = points[index];
          if (!point) return "";
          const small = measure.name !== "totalCalls" ? ` (${format.plural(point.totalCalls, "call")})` : "";
          return `${plain(name, 28)}: ${measure.write(valueOf(point, measure))}${small}`;
        });
        return [head, ...rows].join("\n");
      },
    },
    xAxis: {
      type: "category",
      data: labels,
      boundaryGap: labels.length === 1,
      axisLabel: {
        color: look.quiet,
        fontSize: 13,
        hideOverlap: true,
        interval: Math.max(0, Math.ceil((labels.length * 76) / Math.max(width, 240)) - 1),
        formatter: (label: string) => format.stepMark(label, period),
      },
      axisLine: { lineStyle: { color: look.edge } },
      axisTick: { show: false },
    },
    yAxis: valueAxis(look, (value) => (rate ? `${value} %` : measure.write(value)), {
      scale: rate,
      ...(rate ? { max: 100 } : { min: 0 }),
      splitNumber: 4,
    }),
    series: drawn.map(({ name, points }, index) => ({
      type: "line",
      name,
      data: points.map((point) => {
        const value = valueOf(point, measure);
        const small = point.totalCalls < 5 && measure.name !== "totalCalls";
        return small ? { value, symbolSize: 6, itemStyle: { opacity: 0.6 } } : value;
      }),
      symbol: SYMBOLS[index],
      symbolSize: 6,
      showSymbol: few,
      showAllSymbol: true,
      connectNulls: false,
      lineStyle: { width: 2, type: DASHES[index] },
      itemStyle: { color: look.series[index] },
      emphasis: { disabled: true },
    })),
  };
}
