"use strict";
// Draws each picture that has data. Draws it again when the colour scheme changes, and in the light one for paper.

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const kinds = { timeline, concurrency, units, latencies, past, images: intervals, scaling: intervals, progress };
  const drawn = new Map();
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;

  function draw() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    for (const place of document.querySelectorAll("[data-chart]")) {
      const name = place.dataset.chart;
      drawn.get(name)?.destroy();
      drawn.set(name, new Chart(place.querySelector("canvas"), kinds[name](data[name], color)));
    }
  }

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((details) => { details.open = true; });
    document.documentElement.classList.add("printing");
    draw();
  });
  addEventListener("afterprint", () => {
    opened.forEach((details) => { details.open = false; });
    document.documentElement.classList.remove("printing");
    draw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
})();
