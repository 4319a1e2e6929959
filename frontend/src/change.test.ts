import { expect, test } from "vitest";
import { rateChange, relativeChange } from "./change";

test("less time is better, more calls are neither", () => {
  expect(relativeChange(90, 100, "less")).toMatchObject({ direction: "down", mood: "good", text: "10\u00a0%" });
  expect(relativeChange(110, 100, null)).toMatchObject({ direction: "up", mood: "mild" });
});
test("nothing is compared with nothing", () => {
  expect(relativeChange(5, 0, null)).toBeNull();
  expect(rateChange(50, null, null)).toBeNull();
});
test("a change that may be chance is neither good nor bad", () => {
  expect(rateChange(88, 90, [-4, 0.5])).toMatchObject({ direction: "down", mood: "mild", sure: false });
  expect(rateChange(88, 90, [-4, -0.5])).toMatchObject({ direction: "down", mood: "bad", sure: true });
  expect(rateChange(88, 90, null)).toMatchObject({ sure: false });
});
