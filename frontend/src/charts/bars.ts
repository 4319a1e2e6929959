// Bars by model: how long answers take, and how often they succeed.
import type { ModelMeasures } from "../api/types";
import * as format from "../format";
import type { Look } from "../look.svelte";
import { type Option, base, nameAxis, nameWidth, plain, tooltip, valueAxis } from "./options";

export const RESPONSE_TIMES = [
  ["avgResponseTime", "Average"],
  ["medianResponseTime", "Median"],
  ["p95ResponseTime", "p95"],
] as const;

const ROW = 46;

/** How high a drawing of so many models is. */
export function barsHeight(models: number, row = ROW): number {
  return models * row + 40;
}

function said(models: ModelMeasures[], index: number, lines: string[]): string {
  const model = models[index];
  if (!model) return "";
  return [plain(model.displayName), format.plural(model.totalCalls, "call"), ...lines].join("\n");
}

export function responseTimes(models: ModelMeasures[], look: Look, width: number): Option {
  return {
    ...base(look),
    grid: { left: 4, right: 18, top: 4, bottom: 4, containLabel: true },
    tooltip: {
      ...tooltip(look),
      trigger: "axis",
      axisPointer: { type: "shadow", shadowStyle: { color: look.grid, opacity: 0.5 } },
      formatter: (points: { dataIndex: number }[]) => {
        const index = points[0]?.dataIndex ?? -1;
        return said(models, index, RESPONSE_TIMES.map(([name, label]) => `${label}: ${format.duration(models[index]?.[name])}`));
      },
    },
    xAxis: valueAxis(look, format.duration, { min: 0, splitNumber: width < 420 ? 3 : 5 }),
    yAxis: nameAxis(look, models.map((model) => model.displayName), nameWidth(width)),
    series: RESPONSE_TIMES.map(([name, label], index) => ({
      type: "bar",
      name: label,
      data: models.map((model) => model[name]),
      barGap: "15%",
      barCategoryGap: "28%",
      barMaxWidth: 12,
      itemStyle: { color: look.series[index], borderRadius: [0, 2, 2, 0] },
      emphasis: { disabled: true },
    })),
  };
}

export function successRates(models: ModelMeasures[], look: Look, width: number): Option {
  const faint = (model: ModelMeasures) => (model.totalCalls < 5 ? 0.45 : 1);
  return {
    ...base(look),
    grid: { left: 4, right: 66, top: 4, bottom: 4, containLabel: true },
    tooltip: {
      ...tooltip(look),
      trigger: "axis",
      axisPointer: { type: "shadow", shadowStyle: { color: look.grid, opacity: 0.5 } },
      formatter: (points: { dataIndex: number }[]) => {
        const index = points[0]?.dataIndex ?? -1;
        const model = models[index];
        return said(models, index, [
          `Success rate: ${format.percent(model?.successRate)}`,
          `95 % sure: ${format.between(model?.successRateInterval)}`,
        ]);
      },
    },
    xAxis: valueAxis(look, (value) => `${value} %`, { min: 0, max: 100, interval: width < 420 ? 50 : 25 }),
    yAxis: nameAxis(look, models.map((model) => model.displayName), nameWidth(width)),
    series: [
      {
        type: "bar",
        name: "Success rate",
        barWidth: 14,
        data: models.map((model) => ({
          value: model.successRate,
          itemStyle: { color: look.series[2], opacity: faint(model), borderRadius: [0, 2, 2, 0] },
        })),
        emphasis: { disabled: true },
      },
      {
        // The interval, as a whisker on the bar's end; its figure beside the scale, where no bar can cover it.
        type: "custom",
        name: "95 % interval",
        clip: false,
        data: models.map((model, index) => [model.successRate ?? 0, index, ...(model.successRateInterval ?? [0, 0])]),
        encode: { x: [0, 2, 3], y: 1 },
        silent: true,
        z: 5,
        renderItem: (_: unknown, at: { value(place: number): number; coord(point: number[]): number[] }) => {
          const row = at.value(1);
          const model = models[row];
          const [end = 0, y = 0] = at.coord([100, row]);
          const [low = 0] = at.coord([at.value(2), row]);
          const [high = 0] = at.coord([at.value(3), row]);
          const stroke = { stroke: look.text, lineWidth: 1.5 };
          const whisker = model?.successRateInterval
            ? [
                { type: "line", shape: { x1: low, y1: y, x2: high, y2: y }, style: stroke },
                { type: "line", shape: { x1: low, y1: y - 4, x2: low, y2: y + 4 }, style: stroke },
                { type: "line", shape: { x1: high, y1: y - 4, x2: high, y2: y + 4 }, style: stroke },
              ]
            : [];
          const figure = {
            type: "text",
            x: end + 8,
            y,
            style: { text: format.percent(model?.successRate), fill: look.text, font: `14px ${look.font}`, verticalAlign: "middle" },
          };
          return { type: "group", children: [...whisker, figure] };
        },
      },
    ],
  };
}
