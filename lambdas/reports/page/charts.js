"use strict";
// Converts the page's data to settings of the chart library. `color` returns the value of a name of style.css.

const CLOCK = (s) => `${Math.floor(s / 60)}:${String(Math.round(s) % 60).padStart(2, "0")}`;
const RATE = (tps) => (tps < 100 ? tps.toFixed(2) : tps.toFixed(1));

function panel(color, title, more = {}) {
  return {
    position: "left", beginAtZero: true, grid: { color: color("line") }, border: { display: false },
    title: { display: true, text: title, color: color("soft") }, ticks: { color: color("soft"), maxTicksLimit: 6, precision: 0 },
    stack: "panels", afterFit: (scale) => { scale.width = 64; }, ...more,
  };
}

function across(color, title, more = {}) {
  return {
    grid: { display: false }, border: { color: color("line") }, title: { display: true, text: title, color: color("soft") },
    ticks: { color: color("soft"), maxRotation: 0, autoSkipPadding: 14 }, ...more,
  };
}

function label(color, content, ink, more = {}) {
  return {
    display: true, content, color: color(ink), backgroundColor: "transparent", font: { size: 11, weight: 600 },
    // An outline instead of a box, which would cover the lines below.
    textStrokeColor: color("paper"), textStrokeWidth: 4, padding: 3, z: 2, ...more,
  };
}

function settings(color, type, data, scales, annotations, more = {}) {
  const { tooltip, ...rest } = more;
  return {
    type, data,
    options: {
      animation: false, responsive: true, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
      layout: { padding: { top: 4, right: 8 } }, scales,
      plugins: {
        legend: { position: "bottom", labels: { color: color("ink"), usePointStyle: true, boxHeight: 8, padding: 16 } },
        annotation: { annotations }, tooltip: tooltip ?? {},
      },
      ...rest,
    },
  };
}

function estimateOf(chart, color, scale) {
  if (chart.estimate === null) return {};
  const text = chart.high === null ? `at least ${RATE(chart.estimate)}/s` : `estimate ${RATE(chart.estimate)}/s`;
  const marks = {
    estimate: {
      type: "line", yScaleID: scale, yMin: chart.estimate, yMax: chart.estimate, borderColor: color("estimate"), borderWidth: 2,
      borderDash: chart.high === null ? [6, 4] : [], label: label(color, text, "estimate", { position: "end", yAdjust: -12 }),
    },
  };
  if (chart.high !== null) {
    marks.band = {
      type: "box", yScaleID: scale, yMin: chart.low, yMax: chart.high, backgroundColor: color("estimate-fill"), borderWidth: 0,
      drawTime: "afterDatasetsDraw",
    };
  }
  return marks;
}

// One point per second, held until the next one; a gap after each step, in which nothing was sent.
function held(steps, name) {
  return steps.flatMap((step) => {
    const points = step[name].map((count, second) => ({ x: step.from + second, y: count }));
    const last = points.at(-1);
    return last ? [...points, { x: last.x + 1, y: last.y }, { x: last.x + 1, y: null }] : [];
  });
}

function series(color, name, text, scale, steps) {
  return {
    label: text, data: held(steps, name), yAxisID: scale, stepped: "before", pointRadius: 0, pointHitRadius: 8, pointStyle: "rect",
    borderWidth: 1.5, borderColor: color(name), backgroundColor: color(`${name}-fill`) || "transparent",
    fill: name === "failed" ? false : "origin", spanGaps: false,
  };
}

function timeline(chart, color) {
  const { steps } = chart;
  const failures = steps.some((step) => step.failed.some(Boolean));
  const end = Math.max(...steps.map((step) => step.to));
  const marks = estimateOf(chart, color, "accepted");
  for (const step of steps) {
    const box = { type: "box", xMin: step.from, xMax: step.to, backgroundColor: color("shade"), borderWidth: 0, drawTime: "beforeDatasetsDraw" };
    const named = ({ chart: drawn }) => {
      const width = drawn.scales.x.getPixelForValue(step.to) - drawn.scales.x.getPixelForValue(step.from);
      return width > 84 ? `${step.number} ${step.series === "main" ? step.phase : step.series}` : width > 12 ? `${step.number}` : "";
    };
    marks[`above${step.number}`] = {
      ...box, yScaleID: "accepted",
      label: { display: true, content: named, position: { x: "center", y: "start" }, color: color("soft"), font: { size: 11 }, padding: 4 },
    };
    marks[`below${step.number}`] = { ...box, yScaleID: "refused" };
  }
  const datasets = [
    series(color, "accepted", "accepted per second", "accepted", steps),
    series(color, "throttled", "throttled per second", "refused", steps),
  ];
  if (failures) datasets.push(series(color, "failed", "failed per second", "refused", steps));
  const most = Math.max(chart.high ?? chart.estimate ?? 0, ...steps.flatMap((step) => step.accepted));
  return settings(color, "line", { datasets }, {
    x: across(color, "minutes:seconds since the first request", { type: "linear", min: 0, max: end, ticks: { color: color("soft"), callback: CLOCK, maxRotation: 0, autoSkipPadding: 20 } }),
    refused: panel(color, failures ? "throttled, failed" : "throttled", { stackWeight: 2 }),
    accepted: panel(color, "accepted", { stackWeight: 3, offset: true, suggestedMax: 1.2 * most }),
  }, marks, {
    interaction: { mode: "nearest", axis: "x", intersect: false },
    tooltip: { callbacks: { title: (items) => (items.length ? CLOCK(items[0].parsed.x) : "") } },
  });
}

