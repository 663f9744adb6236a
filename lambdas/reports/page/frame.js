"use strict";
// What all charts share: scales, labels, settings. `color` returns the value of a name of style.css.

const CLOCK = (s) => `${Math.floor(s / 60)}:${String(Math.round(s) % 60).padStart(2, "0")}`;
const isNarrow = (chart) => chart.width < 480;
const RATE = (tps) => (tps < 100 ? tps.toFixed(2) : tps.toFixed(1));

const isPrinting = () => document.documentElement.classList.contains("printing");

function panel(color, title, more = {}) {
  return {
    position: "left", beginAtZero: true, grid: { color: color("line") }, border: { display: false },
    title: { display: true, text: title, color: color("soft") }, ticks: { color: color("soft"), maxTicksLimit: 6, precision: 0 },
    stack: "panels", // As wide in all panels of a chart, so that they stand below each other.
    afterFit: (scale) => { scale.width = isNarrow(scale.chart) ? 52 : 64; }, ...more,
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
    display: true, content, color: color(ink), backgroundColor: "transparent", font: NAMES,
    // An outline instead of a box, which would cover the lines below.
    textStrokeColor: color("paper"), textStrokeWidth: 4, padding: 3, z: 2, ...more,
  };
}

function settings(color, type, data, scales, annotations, more = {}) {
  const { tooltip, ...rest } = more;
  return {
    type, data,
    options: {
      animation: false, responsive: true, maintainAspectRatio: false, ...(isPrinting() ? { devicePixelRatio: 3 } : {}), interaction: { mode: "index", intersect: false },
      layout: { padding: { top: 4, right: 8 } }, scales,
      plugins: {
        legend: { position: "bottom", labels: { color: color("ink"), usePointStyle: true, boxHeight: 8, padding: 16 } },
        annotation: { annotations }, tooltip: tooltip ?? {},
      },
      ...rest,
    },
  };
}

const LINE = 14;  // pixels
const NAMES = { size: 11, weight: 600 };

function textWidth(context, lines) {
  context.font = `${NAMES.weight} ${NAMES.size}px ${Chart.defaults.font.family}`;
  return Math.max(...lines.map((line) => context.measureText(line).width));
}

// The text in lines of about 13 characters.
function wrapped(text) {
  return text.split(" ").reduce((lines, word) => {
    const last = lines.at(-1);
    return last && last.length + word.length < 13 ? [...lines.slice(0, -1), `${last} ${word}`] : [...lines, word];
  }, []);
}

// The names of horizontal lines at the right of the plot, where no bar or curve lies below them: an axis with a tick for
// each level { text, tps, ink }. It has the range of the scale `of`. Names that would overlap are moved apart.
function beside(color, of, levels, more = {}) {
  const shown = levels.map((level) => ({ ...level, lines: wrapped(level.text) })).sort((a, b) => a.tps - b.tps);
  const ticks = (scale) => {
    const { min, max } = scale.chart.scales[of];
    const height = Math.max(1, scale.maxHeight), half = (level) => (level.lines.length * LINE) / 2 + 2;
    const places = shown.map(({ tps }) => ((tps - min) / (max - min)) * height);
    for (let round = 0; round < 50; round += 1) {
      places.forEach((place, index) => {
        places[index] = Math.min(Math.max(place, half(shown[index])), height - half(shown[index]));
        const overlap = index ? places[index - 1] + half(shown[index - 1]) + half(shown[index]) - places[index] : 0;
        if (overlap > 0) { places[index - 1] -= overlap / 2; places[index] += overlap / 2; }
      });
    }
    Object.assign(scale, { min, max, ticks: places.map((place) => ({ value: min + (place / height) * (max - min) })) });
  };
  return {
    position: "right", grid: { display: false }, border: { display: false }, afterBuildTicks: ticks, ...more,
    // The library gives an axis no more than its share of the chart, which cuts names on a phone.
    afterFit: (scale) => { scale.width = 12 + textWidth(scale.ctx, shown.flatMap((level) => level.lines)); },
    ticks: {
      autoSkip: false, color: ({ index }) => color(shown[index]?.ink ?? "soft"), font: NAMES,
      callback: (value, index) => shown[index].lines,
    },
  };
}

// A horizontal line; `beside` names it.
function levelLine(color, scale, { tps, ink, dash }) {
  return { type: "line", yScaleID: scale, yMin: tps, yMax: tps, borderColor: color(ink), borderWidth: 2, borderDash: dash ? [6, 4] : [] };
}
