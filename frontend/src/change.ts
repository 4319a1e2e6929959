// How a figure compares with the time before: by how much, whether that is better, and whether it may be chance.
import { count } from "./format";

export interface Change {
  text: string;
  direction: "up" | "down" | "same";
  mood: "good" | "bad" | "mild";
  /** False where the difference is within what chance makes. */
  sure: boolean;
}

function direction(difference: number): Change["direction"] {
  return difference > 0 ? "up" : difference < 0 ? "down" : "same";
}

type Maybe = number | null | undefined;

/** In percent of what it was; `better` says which way is good, null that neither is. */
export function relativeChange(now: Maybe, before: Maybe, better: "more" | "less" | null): Change | null {
  if (now == null || before == null || before === 0) return null;
  const percent = (100 * (now - before)) / before;
  const text = Math.abs(percent) < 0.05 ? "no change" : percent > 999 ? `${count(now / before)} times` : `${Math.abs(percent).toFixed(Math.abs(percent) < 10 ? 1 : 0)}\u00a0%`;
  const way = text === "no change" ? "same" : direction(percent);
  const mood = better === null || way === "same" ? "mild" : (way === "up") === (better === "more") ? "good" : "bad";
  return { text, direction: way, mood, sure: true };
}

/** In points, of a rate of which more is better; `interval` is where the true difference lies. */
export function rateChange(now: Maybe, before: Maybe, interval: [number, number] | null | undefined): Change | null {
  if (now == null || before == null) return null;
  const points = now - before;
  const text = Math.abs(points) < 0.05 ? "no change" : `${Math.abs(points).toFixed(1)} points`;
  const way = text === "no change" ? "same" : direction(points);
  const sure = way === "same" || (interval != null && (interval[0] > 0 || interval[1] < 0));
  return { text, direction: way, mood: !sure || way === "same" ? "mild" : way === "up" ? "good" : "bad", sure };
}
