// The models and providers that filters offer: those that answers have named so far.
import { get } from "./api/client";
import type { Overview } from "./api/types";

class Known {
  models = $state.raw<[string, string][]>([]);
  providers = $state.raw<string[]>([]);
  #asked = false;
  #since = Number.POSITIVE_INFINITY; // from when on none is missing

  /** `whole` where no filter leaves any of them out. */
  learn(answer: Overview, whole: boolean): void {
    if (whole) this.#since = Math.min(this.#since, Date.parse(answer.period.from));
    const models = new Map(this.models);
    for (const { model, displayName } of answer.byModel) models.set(model, displayName);
    if (models.size !== this.models.length) this.models = [...models].sort((a, b) => a[1].localeCompare(b[1]));
    const providers = new Set([...this.providers, ...answer.byProvider.map(({ provider }) => provider)]);
    if (providers.size !== this.providers.length) this.providers = [...providers].sort();
  }

  /** Ask once for all of the last 90 days, where what has come so far names too few for a period that begins then. */
  async all(from: string): Promise<void> {
    if (this.#asked || Date.parse(from) >= this.#since) return;
    this.#asked = true;
    try {
      this.learn(await get<Overview>("/api/analytics/models?days=90&interval=week"), true);
    } catch {
      this.#asked = false; // they stay as they are
    }
  }
}

export const known = new Known();
