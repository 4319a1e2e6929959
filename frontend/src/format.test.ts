import { describe, expect, test } from "vitest";
import * as format from "./format";

const tight = (text: string): string => text.replaceAll("\u00a0", " ");

describe("a figure is rounded for the eye and never across a line that matters", () => {
  test.each([
    [99.97, "99.9 %"], [100, "100 %"], [0, "0 %"], [0.01, "0.1 %"], [88.43, "88.4 %"], [null, "–"],
  ])("%s percent is %s", (value, text) => expect(tight(format.percent(value))).toBe(text));

  test.each([
    [0, "0 ms"], [0.4, "<1 ms"], [842, "842 ms"], [999.6, "1.0 s"], [2456, "2.5 s"], [59_940, "59.9 s"], [59_960, "1.0 min"],
    [90_000, "1.5 min"], [3_600_000, "1.0 h"], [null, "–"],
  ])("%s milliseconds are %s", (value, text) => expect(tight(format.duration(value))).toBe(text));

  test.each([
    [0, "$0.00"], [1234.5, "$1,234.50"], [0.0031, "$0.0031"], [0.00999, "$0.010"], [0.000091, "$0.000091"], [211.027, "$211.03"], [null, "–"],
  ])("%s dollars are %s", (value, text) => expect(format.money(value)).toBe(text));

  test.each([
    [0.507, "51 %"], [0.004, "<1 %"], [0.999, ">99 %"], [0.125, "12 %"], [0.875, "88 %"], [1, ">99 %"], [null, "–"],
  ])("a probability of %s is %s", (value, text) => expect(tight(format.chance(value))).toBe(text));

  test.each([[12_345, "12,345"], [9_999_999, "9,999,999"], [12_300_000, "12.3 M"], [null, "–"]])("%s is %s", (value, text) =>
    expect(tight(format.brief(value))).toBe(text));

  test("an interval is never narrower than it is", () => expect(tight(format.between([87.6, 88.2]))).toBe("87–89 %"));
});

describe("times are told by the clocks of the period", () => {
  const berlin = { from: "2026-02-28T23:00:00Z", to: "2026-03-30T22:00:00Z", timezone: "Europe/Berlin", interval: "day" };

  test("whole days are days, across a change of clocks too", () =>
    expect(tight(format.periodText(berlin))).toBe("1 March 2026 to 30 March 2026"));
  test("one day is one day", () =>
    expect(tight(format.periodText({ ...berlin, to: "2026-03-01T23:00:00Z" }))).toBe("1 March 2026"));
  test("other bounds have times", () =>
    expect(tight(format.periodText({ ...berlin, from: "2026-03-01T09:30:00Z" }))).toContain("1 March 2026, 10:30 to"));
  test("an hour is told in the zone, a week by its Monday", () => {
    expect(tight(format.stepName("2026-03-29T01:00:00Z", { ...berlin, interval: "hour" }))).toBe("29 March 2026, 03:00");
    expect(tight(format.stepName("2026-03-23", { ...berlin, interval: "week" }))).toBe("week of 23 March 2026");
  });
});

test("a name cannot turn what stands beside it, nor break a line", () => {
  expect(format.isolated("a\u202eb\nc")).toBe("\u2068a\u202eb c\u2069");
});
