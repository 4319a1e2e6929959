// What charts share: axes, tooltips, and the escaping of names, which anybody may have chosen.
import type { EChartsCoreOption } from "echarts/core";
import { isolated } from "../format";
import type { Look } from "../look.svelte";

export type Option = EChartsCoreOption;

/** A name for a tooltip: `{a|b}` there is markup, and a name must not be. */
export function plain(name: string, most = 60): string {
  const letters = [...name];
  const text = letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : name;
  return isolated(text.replaceAll("{", "{\u2060"));
}

export function base(look: Look): Option {
  return {
    animation: false,
    textStyle: { fontFamily: look.font, color: look.text, fontSize: 14 },
  };
}

export function tooltip(look: Look): Record<string, unknown> {
  return {
    renderMode: "richText", // an HTML tooltip would set styles that the page's policy refuses
    confine: true,
    backgroundColor: look.raised,
    borderColor: look.edge,
    padding: [8, 12],
    textStyle: { color: look.text, fontFamily: look.font, fontSize: 14, lineHeight: 20 },
    transitionDuration: 0,
  };
}

export function valueAxis(look: Look, write: (value: number) => string, rest: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: "value",
    axisLabel: { color: look.quiet, formatter: write, hideOverlap: true, fontSize: 13 },
    axisLine: { show: false },
    splitLine: { lineStyle: { color: look.grid } },
    ...rest,
  };
}

export function nameAxis(look: Look, names: string[], width: number): Record<string, unknown> {
  return {
    type: "category",
    inverse: true,
    data: names.map((name) => isolated(name)),
    axisLabel: { color: look.text, width, overflow: "truncate", ellipsis: "…", fontSize: 14, interval: 0 },
    axisLine: { lineStyle: { color: look.edge } },
    axisTick: { show: false },
  };
}

/** How wide names may be, beside bars that want room. */
export function nameWidth(width: number): number {
  return Math.round(Math.min(190, Math.max(84, width * 0.3)));
}
