import { describe, expect, test } from "vitest";
import * as question from "./question";

describe("what a page asks lives in its address", () => {
  test("equal questions have equal addresses, whatever was chosen first", () => {
    expect(question.changed("?model=gpt-4o&days=7", { task_type: "coding" })).toBe("?days=7&task_type=coding&model=gpt-4o");
    expect(question.changed("?days=7&task_type=coding", { model: "gpt-4o" })).toBe("?days=7&task_type=coding&model=gpt-4o");
  });
  test("an empty value takes a filter away", () => {
    expect(question.changed("?days=7&model=gpt-4o", { model: "", days: "" })).toBe("");
    expect(question.changed("?days=&model=%20", {})).toBe("");
  });
  test("names survive, whatever they are made of", () => {
    const name = "a/b?c&d=e#f %+\u202e🧙";
    expect(new URLSearchParams(question.changed("", { model: name })).get("model")).toBe(name);
    expect(question.modelPage(name, "?days=7&metric=totalCost&group_by=time")).toBe(`/analytics/models/${encodeURIComponent(name)}?days=7`);
  });
  test("how a page shows is not asked of the API, and what it does not know is passed on for the API to refuse", () => {
    expect(question.asked("?sort=-totalCost&metric=totalCost&days=7&mood=good", { compare: "true" })).toBe("?days=7&mood=good&compare=true");
  });
  test("the calls behind a figure are those of its period", () => {
    expect(question.callsPage("", { task_type: "coding" })).toBe("/analytics/calls?days=30&task_type=coding");
    expect(question.callsPage("?from=2026-03-01&to=2026-03-02&group_by=time")).toBe("/analytics/calls?from=2026-03-01&to=2026-03-02");
  });
});
