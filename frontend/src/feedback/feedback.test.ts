import { expect, test } from "vitest";
import { addressOf, define } from "./element";
import { pause } from "./queue";

const PAGE = "https://shop.example.org/chat/7";

test("an address without a path is a server's, one with a path is taken as it is", () => {
  expect(addressOf(null, PAGE)).toBe("https://shop.example.org/api/analytics/models/feedback");
  expect(addressOf(" https://augury.example.org ", PAGE)).toBe("https://augury.example.org/api/analytics/models/feedback");
  expect(addressOf("/rate", PAGE)).toBe("https://shop.example.org/rate");
  expect(addressOf("https://me:secret@a.example/x?y=1#z", PAGE)).toBe("https://a.example/x?y=1");
});

test.each(["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://", "http://[", "blob:https://a/b"])("%s is no address", (endpoint) => {
  expect(addressOf(endpoint, PAGE)).toBeNull();
});

test("pauses double, differ, and end at a minute", () => {
  expect([0, 1, 2, 3].map((tries) => pause(tries, 0.5, null))).toEqual([1000, 2000, 4000, 8000]);
  expect(pause(0, 0, null)).toBe(800);
  expect(pause(500, 1, null)).toBe(60_000);
  expect(pause(0, 0.5, "5")).toBe(5000);
  expect(pause(0, 0.5, "86400")).toBe(60_000);
  expect(pause(0, 0.5, "Wed, 21 Oct 2026 07:28:00 GMT")).toBe(1000);
});

test("where there are no elements, as on a server, importing it does nothing", () => {
  expect(() => define()).not.toThrow();
});
