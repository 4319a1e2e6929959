/** Ratings on their way: kept until the server has them, across reloads, and tried again while it is away or does not know the call yet. */

export type Rating = -1 | 0 | 1;

/** What is rated, and where the rating goes. */
export interface Target {
  readonly address: string;
  readonly messageId: string | null;
  readonly conversationId: string | null;
}

/** A rating that the server does not have yet. Times are milliseconds since 1970. */
interface Waiting extends Target {
  readonly rating: Rating;
  readonly stamp: string; // tells this rating of the target from a later one
  readonly since: number;
  readonly tries: number;
}

export type News =
  | { readonly kind: "waiting"; readonly rating: Rating }
  | { readonly kind: "saved"; readonly rating: Rating; readonly callId: string | null }
  | { readonly kind: "failed"; readonly rating: Rating; readonly why: string };

type Reader = (news: News) => void;

const PLACE = "augury-feedback";
const MOST = 100; // ratings that wait; the oldest make room
const DAY_MS = 86_400_000; // offline for longer, and the rating is given up
const UNKNOWN_MS = 600_000; // a call that has not arrived by then never will
const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** How long to wait before the next attempt: twice as long each time, and not all at once after an outage. */
export function pause(tries: number, random: number, told: string | null): number {
  const asked = Number(told ?? "") * 1_000;
  const own = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 10)) * (0.8 + 0.4 * random);
  return Math.min(LONGEST_MS, Math.max(own, asked > 0 ? asked : 0));
}

export const nameOf = (target: Target): string => JSON.stringify([target.address, target.messageId, target.conversationId]);

export class Queue {
  readonly #readers = new Map<string, Set<Reader>>();
  readonly #keys = new Map<string, string | null>(); // by address; never stored
  readonly #sending = new Set<string>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #memory: Record<string, Waiting> = {}; // where a page may store nothing

  constructor() {
    globalThis.addEventListener?.("online", () => this.#all(true));
  }

  /** What becomes of a target's ratings, from now on; what is waiting for its address is tried now. Call the answer to stop. */
  follow(target: Target, key: string | null, reader: Reader): () => void {
    const name = nameOf(target);
    const readers = this.#readers.get(name) ?? new Set();
    this.#readers.set(name, readers.add(reader));
    this.#keys.set(target.address, key);
    this.#all(false);
    return () => {
      readers.delete(reader);
      if (!readers.size) this.#readers.delete(name);
    };
  }

  /** The rating of a target that is on its way; undefined where none is. */
  pending(target: Target): Rating | undefined {
    return this.#read()[nameOf(target)]?.rating;
  }

  /** Rate, in the place of what was on its way. */
  put(target: Target, rating: Rating): void {
    const { address, messageId, conversationId } = target;
    const now = Date.now();
    const stamp = `${now}-${Math.random()}`;
    this.#change((all) => ({ ...all, [nameOf(target)]: { address, messageId, conversationId, rating, stamp, since: now, tries: 0 } }));
    void this.#send(nameOf(target));
  }

  /** Send what waits; what has its next attempt before it only `at once`. */
  #all(atOnce: boolean): void {
    for (const [name, waiting] of Object.entries(this.#read())) {
      if (this.#keys.has(waiting.address) && (atOnce || !this.#timers.has(name))) void this.#send(name);
    }
  }

  async #send(name: string): Promise<void> {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    const waiting = this.#read()[name];
    if (!waiting || this.#sending.has(name)) return; // one at a time, so that the last one counts
    this.#sending.add(name);
    const outcome = await this.#ask(waiting);
    this.#sending.delete(name);
    const now = this.#read()[name];
    if (now && now.stamp !== waiting.stamp) return this.#send(name);
    if (outcome.again && Date.now() - waiting.since < outcome.for) {
      this.#change((all) => (all[name]?.stamp === waiting.stamp ? { ...all, [name]: { ...waiting, tries: waiting.tries + 1 } } : all));
      this.#tell(name, { kind: "waiting", rating: waiting.rating });
      this.#timers.set(name, setTimeout(() => void this.#send(name), pause(waiting.tries, Math.random(), outcome.told)));
      return;
    }
    this.#change((all) => {
      const { [name]: _gone, ...rest } = all;
      return rest;
    });
    if (outcome.saved) this.#tell(name, { kind: "saved", rating: waiting.rating, callId: outcome.callId });
    else this.#tell(name, { kind: "failed", rating: waiting.rating, why: outcome.why });
  }

  async #ask(waiting: Waiting) {
    const nothing = { saved: false, again: false, for: 0, told: null as string | null, callId: null as string | null, why: "" };
    const { messageId, conversationId, rating } = waiting;
    const key = this.#keys.get(waiting.address);
    try {
      const answer = await fetch(waiting.address, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...(key ? { "x-api-key": key } : {}) },
        body: JSON.stringify({ ...(messageId ? { messageId } : {}), ...(conversationId ? { conversationId } : {}), rating }),
        keepalive: true, // whoever rates and goes has rated
      });
      const said: unknown = await answer.json().catch(() => null);
      const word = (field: string) => {
        const value = said && typeof said === "object" ? (said as Record<string, unknown>)[field] : null;
        return typeof value === "string" ? value : null;
      };
      if (answer.ok) return { ...nothing, saved: true, callId: word("callId") };
      const why = word("detail") ?? `the server answered ${answer.status}`;
      const told = answer.headers.get("Retry-After");
      if (answer.status === 404) return { ...nothing, again: true, for: UNKNOWN_MS, told, why };
      if (answer.status === 429 || answer.status >= 500) return { ...nothing, again: true, for: DAY_MS, told, why };
      return { ...nothing, why };
    } catch {
      return { ...nothing, again: true, for: DAY_MS, why: "no answer" };
    }
  }

  #tell(name: string, news: News): void {
    for (const reader of this.#readers.get(name) ?? []) reader(news);
  }

  #read(): Record<string, Waiting> {
    let kept: unknown;
    try {
      kept = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
    } catch {
      return this.#memory;
    }
    const all = Object.entries(kept && typeof kept === "object" ? kept : {}).filter((one): one is [string, Waiting] => isWaiting(one[1]));
    return { ...this.#memory, ...Object.fromEntries(all) };
  }

  #change(change: (all: Record<string, Waiting>) => Record<string, Waiting>): void {
    const recent = Object.entries(change(this.#read()))
      .sort(([, one], [, other]) => one.since - other.since)
      .slice(-MOST);
    const all = Object.fromEntries(recent);
    try {
      if (recent.length) localStorage.setItem(PLACE, JSON.stringify(all));
      else localStorage.removeItem(PLACE);
      this.#memory = {};
    } catch {
      this.#memory = all;
    }
  }
}

/** Other scripts of the page can write there, too. */
function isWaiting(value: unknown): value is Waiting {
  const one = value as Waiting | null;
  const named = (id: unknown) => id === null || typeof id === "string";
  return (
    typeof one === "object" && one !== null && typeof one.address === "string" && named(one.messageId) && named(one.conversationId) &&
    [-1, 0, 1].includes(one.rating) && typeof one.stamp === "string" && Number.isFinite(one.since) && Number.isFinite(one.tries)
  );
}
