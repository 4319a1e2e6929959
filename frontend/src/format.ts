// How figures and times read: as `augury.report.formatting` writes them. A figure is rounded for the eye, never across a line
// that matters: 99.97 % does not become 100 %. Unknown is a dash; it is never 0.

export const UNKNOWN = "–";

type Maybe = number | null | undefined;

const GLUE = "\u00a0";
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const LONG: [number, string][] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
];

// Making a formatter takes a hundred times as long as formatting, and a page has thousands of figures.
const numbers: Intl.NumberFormat[] = [];
const dates = new Map<string, Intl.DateTimeFormat>();

function grouped(value: number, digits: number): string {
  numbers[digits] ??= new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return numbers[digits].format(value);
}

const CLOCK = { hour: "2-digit", minute: "2-digit" } as const;
const SHAPES = {
  day: { day: "numeric", month: "long", year: "numeric" },
  mark: { day: "numeric", month: "short" },
  minute: CLOCK,
  second: { ...CLOCK, second: "2-digit" },
} as const;

function dated(when: Date, timeZone: string, shape: keyof typeof SHAPES): string {
  const key = `${shape} ${timeZone}`;
  let made = dates.get(key);
  if (!made) dates.set(key, (made = new Intl.DateTimeFormat("en-GB", { timeZone, ...SHAPES[shape] })));
  return made.format(when);
}

/** 12,345. */
export function count(value: Maybe): string {
  return value == null ? UNKNOWN : grouped(Math.floor(value + 0.5), 0);
}

/** 12,345 too, but 12.3 M from ten millions on, where digits no longer help. */
export function brief(value: Maybe): string {
  if (value == null || value < 10_000_000) return count(value);
  const [size, letter] = LONG.find(([size]) => value >= size) ?? [1, ""];
  return `${grouped(value / size, 1)}${GLUE}${letter}`;
}

/** 78.3. */
export function decimal(value: Maybe): string {
  return value == null ? UNKNOWN : grouped(value, 1);
}

/** 98.7 %; 100 % and 0 % only where it is exactly that. */
export function percent(value: Maybe): string {
  if (value == null) return UNKNOWN;
  if (value === 0 || value === 100) return `${value}${GLUE}%`;
  return `${Math.min(Math.max(value, 0.1), 99.9).toFixed(1)}${GLUE}%`;
}

/** A probability from 0 to 1: 79 %; at the ends <1 % and >99 %, since what is drawn is never known to be certain. */
export function chance(probability: Maybe): string {
  if (probability == null) return UNKNOWN;
  const exact = Number((100 * probability).toFixed(6));
  const below = Math.floor(exact);
  const half = exact - below === 0.5; // halves to even: those of two make 100
  const whole = half ? below + (below % 2) : Math.round(exact);
  if (whole < 1) return `<1${GLUE}%`;
  return whole > 99 ? `>99${GLUE}%` : `${whole}${GLUE}%`;
}

/** Between which figures a rate lies, in whole percent: 91–97 %. */
export function between(interval: [number, number] | null | undefined): string {
  if (!interval) return UNKNOWN;
  const [low, high] = [Math.floor(interval[0]), Math.ceil(interval[1])];
  return `${low}–${high}${GLUE}%`;
}

/** 842 ms, 2.5 s, 1.5 min, 3.0 h. */
export function duration(milliseconds: Maybe): string {
  if (milliseconds == null) return UNKNOWN;
  if (milliseconds > 0 && milliseconds < 1) return `<1${GLUE}ms`;
  if (milliseconds < SECOND - 0.5) return `${Math.floor(milliseconds + 0.5)}${GLUE}ms`;
  if (milliseconds < MINUTE - 0.05 * SECOND) return `${(milliseconds / SECOND).toFixed(1)}${GLUE}s`;
  if (milliseconds < HOUR - 0.05 * MINUTE) return `${(milliseconds / MINUTE).toFixed(1)}${GLUE}min`;
  return `${grouped(milliseconds / HOUR, 1)}${GLUE}h`;
}

/** $1,234.50 and $0.0031: cents, and below a dollar as many places as two digits need. */
export function money(dollars: Maybe): string {
  if (dollars == null) return UNKNOWN;
  const first = dollars ? Number(Math.abs(dollars).toExponential(1).split("e")[1]) : 0;
  const digits = Math.min(Math.max(2, 1 - first), 20);
  return `${dollars < 0 ? "-" : ""}$${grouped(Math.abs(dollars), digits)}`;
}

/** 1 call, 2 calls. */
export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** A word of the vocabulary as people write it: function_calling is Function calling. */
export function words(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** A name for a place that takes plain text: whatever direction it is written in, what stands beside it stays. */
export function isolated(name: string): string {
  return `\u2068${name.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ")}\u2069`;
}

/** 24 November 2026, 09:05, by the clocks of the zone; the date alone with `day`. */
export function moment(instant: string, timezone: string, kind: "day" | "minute" | "second" = "minute"): string {
  const when = new Date(instant);
  const day = dated(when, timezone, "day").replaceAll(" ", GLUE);
  return kind === "day" ? day : `${day}, ${dated(when, timezone, kind)}`;
}

interface Period {
  from: string;
  to: string;
  timezone: string;
  interval: string;
}

/** 1 March 2026 to 30 March 2026; with times where it does not begin or end with a day. */
export function periodText(period: Period): string {
  const midnight = [period.from, period.to].every((bound) => dated(new Date(bound), period.timezone, "minute") === "00:00");
  if (!midnight) return `${moment(period.from, period.timezone)} to ${moment(period.to, period.timezone)}`;
  const first = moment(period.from, period.timezone, "day");
  const last = moment(new Date(new Date(period.to).getTime() - 1).toISOString(), period.timezone, "day");
  return first === last ? first : `${first} to ${last}`;
}

/** A step of a trend in full: 1 March 2026, or 1 March 2026, 14:00 by the period's clocks. */
export function stepName(label: string, period: Period): string {
  if (period.interval === "hour") return moment(label, period.timezone);
  const day = moment(`${label}T12:00:00Z`, "UTC", "day");
  return period.interval === "week" ? `week of ${day}` : day;
}

/** The same as short as an axis wants it: 1 Mar, or 14:00. */
export function stepMark(label: string, period: Period): string {
  const hourly = period.interval === "hour";
  const when = new Date(hourly ? label : `${label}T12:00:00Z`);
  const timeZone = hourly ? period.timezone : "UTC";
  const day = dated(when, timeZone, "mark");
  if (!hourly) return day;
  const time = dated(when, timeZone, "minute");
  return time === "00:00" ? day : time;
}

/** How long ago, in words. */
export function ago(seconds: number): string {
  if (seconds < 5) return "just now";
  if (seconds < 90) return `${Math.round(seconds)}${GLUE}s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}${GLUE}min ago`;
  return `${Math.round(seconds / 3600)}${GLUE}h ago`;
}
