// Trends come split by group; the sum of the groups is what they are of.
import type { Point } from "./api/types";

/** What a trend's points are split by; null where they are of all calls. */
export function splitOf(points: Point[]): "model" | "task_type" | "provider" | null {
  const [first] = points;
  return first?.model ? "model" : first?.taskType ? "task_type" : first?.provider ? "provider" : null;
}

/** What of all calls of a step can be told from its groups: counts, means, and rates, but no percentiles. */
export interface Total {
  totalCalls: number;
  avgResponseTime: number | null;
  successRate: number | null;
  satisfactionRate: number | null;
  totalTokens: number;
  totalCost: number | null;
}

/** The groups of each step added up; every group has every step, in the order of time. */
export function totals(points: Point[]): Total[] {
  const steps = new Map<string, Point[]>();
  for (const point of points) {
    const there = steps.get(point.date);
    if (there) there.push(point);
    else steps.set(point.date, [point]);
  }
  return [...steps.values()].map((groups) => {
    const sum = (read: (point: Point) => number | null | undefined): number => groups.reduce((total, point) => total + (read(point) ?? 0), 0);
    const calls = sum((point) => point.totalCalls);
    const rated = sum((point) => point.thumbsUp + point.thumbsDown);
    return {
      totalCalls: calls,
      avgResponseTime: calls ? sum((point) => (point.avgResponseTime ?? 0) * point.totalCalls) / calls : null,
      successRate: calls ? sum((point) => (point.successRate ?? 0) * point.totalCalls) / calls : null,
      satisfactionRate: rated ? (100 * sum((point) => point.thumbsUp)) / rated : null,
      totalTokens: sum((point) => point.totalTokens),
      totalCost: groups.some((point) => point.totalCost !== null) ? sum((point) => point.totalCost) : null,
    };
  });
}
