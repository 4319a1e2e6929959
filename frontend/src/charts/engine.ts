// The parts of ECharts that we draw with, and nothing else of it: this file is the largest that a browser loads, and comes last.
import { BarChart, CustomChart, LineChart, PieChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, CustomChart, LineChart, PieChart, AriaComponent, GridComponent, TooltipComponent, SVGRenderer]);

export { init };