function concurrency(chart, color) {
  const { points } = chart;
  const line = (name) => ({
    type: "line", label: `${name} ms`, data: points.map((point) => point[name]), yAxisID: "latency", borderColor: color(name),
    backgroundColor: color(name), borderWidth: 2, pointRadius: 4, pointStyle: { p50: "circle", p95: "rectRot", p99: "triangle" }[name],
  });
  const seen = ["p50", "p95", "p99"].filter((name) => points.some((point) => point[name] !== null));
  const bars = {
    label: "accepted per second", data: points.map((point) => point.accepted), yAxisID: "tps", backgroundColor: color("accepted"),
    borderRadius: 3, maxBarThickness: 56, pointStyle: "rect",
  };
  return settings(color, "bar", { labels: points.map((point) => point.lanes), datasets: [bars, ...seen.map(line)] }, {
    x: across(color, "concurrent requests"),
    latency: panel(color, "latency, ms", { stackWeight: 1 }),
    tps: panel(color, "accepted/s", { stackWeight: 1, offset: true }),
  }, {});
}

function units(chart, color) {
  const { rows, demand, recommended } = chart;
  const chosen = (row) => recommended && row.inferenceUnits >= recommended[0] && row.inferenceUnits <= recommended[1];
  const marks = {};
  demand.forEach(({ name, tps }, index) => {
    marks[`demand${index}`] = {
      type: "line", yScaleID: "tps", yMin: tps, yMax: tps, borderColor: color("demand"), borderWidth: 2, borderDash: [6, 4],
      label: label(color, `${name} demand ${Number(tps.toFixed(2))}/s`, "demand", { position: "start", yAdjust: index ? -11 : 11 }),
    };
  });
  const bars = (text, ink, shown) => ({
    label: text, data: rows.map((row) => (shown(row) ? row.tps : null)), yAxisID: "tps", backgroundColor: color(ink), grouped: false,
    borderRadius: 3, maxBarThickness: 56, pointStyle: "rect",
  });
  const carried = recommended
    ? [bars("requests/s, recommended", "accepted", chosen), bars("requests/s", "faint", (row) => !chosen(row))]
    : [bars("requests/s", "accepted", () => true)];
  const cost = {
    type: "line", label: "USD per hour", data: rows.map((row) => row.usdPerHour), yAxisID: "usd", borderColor: color("throttled"),
    backgroundColor: color("throttled"), borderWidth: 2, pointRadius: rows.length > 30 ? 0 : 4,
  };
  const most = Math.max(...rows.map((row) => row.tps), ...demand.map(({ tps }) => tps));
  return settings(color, "bar", { labels: rows.map((row) => row.inferenceUnits), datasets: [...carried, cost] }, {
    x: across(color, "inference units"),
    usd: panel(color, "USD per hour", { stackWeight: 1, ticks: { color: color("soft"), maxTicksLimit: 4, callback: (usd) => `$${usd}` } }),
    tps: panel(color, "requests/s", { stackWeight: 2, offset: true, suggestedMax: 1.1 * most }),
  }, marks, {
    tooltip: { callbacks: { afterBody: ([item]) => `$${rows[item.dataIndex].usdPer1000Images} per 1,000 images at full use` } },
  });
}

function latencies(chart, color) {
  const { bars, percentiles } = chart;
  const marks = {};
  Object.entries(percentiles).forEach(([name, ms], index) => {
    const found = bars.findIndex((bar) => ms < bar.to);
    const at = found < 0 ? bars.length - 1 : found;
    marks[name] = {
      type: "line", scaleID: "x", value: at, borderColor: color(name), borderWidth: 2, borderDash: [6, 4],
      label: label(color, `${name} ${ms.toLocaleString("en-US")} ms`, name, { position: "start", yAdjust: 20 * index, xAdjust: at > bars.length * 0.7 ? -46 : 46 }),
    };
  });
  const datasets = [{
    label: "answers", data: bars.map((bar) => bar.count), backgroundColor: color("accepted"), categoryPercentage: 1, barPercentage: 0.92, borderRadius: 2, pointStyle: "rect",
  }];
  return settings(color, "bar", { labels: bars.map((bar) => Math.round(bar.from).toLocaleString("en-US")), datasets }, {
    x: across(color, "milliseconds from the planned sending to the answer"),
    y: { ...panel(color, "answers"), stack: undefined, suggestedMax: 1.25 * Math.max(...bars.map((bar) => bar.count)) },
  }, marks, {
    tooltip: { callbacks: { title: ([item]) => `${bars[item.dataIndex].from} to ${bars[item.dataIndex].to} ms` } },
  });
}
