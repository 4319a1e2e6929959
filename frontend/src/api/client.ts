// Asking the API, and saying what went wrong in words a reader can use.

/** What was wrong with one field of a question. */
export interface Finding {
  field: string;
  expected: string;
  came?: unknown;
  allowed?: string[];
}

/** An answer that is none: the API's problem document (RFC 9457), or that nobody answered. */
export class Trouble extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly findings: Finding[] = [],
  ) {
    super(message);
  }

  /** Whether asking the same again may help. */
  get passing(): boolean {
    return this.status === 0 || this.status >= 500 || this.status === 429;
  }
}

interface Problem {
  detail?: string;
  title?: string;
  errors?: Finding[];
}

async function answered<T>(request: Promise<Response>): Promise<T> {
  let response: Response;
  try {
    response = await request;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Trouble(0, "The server does not answer. It may have ended, or this machine may be offline.");
  }
  if (response.ok) return (await response.json()) as T;
  let problem: Problem = {};
  try {
    problem = (await response.json()) as Problem;
  } catch {
    // no document: the status must do
  }
  throw new Trouble(response.status, problem.detail ?? problem.title ?? `The server answered ${response.status}.`, problem.errors);
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answered<T>(fetch(path, { headers: { Accept: "application/json" }, ...(signal ? { signal } : {}) }));
}

export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return answered<T>(
    fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    }),
  );
}
