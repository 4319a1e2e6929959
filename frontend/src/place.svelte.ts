// Where the reader is. Links are links; those within the dashboard change the page without loading it anew.

const OURS = /^\/analytics\/(models(\/.+)?|calls|ask)$/;

export const place = $state({ path: location.pathname, search: location.search });

function arrive(): void {
  place.path = location.pathname;
  place.search = location.search;
}

/** Go to an address of the dashboard; `replace` where back should not lead here again. */
export function go(address: string, { replace = false, keep = false } = {}): void {
  const before = place.path;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  arrive();
  if (!keep && place.path !== before) {
    scrollTo(0, 0);
    requestAnimationFrame(() => document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true }));
  }
}

/** Follow links by hand where that is as good: a plain click on one of our pages. */
export function follow(event: MouseEvent): void {
  const link = (event.target as Element).closest?.("a");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target || link.hasAttribute("download")) return;
  const there = new URL(link.href);
  if (there.origin !== location.origin || !OURS.test(there.pathname) || there.hash) return;
  event.preventDefault();
  go(there.pathname + there.search);
}

addEventListener("popstate", arrive);
