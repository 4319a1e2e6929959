/** How the thumbs look. Colours follow the page's text unless its owner says otherwise, by custom properties or `::part`. */
export const LOOK = `
:host { display: inline-flex; vertical-align: middle; color: inherit; font: inherit; }
:host([hidden]) { display: none; }
[part~="group"] { display: inline-flex; align-items: center; flex-wrap: wrap; gap: var(--model-feedback-gap, 0.25rem); }
button {
  display: inline-grid; place-items: center; box-sizing: border-box; margin: 0; padding: 0;
  width: var(--model-feedback-size, 2.25rem); height: var(--model-feedback-size, 2.25rem);
  color: var(--model-feedback-color, inherit); background: transparent;
  border: 1px solid transparent; border-radius: var(--model-feedback-radius, 0.5rem); cursor: pointer;
}
svg { width: 56%; height: 56%; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
button:not([aria-pressed="true"]) svg { opacity: 0.8; }
button:hover { background: var(--model-feedback-hover, color-mix(in srgb, currentColor 12%, transparent)); }
button:hover svg { opacity: 1; }
button:focus-visible { outline: 2px solid var(--model-feedback-focus, currentColor); outline-offset: 2px; }
button[aria-pressed="true"] svg { fill: currentColor; fill-opacity: 0.28; stroke-width: 2; }
button[part~="up"][aria-pressed="true"] { color: var(--model-feedback-up, var(--model-feedback-color, inherit)); border-color: currentColor; }
button[part~="down"][aria-pressed="true"] { color: var(--model-feedback-down, var(--model-feedback-color, inherit)); border-color: currentColor; }
button[aria-disabled="true"] { cursor: default; opacity: 0.45; background: none; }
[part~="status"] { font-size: 0.8125em; }
[part~="status"]:not([data-shown]) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (pointer: coarse) { button { width: var(--model-feedback-size, 2.75rem); height: var(--model-feedback-size, 2.75rem); } }
@media (prefers-reduced-motion: no-preference) {
  button { transition: background-color 0.12s; }
  button[aria-pressed="true"] svg { animation: pressed 0.22s ease-out; }
  @keyframes pressed { 40% { scale: 1.18; } }
}
@media (forced-colors: active) { button[aria-pressed="true"] { forced-color-adjust: none; color: HighlightText; background: Highlight; } }
`;

const SVG = "http://www.w3.org/2000/svg";
const THUMB = "M7 10.5v9.75M3.75 10.5H7l3.6-7.1a1.1 1.1 0 0 1 .98-.6c1.42 0 2.42 1.35 2.05 2.72L12.7 9h5.86a2 2 0 0 1 1.95 2.45l-1.62 7.2a2 2 0 0 1-1.95 1.6H3.75z";

/** A thumb, drawn without a style attribute or markup that a page's policy could refuse. */
export function thumb(up: boolean): SVGSVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", THUMB);
  if (!up) line.setAttribute("transform", "rotate(180 12 12)");
  drawing.append(line);
  return drawing;
}
