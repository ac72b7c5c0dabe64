'use strict';

// Draws the report's charts from the data in the page. Every figure drawn here also stands in a table of the page;
// all texts come ready-made from the data, so that chart and table can never be rounded differently.
(() => {
  const charts = JSON.parse(document.getElementById('chart-data').textContent);
  const root = document.documentElement;
  const drawn = [];
  const printWidth = 680;
  const font = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif';

  function colours() {
    const style = getComputedStyle(root);
    const read = name => style.getPropertyValue('--' + name).trim();
    const arms = {};
    for (const kind of ['base', 'against-itself', 'adapter', 'steered', 'alpha-zero', 'random', 'negative'])
      arms[kind] = read('arm-' + kind);
    return { ink: read('ink'), muted: read('muted'), rule: read('rule'), paper: read('paper'), accent: read('accent'), arms };
  }

  const text = (x, y, content, style) => ({ type: 'text', silent: true, x, y, style: Object.assign({ text: content, fontFamily: font, fontSize: 13, verticalAlign: 'middle' }, style) });
  const line = (x1, y1, x2, y2, style) => ({ type: 'line', silent: true, shape: { x1, y1, x2, y2 }, style });
  const rect = (x, y, width, height, style, silent) => ({ type: 'rect', silent: silent !== false, shape: { x, y, width, height }, style });

  // The same shape and colour for the same kind of arm everywhere; what is the plain model again is drawn hollow.
  function mark(kind, x, y, c) {
    const colour = c.arms[kind];
    const solid = { fill: colour, stroke: c.paper, lineWidth: 1 };
    const hollow = { fill: c.paper, stroke: colour, lineWidth: 2 };
    const polygon = (points, style) => ({ type: 'polygon', silent: true, shape: { points: points.map(p => [x + p[0], y + p[1]]) }, style });
    switch (kind) {
      case 'against-itself': return polygon([[0, -6], [6, 0], [0, 6], [-6, 0]], hollow);
      case 'adapter': return rect(x - 5, y - 5, 10, 10, solid);
      case 'random': return polygon([[0, -6], [6, 5], [-6, 5]], solid);
      case 'negative': return polygon([[0, 6], [6, -5], [-6, -5]], solid);
      case 'alpha-zero': return { type: 'circle', silent: true, shape: { cx: x, cy: y, r: 4.5 }, style: hollow };
      default: return { type: 'circle', silent: true, shape: { cx: x, cy: y, r: 5.5 }, style: solid };
    }
  }

  // An interval with end caps, lying along x or standing along y.
  function interval(from, to, across, standing, colour) {
    const style = { stroke: colour, lineWidth: 2 };
    const cap = 4;
    return standing
      ? [line(across, from, across, to, style), line(across - cap, from, across + cap, from, style), line(across - cap, to, across + cap, to, style)]
      : [line(from, across, to, across, style), line(from, across - cap, from, across + cap, style), line(to, across - cap, to, across + cap, style)];
  }

  function axis(c, more) {
    return Object.assign({
      type: 'value',
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: c.muted, fontSize: 12, fontFamily: font, hideOverlap: true },
      nameTextStyle: { color: c.muted, fontSize: 12, fontFamily: font },
      nameLocation: 'middle',
      nameMoveOverlap: false,
      splitLine: { lineStyle: { color: c.rule, width: 1 } },
    }, more);
  }

  function custom(data, renderItem, more) {
    return Object.assign({ type: 'custom', coordinateSystem: 'cartesian2d', clip: false, animation: false, emphasis: { disabled: true }, data, renderItem }, more);
  }

  // Tooltips are built of text nodes: nothing that a task or an arm is called can become markup.
  function tooltip(c, lines) {
    return {
      trigger: 'item', confine: true, transitionDuration: 0, showDelay: 0, backgroundColor: c.paper, borderColor: c.rule, borderWidth: 1,
      extraCssText: 'box-shadow:none;border-radius:4px;', textStyle: { color: c.ink, fontSize: 13, fontFamily: font },
      formatter: params => {
        const box = document.createElement('div');
        box.style.whiteSpace = 'normal';
        (lines(params) || []).forEach((content, i) => {
          const p = document.createElement('div');
          p.textContent = content;
          if (i === 0) p.style.fontWeight = '600';
          box.append(p);
        });
        return box;
      },
    };
  }

  const points = v => (v > 0 ? '+' : v < 0 ? '−' : '') + Math.abs(Math.round(v * 100));
  const percent = v => Math.round(v * 100) + '%';
  const signed = v => String(Number(v.toPrecision(4))).replace('-', '−');

  // Names of arms differ at their ends as often as at their beginnings, so a long one is shortened in its middle.
  const ruler = document.createElement('canvas').getContext('2d');
  function fit(name, room, weight) {
    ruler.font = weight + ' 13px ' + font;
    if (ruler.measureText(name).width <= room) return name;
    const letters = [...name];
    for (let keep = letters.length - 1; keep > 2; keep--) {
      const short = letters.slice(0, Math.ceil(keep / 2)).join('') + '…' + letters.slice(letters.length - Math.floor(keep / 2)).join('');
      if (ruler.measureText(short).width <= room) return short;
    }
    return '…';
  }

  // Arms one below the other: estimate, interval, reference line, figures at the right.
  function forest(chart, width, c) {
    const rows = chart.rows;
    const narrow = width < 600;
    const rowHeight = narrow ? 46 : 30;
    ruler.font = '600 13px ' + font;
    const longest = Math.max(...rows.map(r => ruler.measureText(r.name).width), 30);
    const labels = narrow ? 20 : Math.min(width * 0.33, longest + 24);
    const right = narrow ? 24 : 176;
    const top = 26;
    const height = top + rows.length * rowHeight + 46;
    const plot = width - labels - right;
    const row = (params, api) => {
      const i = params.dataIndex;
      const r = rows[i];
      const y = api.coord([chart.min, i])[1] + (narrow ? 9 : 0);
      const x = v => api.coord([Math.min(chart.max, Math.max(chart.min, v)), i])[0];
      const children = [rect(0, y - rowHeight / 2, width, rowHeight, { fill: 'transparent' }, false)];
      const strong = r.strong;
      const weight = strong ? 600 : 400;
      if (narrow) {
        children.push(text(6, y - 20, fit(r.name, width - 150, weight), { fill: c.ink, fontWeight: weight }));
        children.push(text(width - 6, y - 20, r.text + '  ' + r.count, { fill: c.ink, align: 'right' }));
      } else {
        children.push(text(labels - 14, y, fit(r.name, labels - 18, weight), { fill: c.ink, fontWeight: weight, align: 'right' }));
        children.push(text(labels + plot + 74, y, r.text, { fill: c.ink, align: 'right', fontWeight: weight }));
        children.push(text(width - 6, y, r.count, { fill: c.muted, align: 'right' }));
      }
      if (r.value !== null) {
        if (r.low !== null) children.push(...interval(x(r.low), x(r.high), y, false, c.arms[r.kind]));
        children.push(mark(r.kind, x(r.value), y, c));
      }
      return { type: 'group', children };
    };
    const reference = (params, api) => {
      const from = api.coord([chart.reference, -0.5]);
      const to = api.coord([chart.reference, rows.length - 0.5]);
      const children = [];
      if (chart.bandLow !== null) {
        const low = api.coord([chart.bandLow, 0])[0];
        const high = api.coord([chart.bandHigh, 0])[0];
        children.push(rect(low, from[1], high - low, to[1] - from[1], { fill: c.ink, opacity: 0.07 }));
      }
      children.push(line(from[0], from[1], to[0], to[1], { stroke: c.ink, lineWidth: 1, lineDash: [4, 3] }));
      const nearEnd = from[0] > labels + plot - 90;
      children.push(text(from[0], from[1] - 12, chart.referenceText, { fill: c.ink, align: nearEnd ? 'right' : from[0] < labels + 60 ? 'left' : 'center' }));
      return { type: 'group', children };
    };
    return {
      height,
      option: {
        grid: { left: labels, right, top, bottom: 46, outerBoundsMode: 'none' },
        xAxis: axis(c, {
          min: chart.min, max: chart.max, name: chart.axis, nameGap: 26, interval: chart.step * (narrow && chart.max - chart.min > 5 * chart.step ? 2 : 1),
          axisLabel: { color: c.muted, fontSize: 12, fontFamily: font, formatter: chart.signed ? points : percent },
        }),
        yAxis: axis(c, { min: -0.5, max: rows.length - 0.5, inverse: true, show: false }),
        tooltip: tooltip(c, params => params.seriesIndex === 1 ? rows[params.dataIndex].detail : null),
        series: [
          custom(chart.reference === null ? [] : [[chart.reference, 0]], reference, { silent: true, tooltip: { show: false } }),
          custom(rows.map((r, i) => [chart.min, i]), row),
        ],
      },
    };
  }

  // Pass rate over strength, for one layer.
  function dose(chart, width, c) {
    // Arms at the same strength stand a few pixels apart.
    const pixelShift = { steered: -4, negative: -4, random: 7, 'alpha-zero': 8, base: -4 };
    const path = chart.points.filter(p => p.joined).sort((a, b) => a.x - b.x);
    const base = (params, api) => {
      const from = api.coord([chart.min, chart.base]);
      const to = api.coord([chart.max, chart.base]);
      const children = [];
      if (chart.baseLow !== null) {
        const high = api.coord([chart.min, chart.baseHigh])[1];
        const low = api.coord([chart.min, chart.baseLow])[1];
        children.push(rect(from[0], high, to[0] - from[0], low - high, { fill: c.ink, opacity: 0.07 }));
      }
      children.push(line(from[0], from[1], to[0], to[1], { stroke: c.ink, lineWidth: 1, lineDash: [4, 3] }));
      return { type: 'group', children };
    };
    const joined = (params, api) => ({
      type: 'polyline', silent: true, style: { stroke: c.arms.steered, lineWidth: 1.5, fill: 'none' },
      shape: { points: path.map(p => { const at = api.coord([p.x, p.value]); return [at[0] + pixelShift[p.kind], at[1]]; }) },
    });
    const point = (params, api) => {
      const p = chart.points[params.dataIndex];
      const at = api.coord([p.x, p.value]);
      const x = at[0] + pixelShift[p.kind] + p.shift * 11;
      const y = v => api.coord([p.x, v])[1];
      const children = [rect(x - 8, y(p.high) - 4, 16, y(p.low) - y(p.high) + 8, { fill: 'transparent' }, false)];
      children.push(...interval(y(p.low), y(p.high), x, true, c.arms[p.kind]), mark(p.kind, x, at[1], c));
      return { type: 'group', children };
    };
    return {
      height: 250,
      option: {
        grid: { left: 62, right: 14, top: 12, bottom: 48, outerBoundsMode: 'none' },
        xAxis: axis(c, {
          min: chart.min, max: chart.max, name: width < 320 ? 'strength' : chart.axis, nameGap: 28, splitLine: { show: false },
          axisLine: { show: true, onZero: false, lineStyle: { color: c.rule } }, axisTick: { show: true, customValues: chart.ticks, lineStyle: { color: c.rule } },
          axisLabel: { color: c.muted, fontSize: 12, fontFamily: font, hideOverlap: true, customValues: chart.ticks, formatter: signed },
        }),
        yAxis: axis(c, { min: 0, max: 1, interval: 0.25, name: 'pass rate', nameGap: 44, axisLabel: { color: c.muted, fontSize: 12, fontFamily: font, formatter: percent } }),
        tooltip: tooltip(c, params => params.seriesIndex === 2 ? chart.points[params.dataIndex].detail : null),
        series: [
          custom(chart.base === null ? [] : [[0, chart.base]], base, { silent: true }),
          custom(path.length > 1 ? [[0, 0]] : [], joined, { silent: true }),
          custom(chart.points.map(p => [p.x, p.value]), point),
        ],
      },
    };
  }

  // Layers from first to last: AUC with its interval, the margin, the permutation p, one below the other on the same axis.
  function layers(chart, width, c) {
    const rows = chart.rows;
    const n = rows.length;
    const first = rows[0].layer;
    const last = rows[n - 1].layer;
    const left = 66;
    const grids = [{ top: 26, height: 190 }, { top: 254, height: 90 }, { top: 382, height: 90 }].map(g => Object.assign({ left, right: 14, outerBoundsMode: 'none' }, g));
    const chosen = rows.filter(r => r.chosen);
    const slot = (width - left - 14) / Math.max(1, last - first + 1);
    const radius = Math.max(2.5, Math.min(5, slot / 3));
    const tint = r => r.chosen ? c.accent : c.ink;
    const band = label => (params, api) => {
      const r = chosen[params.dataIndex];
      const grid = params.coordSys;
      const x = api.coord([r.layer, 1])[0];
      const children = [rect(x - slot / 2, grid.y, slot, grid.height, { fill: c.accent, opacity: 0.13 })];
      if (label)
        children.push(text(Math.min(Math.max(x, left + 40), width - 54), grid.y - 12, 'chosen: ' + r.layer, { fill: c.accent, align: 'center', fontWeight: 600 }));
      return { type: 'group', children };
    };
    const chance = (params, api) => {
      const y = api.coord([first, 0.5])[1];
      return { type: 'group', children: [
        line(left, y, width - 14, y, { stroke: c.ink, lineWidth: 1, lineDash: [4, 3] }),
        text(left + 6, y - 9, 'chance 0.5', { fill: c.muted, fontSize: 12 })] };
    };
    const level = (params, api) => {
      const y = api.coord([first, Math.log10(0.05)])[1];
      return { type: 'group', children: [line(left, y, width - 14, y, { stroke: c.ink, lineWidth: 1, lineDash: [4, 3] })] };
    };
    const auc = (params, api) => {
      const r = rows[params.dataIndex];
      const x = api.coord([r.layer, 1])[0];
      const y = v => api.coord([r.layer, v])[1];
      const grid = params.coordSys;
      const children = [rect(x - slot / 2, grid.y, slot, grid.height, { fill: 'transparent' }, false)];
      const shift = Math.min(4, slot / 5);
      if (r.heldOut !== null) {
        if (r.low !== null)
          children.push(...interval(y(r.low), y(r.high), x - shift, true, tint(r)));
        children.push({ type: 'circle', silent: true, shape: { cx: x - shift, cy: y(r.heldOut), r: radius }, style: { fill: tint(r) } });
      }
      if (r.auc !== null)
        children.push({ type: 'circle', silent: true, shape: { cx: x + shift, cy: y(r.auc), r: radius - 0.5 }, style: { fill: c.paper, stroke: tint(r), lineWidth: 1.5 } });
      return { type: 'group', children };
    };
    const margin = (params, api) => {
      const r = rows[params.dataIndex];
      const at = api.coord([r.layer, r.margin]);
      const zero = api.coord([r.layer, 0])[1];
      const half = Math.min(12, slot * 0.3);
      return { type: 'group', children: [
        rect(at[0] - slot / 2, params.coordSys.y, slot, params.coordSys.height, { fill: 'transparent' }, false),
        rect(at[0] - half, Math.min(at[1], zero), half * 2, Math.abs(zero - at[1]), { fill: tint(r), opacity: r.chosen ? 1 : 0.55 })] };
    };
    const floor = Math.min(-2, Math.floor(Math.log10(Math.min(...rows.map(r => r.p).filter(p => p !== null && p > 0), 0.01))));
    const p = (params, api) => {
      const r = rows[params.dataIndex];
      if (r.p === null) return null;
      const at = api.coord([r.layer, Math.max(floor, Math.log10(Math.max(r.p, 1e-12)))]);
      return { type: 'group', children: [
        rect(at[0] - slot / 2, params.coordSys.y, slot, params.coordSys.height, { fill: 'transparent' }, false),
        { type: 'circle', silent: true, shape: { cx: at[0], cy: at[1], r: radius }, style: { fill: tint(r) } }] };
    };
    const x = (gridIndex, more) => axis(c, Object.assign({
      gridIndex, min: first - 0.5, max: last + 0.5, splitLine: { show: false }, axisLine: { show: true, onZero: false, lineStyle: { color: c.rule } },
      axisLabel: { color: c.muted, fontSize: 12, fontFamily: font, hideOverlap: true, customValues: rows.map(r => r.layer), formatter: String },
    }, more));
    const y = (gridIndex, more) => axis(c, Object.assign({ gridIndex, nameGap: 46 }, more));
    return {
      height: 520,
      option: {
        grid: grids,
        xAxis: [x(0, { axisLabel: { show: false } }), x(1, { axisLabel: { show: false } }), x(2, { name: 'layer (0-based block)', nameGap: 28 })],
        yAxis: [
          y(0, { min: chart.min, max: 1, interval: 0.1, name: 'AUC', axisLabel: { color: c.muted, fontSize: 12, fontFamily: font, formatter: v => v.toFixed(1) } }),
          y(1, { min: v => Math.min(0, v.min), splitNumber: 2, name: 'margin' }),
          y(2, { min: floor, max: 0, interval: 1, name: 'permutation p', axisLabel: { color: c.muted, fontSize: 12, fontFamily: font, formatter: v => String(Number(Math.pow(10, v).toPrecision(1))) } }),
        ],
        tooltip: tooltip(c, params => params.seriesName === 'rows' ? rows[params.dataIndex].detail : null),
        series: [
          ...[0, 1, 2].map(i => custom(chosen.map(r => [r.layer, i === 2 ? 0 : i === 1 ? 0 : 1]), band(i === 0), { xAxisIndex: i, yAxisIndex: i, silent: true, z: 1 })),
          custom([[first, 0.5]], chance, { silent: true }),
          custom([[first, Math.log10(0.05)]], level, { xAxisIndex: 2, yAxisIndex: 2, silent: true }),
          custom(rows.map(r => [r.layer, r.auc === null ? 1 : r.auc]), auc, { name: 'rows' }),
          custom(rows.map(r => [r.layer, r.margin === null ? 0 : r.margin]), margin, { name: 'rows', xAxisIndex: 1, yAxisIndex: 1 }),
          custom(rows.map(r => [r.layer, 0]), p, { name: 'rows', xAxisIndex: 2, yAxisIndex: 2 }),
        ],
      },
    };
  }

  const kinds = { forest, dose, layers };

  function draw(entry, width) {
    const made = kinds[entry.data.type](entry.data, width, colours());
    entry.element.style.height = made.height + 'px';
    entry.chart.resize({ width, height: made.height, silent: true });
    entry.chart.setOption(Object.assign({ animation: false, stateAnimation: { duration: 0 }, textStyle: { fontFamily: font } }, made.option), { notMerge: true });
    entry.width = width;
  }

  const redraw = width => drawn.forEach(entry => draw(entry, width || Math.max(240, entry.element.clientWidth)));

  for (const element of document.querySelectorAll('[data-chart]')) {
    element.style.height = '200px';
    const entry = { element, data: charts[Number(element.dataset.chart)], chart: echarts.init(element, null, { renderer: 'svg', width: Math.max(240, element.clientWidth), height: 200 }), width: 0 };
    drawn.push(entry);
    draw(entry, Math.max(240, element.clientWidth));
    new ResizeObserver(() => {
      const width = element.clientWidth;
      if (width > 0 && width !== entry.width && !('print' in root.dataset)) draw(entry, Math.max(240, width));
    }).observe(element);
  }

  // Without scripts the tables stand open; with the charts drawn they wait to be asked for.
  const equivalents = [...document.querySelectorAll('details.equivalent')];
  equivalents.forEach(d => { d.open = false; });

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw());
  addEventListener('beforeprint', () => {
    root.dataset.print = '';
    equivalents.forEach(d => { d.dataset.was = d.open ? 'open' : ''; d.open = true; });
    drawn.forEach(entry => draw(entry, entry.data.type === 'dose' ? 330 : printWidth));
  });
  addEventListener('afterprint', () => {
    delete root.dataset.print;
    equivalents.forEach(d => { d.open = d.dataset.was === 'open'; });
    redraw();
  });

  for (const button of document.querySelectorAll('[data-toggle-details]')) {
    button.hidden = false;
    button.addEventListener('click', () => {
      const all = [...document.getElementById(button.dataset.toggleDetails).querySelectorAll('details')];
      const open = all.some(d => !d.open);
      all.forEach(d => { d.open = open; });
    });
  }
})();
