import { expect, test } from "vitest";
import { csv } from "./csv";

test("what is quoted comes back, and unknown is empty", () => {
  expect(csv(["name", "calls"], [['a,"b"\nc', 12.5], ["plain", null]])).toBe('name,calls\r\n"a,""b""\nc",12.5\r\nplain,\r\n');
});
test("a spreadsheet takes no name for a formula", () => {
  expect(csv(["name"], [["=1+1"], ["@x"], ["-1"]])).toBe("name\r\n'=1+1\r\n'@x\r\n'-1\r\n");
});
