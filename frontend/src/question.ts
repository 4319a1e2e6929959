// What a page asks lives in its address. The parameters are the API's own, by their names, and a few that only the page knows;
// whatever else somebody wrote there is passed on, and the API says what it thinks of it.

/** What only the page knows: how it shows, not what it asks. */
const SHOWING = new Set(["metric", "sort", "all", "theme"]);

/** What filters calls, in the order in which it is written. */
export const FILTERS = [
  "days", "from", "to", "task_type", "model", "provider", "complexity", "segment", "operation", "timezone",
] as const; // prettier-ignore

export const ASKING = [...FILTERS, "group_by", "interval"] as const;

export type Parameter = string;

/** The parameters of an address; a parameter without a value, as a form sends it for a field left empty, is none. */
export function read(search: string): URLSearchParams {
  const given = new URLSearchParams(search);
  return new URLSearchParams([...given].filter(([, value]) => value.trim() !== ""));
}

/** The address's question with some parameters set, or taken away by an empty text. */
export function changed(search: string, changes: Record<Parameter, string>): string {
  const next = read(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value.trim() === "") next.delete(name);
    else next.set(name, value.trim());
  }
  return written(next);
}

/** As it stands in an address: known parameters first, in a fixed order, so that equal questions have equal addresses. */
export function written(parameters: URLSearchParams): string {
  const place = (name: string): number => {
    const known = (ASKING as readonly string[]).indexOf(name);
    return known < 0 ? ASKING.length : known;
  };
  const sorted = new URLSearchParams([...parameters].sort(([a], [b]) => place(a) - place(b)));
  const text = sorted.toString();
  return text ? `?${text}` : "";
}

/** What of the address is asked of the API. */
export function asked(search: string, extra: Record<Parameter, string> = {}, without: readonly Parameter[] = []): string {
  const next = new URLSearchParams([...read(search)].filter(([name]) => !SHOWING.has(name) && !without.includes(name)));
  for (const [name, value] of Object.entries(extra)) if (!next.has(name)) next.set(name, value);
  return written(next);
}

/** Only what filters, for another page about the same calls. */
export function filters(search: string, changes: Record<Parameter, string> = {}): string {
  const next = new URLSearchParams([...read(search)].filter(([name]) => (FILTERS as readonly string[]).includes(name)));
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") next.delete(name);
    else next.set(name, value);
  }
  return written(next);
}

/** The address of a model's page. */
export function modelPage(model: string, search: string): string {
  return `/analytics/models/${encodeURIComponent(model)}${filters(search, { model: "" })}`;
}

/** The calls behind a figure. */
export function callsPage(search: string, changes: Record<Parameter, string> = {}): string {
  const period = ["days", "from"].some((name) => read(search).has(name)) ? {} : { days: "30" };
  return `/analytics/calls${filters(search, { ...period, ...changes })}`;
}
