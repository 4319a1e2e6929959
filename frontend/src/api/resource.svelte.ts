// An answer that a page shows: the last one stays while the next is awaited, so that nothing jumps.
import { Trouble, get } from "./client";

export class Resource<T> {
  data = $state.raw<T | null>(null);
  trouble = $state.raw<Trouble | null>(null);
  /** Whether an answer to another question than the one shown is awaited. */
  loading = $state(true);
  /** When the answer came, in milliseconds since 1970. */
  at = $state(0);
  #address = "";
  #control: AbortController | null = null;

  /** Ask; `quiet` for the same question again, where a failure leaves what is there. */
  async load(address: string, { quiet = false } = {}): Promise<void> {
    if (quiet && (this.#address !== address || this.loading)) return;
    this.#control?.abort();
    const control = new AbortController();
    this.#control = control;
    this.#address = address;
    if (!quiet) {
      this.loading = true;
      this.trouble = null; // it was about another question
    }
    try {
      const data = await get<T>(address, control.signal);
      if (control.signal.aborted) return;
      this.data = data;
      this.trouble = null;
      this.at = Date.now();
    } catch (error) {
      if (control.signal.aborted) return;
      if (!quiet) this.trouble = error instanceof Trouble ? error : new Trouble(0, String(error));
    }
    this.loading = false;
  }

  /** The same question again, without a sign of it. */
  refresh(): Promise<void> {
    return this.#address ? this.load(this.#address, { quiet: true }) : Promise.resolve();
  }

  end(): void {
    this.#control?.abort();
  }
}
