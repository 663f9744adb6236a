"use strict";
// Converts the page's data to settings of the chart library.

// The measured rate: its line and its interval; and its name for `beside`.
function estimateOf(chart, color, scale) {
  if (chart.estimate === null) return { marks: {}, levels: [] };
  const bound = chart.high === null;
  const level = { text: `${bound ? "at least" : "estimate"} ${RATE(chart.estimate)}/s`, tps: chart.estimate, ink: "estimate", dash: bound };
  const marks = { estimate: levelLine(color, scale, level) };
  if (!bound) {
    marks.band = {
      type: "box", yScaleID: scale, yMin: chart.low, yMax: chart.high, backgroundColor: color("estimate-fill"), borderWidth: 0,
      drawTime: "afterDatasetsDraw",
    };
  }
  return { marks, levels: [level] };
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
  const refused = ["throttled", "failed"].filter((name) => steps.some((step) => step[name].some(Boolean)));
  const end = Math.max(...steps.map((step) => step.to));
  const { marks, levels } = estimateOf(chart, color, "accepted");
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
    if (refused.length) marks[`below${step.number}`] = { ...box, yScaleID: "refused" };
  }
  const datasets = [
    series(color, "accepted", "accepted per second", "accepted", steps),
    ...refused.map((name) => series(color, name, `${name} per second`, "refused", steps)),
  ];
  const most = Math.max(chart.high ?? chart.estimate ?? 0, ...steps.flatMap((step) => step.accepted));
  const above = { stackWeight: 3, offset: true }, blank = { grid: { display: false }, ticks: { display: false }, border: { display: false } };
  return settings(color, "line", { datasets }, {
    x: across(color, "minutes:seconds since the first request", { type: "linear", min: 0, max: end, ticks: { color: color("soft"), callback: CLOCK, includeBounds: false, maxRotation: 0, autoSkipPadding: 20 } }),
    ...(refused.length ? { refused: panel(color, refused.join(", "), { stackWeight: 2 }) } : {}),
    accepted: panel(color, "accepted", { ...above, suggestedMax: 1.2 * most }),
    ...(levels.length ? { names: beside(color, "accepted", levels, { stack: "names", ...above }) } : {}),
    ...(refused.length && levels.length ? { below: { position: "right", stack: "names", stackWeight: 2, ...blank } } : {}),
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

// The price is written below each number of units: it grows in a straight line, which needs no picture.
function units(chart, color) {
  const { rows, demand, recommended } = chart;
  const chosen = (row) => recommended && row.inferenceUnits >= recommended[0] && row.inferenceUnits <= recommended[1];
  const levels = demand.map(({ name, tps }) => ({ text: `${name} demand ${Number(tps.toFixed(2))}/s`, tps, ink: "demand", dash: true }));
  const marks = Object.fromEntries(levels.map((level, index) => [`demand${index}`, levelLine(color, "tps", level)]));
  const bars = (text, ink, shown) => ({
    label: text, data: rows.map((row) => (shown(row) ? row.tps : null)), yAxisID: "tps", backgroundColor: color(ink), grouped: false,
    borderRadius: 3, maxBarThickness: 56, pointStyle: "rect",
  });
  const carried = recommended
    ? [bars("requests/s, recommended", "accepted", chosen), bars("requests/s", "faint", (row) => !chosen(row))]
    : [bars("requests/s", "accepted", () => true)];
  const most = Math.max(...rows.map((row) => row.tps), ...demand.map(({ tps }) => tps));
  return settings(color, "bar", { labels: rows.map((row) => [row.inferenceUnits, `$${row.usdPerHour}`]), datasets: carried }, {
    x: across(color, "inference units, USD per hour"),
    tps: { ...panel(color, "requests/s", { suggestedMax: 1.1 * most }), stack: undefined },
    names: beside(color, "tps", levels),
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
