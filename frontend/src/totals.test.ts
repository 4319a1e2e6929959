import { expect, test } from "vitest";
import type { Point } from "./api/types";
import { splitOf, totals } from "./totals";

function point(date: string, model: string, rest: Partial<Point>): Point {
  return { date, model, totalCalls: 0, thumbsUp: 0, thumbsDown: 0, totalTokens: 0, totalCost: null, avgResponseTime: null, successRate: null, ...rest } as Point;
}

test("a step is the sum of its groups, means and rates weighed by their calls", () => {
  const points = [
    point("2026-11-01", "a", { totalCalls: 3, avgResponseTime: 100, successRate: 100, thumbsUp: 1, totalTokens: 30, totalCost: 0.5 }),
    point("2026-11-02", "a", {}),
    point("2026-11-01", "b", { totalCalls: 1, avgResponseTime: 500, successRate: 0, thumbsDown: 3, totalTokens: 5 }),
    point("2026-11-02", "b", {}),
  ];
  expect(splitOf(points)).toBe("model");
  expect(totals(points)).toEqual([
    { totalCalls: 4, avgResponseTime: 200, successRate: 75, satisfactionRate: 25, totalTokens: 35, totalCost: 0.5 },
    { totalCalls: 0, avgResponseTime: null, successRate: null, satisfactionRate: null, totalTokens: 0, totalCost: null },
  ]);
});

test("points of all calls are not split", () => {
  expect(splitOf([{ date: "2026-11-01" } as Point])).toBeNull();
  expect(splitOf([])).toBeNull();
});
