// Draws PAGE, a CloudWatch dashboard with the values of its widgets: charts with ECharts, texts with
// Marked. `#rows=2-5` draws the rows from the third to the fifth only.

const CURVES = ['#2563a8', '#1b8a6b', '#8e44ad', '#c0562b', '#5c6b7a', '#a08400', '#0f8da5', '#b0326e', '#6b4f2a', '#3d3d8f'];

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });
const exact = new Intl.NumberFormat('en', { maximumFractionDigits: 4 });
const minute = (at) => new Date(at).toISOString().slice(11, 16);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Gaps stay gaps: a missing value is no 0.
function withGaps(points, step) {
  const drawn = [];
  points.forEach(([at, value], index) => {
    if (index > 0 && at - points[index - 1][0] > 3 * step) drawn.push([at - 1, null]);
    drawn.push([at, value]);
  });
  return drawn;
}

// Lines at one value are one line with all their names.
function merged(lines) {
  const at = new Map();
  for (const line of lines) {
    const key = `${line.value} ${line.color} ${line.fill}`;
    const names = at.get(key)?.names ?? [];
    at.set(key, { ...line, names: [...names, line.label] });
  }
  return [...at.values()].map(({ names, ...line }) => {
    const word = ` ${names[0].split(' ').at(-1)}`;
    const shared = names.length > 1 && names.every((name) => name.endsWith(word));
    const label = shared ? names.map((name) => name.slice(0, -word.length)).join(', ') + word : names.join(', ');
    return { ...line, label };
  });
}

function lines(panel) {
  if (panel.lines.length === 0) return undefined;
  return {
    silent: true,
    symbol: 'none',
    data: merged(panel.lines).map((line) => ({
      yAxis: line.value,
      lineStyle: { color: line.color, type: 'dashed', width: 1.5 },
      label: {
        formatter: `${line.label} (${line.fill === 'below' ? 'below' : 'from'} ${short.format(line.value)})`,
        position: line.fill === 'below' ? 'insideEndBottom' : 'insideEndTop',
        color: line.color,
        fontSize: 10,
      },
    })),
  };
}

// Room for every name of the legend, in lines as wide as the chart: none is cut off or turned away.
function legendHeight(panel, width) {
  const measure = document.createElement('canvas').getContext('2d');
  measure.font = '11px sans-serif';
  let rows = 1;
  let left = 0;
  for (const { label } of panel.series) {
    const wide = measure.measureText(label).width + 14 + 5 + 10;
    if (left > 0 && left + wide > width - 10) {
      rows += 1;
      left = 0;
    }
    left += wide;
  }
  return 18 * rows;
}

function option(panel, width) {
  const values = panel.series.flatMap((one) => one.points.map((point) => point[1]));
  // Lines are no values: without this they would lie outside. Stacked curves have none.
  const whole = panel.unit === 'count' && values.every(Number.isInteger);
  const top = panel.lines.length > 0 ? Math.max(...values, ...panel.lines.map((line) => line.value)) : 0;
  return {
    animation: false,
    color: CURVES,
    grid: { left: 8, right: 14, top: 14, bottom: 16 + legendHeight(panel, width), containLabel: true },
    legend: { bottom: 0, left: 'center', itemGap: 10, itemWidth: 14, itemHeight: 8, textStyle: { fontSize: 11 } },
    tooltip: {
      trigger: 'axis',
      order: 'valueDesc',
      valueFormatter: (value) => (value == null ? 'no data' : `${exact.format(value)} ${panel.unit}`),
    },
    xAxis: { type: 'time', min: PAGE.start, max: PAGE.end, axisLabel: { formatter: minute, hideOverlap: true } },
    yAxis: {
      type: 'value',
      min: (range) => Math.min(0, range.min),
      max: top > 0 ? top * 1.12 : undefined,
      // There is no half GPU.
      minInterval: whole ? 1 : undefined,
      // Above lines the axis ends anywhere.
      axisLabel: { formatter: (value) => short.format(value), showMaxLabel: top > 0 ? false : undefined },
    },
    series: panel.series.map((one, index) => ({
      name: one.label,
      type: 'line',
      stack: panel.stacked ? 'all' : undefined,
      areaStyle: panel.stacked ? { opacity: 0.35 } : undefined,
      showSymbol: one.points.length < 20,
      symbolSize: 4,
      lineStyle: { width: 1.6 },
      data: panel.stacked ? one.points : withGaps(one.points, panel.step),
      markLine: index === 0 ? lines(panel) : undefined,
    })),
  };
}

// Microseconds make long figures; milliseconds are what people compare.
function readable(panel) {
  if (panel.unit !== 'µs') return panel;
  const series = panel.series.map((one) => ({ ...one, points: one.points.map(([at, value]) => [at, value / 1000]) }));
  const lines = panel.lines.map((line) => ({ ...line, value: line.value / 1000 }));
  return { ...panel, unit: 'ms', series, lines };
}

function markdown(className, text) {
  const made = element('div', className);
  made.innerHTML = marked.parse(text);
  return made;
}

function draw(panel, box) {
  if (panel.text) {
    box.append(markdown('text', panel.text));
    return;
  }
  box.append(element('h3', '', panel.unit ? `${panel.title} (${panel.unit})` : panel.title));
  if (panel.series.every((one) => one.points.length === 0)) {
    box.append(element('p', 'empty', 'No data in this window.'));
  } else {
    const chart = element('div', 'chart');
    box.append(chart);
    echarts.init(chart, null, { renderer: 'svg' }).setOption(option(panel, chart.clientWidth));
  }
}

document.getElementById('when').textContent =
  `${new Date(PAGE.start).toISOString().slice(0, 16)} to ${new Date(PAGE.end).toISOString().slice(0, 16)} UTC, read from CloudWatch`;
const [from, to] = /^#rows=(\d+)-(\d+)$/.exec(location.hash)?.slice(1).map(Number) ?? [0, PAGE.rows.length];
for (const row of PAGE.rows.slice(from, to)) {
  const rowBox = element('div', 'row');
  document.getElementById('page').append(element('h2', '', row.title), markdown('says', row.says), rowBox);
  for (const panel of row.panels) {
    const box = element('section', 'panel');
    box.style.gridColumn = `span ${panel.width}`;
    rowBox.append(box);
    draw(panel.unit === undefined ? panel : readable(panel), box);
  }
}
// Read by what takes pictures.
document.documentElement.dataset.height = document.documentElement.scrollHeight;
