// What the report's charts use of Apache ECharts; everything else is left out of the build.
import { init, use } from 'echarts/core';
import { CustomChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

use([CustomChart, GridComponent, TooltipComponent, SVGRenderer]);

export { init };
