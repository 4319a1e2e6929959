// How many calls were liked, disliked, or never rated.
import type { Measures } from "../api/types";
import * as format from "../format";
import type { Look } from "../look.svelte";
import { type Option, base, tooltip } from "./options";

export interface Share {
  name: string;
  calls: number;
  colour: string;
}

export function shares(summary: Measures, look: Look): Share[] {
  const { thumbsUp, thumbsDown, totalCalls } = summary;
  return [
    { name: "Thumbs up", calls: thumbsUp, colour: look.series[1] ?? "" },
    { name: "Thumbs down", calls: thumbsDown, colour: look.series[3] ?? "" },
    { name: "Unrated", calls: totalCalls - thumbsUp - thumbsDown, colour: look.edge },
  ];
}

export function satisfaction(summary: Measures, look: Look): Option {
  const total = summary.totalCalls || 1;
  return {
    ...base(look),
    tooltip: {
      ...tooltip(look),
      trigger: "item",
      formatter: ({ name, value }: { name: string; value: number }) =>
        `${name}\n${format.plural(value, "call")}, ${format.percent((100 * value) / total)}`,
    },
    series: [
      {
        type: "pie",
        radius: ["62%", "92%"],
        label: { show: false },
        itemStyle: { borderColor: look.page, borderWidth: 2 },
        emphasis: { scale: false },
        data: shares(summary, look).map(({ name, calls, colour }) => ({ name, value: calls, itemStyle: { color: colour } })),
      },
    ],
  };
}
