// Hearing from the server that something changed. The connection is closed while nobody looks: browsers allow few to one server.

const REST_MS = 4_000; // between two refreshes, however much changes

class Live {
  /** Whether news would come now. */
  connected = $state(false);
  /** Whether the reader wants them. */
  wanted = $state(true);
  /** How often something changed. */
  news = $state(0);
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;

  start(): void {
    document.addEventListener("visibilitychange", () => this.#look());
    this.#look();
  }

  toggle(): void {
    this.wanted = !this.wanted;
    this.#look();
    if (this.wanted) this.#changed();
  }

  #look(): void {
    const should = this.wanted && document.visibilityState === "visible";
    if (!should) {
      this.#source?.close();
      this.#source = null;
      this.connected = false;
    } else if (!this.#source) {
      const missed = this.#last > 0;
      this.#source = new EventSource("/api/analytics/events");
      this.#source.addEventListener("open", () => (this.connected = true));
      this.#source.addEventListener("error", () => {
        this.connected = false;
        // A server that refuses (too many listen) is not asked again and again by the browser: we try later.
        if (this.#source?.readyState === EventSource.CLOSED) {
          this.#source = null;
          setTimeout(() => this.#look(), 30_000);
        }
      });
      this.#source.addEventListener("changed", () => this.#changed());
      if (missed) this.#changed();
    }
  }

  #changed(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#last + REST_MS - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#last = Date.now();
      this.news += 1;
    }, wait);
  }
}

export const live = new Live();
