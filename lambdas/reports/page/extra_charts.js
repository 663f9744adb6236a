"use strict";
// Charts of optional sections: past demand, and bars with intervals. They have the form of those in charts.js.

const DAY = 86400;
const TICKS = [3600, 3 * 3600, 6 * 3600, 12 * 3600, DAY, 2 * DAY, 7 * DAY, 28 * DAY, 91 * DAY];

function moment(seconds, step) {
  const shown = step < DAY ? { weekday: "short", hour: "2-digit", minute: "2-digit" } : step > 7 * DAY ? { day: "numeric", month: "short", year: "numeric" } : { weekday: "short", day: "numeric", month: "short" };
  return new Date(1000 * seconds).toLocaleString("en-GB", { timeZone: "UTC", hour12: false, ...shown });
}

// Ticks at whole hours or days, at a distance that leaves room for their labels.
function calendar(scale) {
  const room = Math.max(2, Math.floor(scale.chart.width / 90));
  const step = TICKS.find((each) => (scale.max - scale.min) / each <= room) ?? TICKS.at(-1);
  const first = Math.ceil(scale.min / step) * step;
  const number = Math.floor((scale.max - first) / step) + 1;
  scale.ticks = Array.from({ length: number }, (_, index) => ({ value: first + index * step, label: moment(first + index * step, step) }));
}

function past(chart, color) {
  const { start, step, together, average, busiest, period, levels } = chart;
  const most = Math.max(...busiest.map((tps) => tps ?? 0), ...levels.map(({ tps }) => tps));
  const end = start + step * average.length;
  const line = (text, rates, ink, more) => ({
    label: text, stepped: "before", pointRadius: 0, pointHitRadius: 6, pointStyle: "rect", spanGaps: false, borderColor: color(ink), ...more,
    data: rates.flatMap((tps, index) => [
      { x: start + index * step, y: tps },
      // Held until its end if the next point is missing.
      ...(tps !== null && (rates[index + 1] ?? null) === null ? [{ x: start + (index + 1) * step, y: tps }] : []),
    ]),
  });
  const datasets = [line(`busiest ${period}, requests/s`, busiest, "accepted", { borderWidth: 1.5, backgroundColor: color("accepted-fill"), fill: "origin" })];
  if (together > 1) datasets.unshift(line("average, requests/s", average, "p95", { borderWidth: 1.5 }));
  const named = levels.map((level) => ({ ...level, ink: level.of === "demand" ? "demand" : "estimate", dash: level.of === "demand" }));
  const marks = Object.fromEntries(named.map((level, index) => [`level${index}`, levelLine(color, "y", level)]));
  return settings(color, "line", { datasets }, {
    x: across(color, "time, UTC", { type: "linear", min: start, max: end, afterBuildTicks: calendar, ticks: { color: color("soft"), maxRotation: 0, autoSkipPadding: 12, callback: (value, index, ticks) => ticks[index].label } }),
    y: { ...panel(color, "requests/s"), stack: undefined, suggestedMax: 1.1 * most },
    names: beside(color, "y", named),
  }, marks, {
    interaction: { mode: "nearest", axis: "x", intersect: false },
    tooltip: { callbacks: { title: (items) => (items.length ? moment(items[0].parsed.x, 1) : "") } },
  });
}

function intervals(chart, color) {
  const { bars } = chart;
  const marks = {};
  bars.forEach(({ low, high }, index) => {
    if (high === null) return;
    const span = { type: "line", xScaleID: "x", yScaleID: "tps", borderColor: color("ink"), borderWidth: 2 };
    marks[`span${index}`] = { ...span, xMin: index, xMax: index, yMin: low, yMax: high };
    for (const [name, tps] of [["low", low], ["high", high]]) {
      marks[`${name}${index}`] = { ...span, xMin: index - 0.06, xMax: index + 0.06, yMin: tps, yMax: tps };
    }
  });
  const timed = bars.some(({ p50 }) => (p50 ?? null) !== null);
  const line = (name) => ({
    type: "line", label: `${name} ms`, data: bars.map((bar) => bar[name] ?? null), yAxisID: "latency", borderColor: color(name), showLine: false,
    backgroundColor: color(name), pointRadius: 5, pointStyle: { p50: "circle", p95: "rectRot" }[name],
  });
  const rates = {
    label: "requests/s, with 95 % interval", data: bars.map(({ estimate }) => estimate), yAxisID: "tps", backgroundColor: color("faint"), borderRadius: 3,
    maxBarThickness: 72, pointStyle: "rect",
  };
  const most = Math.max(...bars.map(({ estimate, high }) => high ?? estimate));
  return settings(color, "bar", { labels: bars.map((bar) => bar.label), datasets: timed ? [rates, line("p50"), line("p95")] : [rates] }, {
    x: across(color, "", { title: { display: false }, ticks: { color: color("soft"), autoSkip: false, maxRotation: 0 } }),
    ...(timed ? { latency: panel(color, "latency, ms", { stackWeight: 1 }) } : {}),
    tps: panel(color, "requests/s", timed ? { stackWeight: 2, offset: true, suggestedMax: 1.1 * most } : { suggestedMax: 1.1 * most }),
  }, marks);
}

// The results of a batch over time, and a thin line with the measured rate.
function progress(chart, color) {
  const { points, measured } = chart;
  const [seconds, results] = points.at(-1);
  const datasets = [{ label: "results", pointRadius: 0, pointHitRadius: 6, borderWidth: 2, borderColor: color("accepted"), backgroundColor: color("accepted-fill"), fill: "origin", data: points.map(([x, y]) => ({ x, y })) }];
  if (measured) datasets.push({ label: "at the measured rate", pointRadius: 0, borderWidth: 1, borderColor: color("estimate"), data: [{ x: 0, y: 0 }, { x: results / measured, y: results }] });
  return settings(color, "line", { datasets }, {
    x: across(color, "seconds since the first request", { type: "linear", min: 0, max: measured ? Math.max(seconds, results / measured) : seconds }),
    y: { ...panel(color, "images with a result"), stack: undefined, suggestedMax: results },
  }, {}, { interaction: { mode: "nearest", axis: "x", intersect: false } });
}
