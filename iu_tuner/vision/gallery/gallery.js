"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const slider = document.getElementById("slider"), exact = document.getElementById("exact");
  const said = document.getElementById("said");
  const marked = [...document.querySelectorAll("[data-confidence]")]
    .map((element) => ({ element, confidence: Number(element.dataset.confidence) }));
  const shots = [...document.querySelectorAll(".shot")].map((figure) => ({
    name: figure.dataset.name, image: figure.querySelector(".image"), counts: figure.querySelector(".counts"),
    labels: [...figure.querySelectorAll("[data-label]")].map((each) => ({
      label: Number(each.dataset.label), confidence: Number(each.dataset.confidence),
    })),
  }));
  const curves = [...document.querySelectorAll(".curve")].map((figure) => ({
    label: Number(figure.dataset.label), start: Number(figure.dataset.start), of: figure.querySelector(".of"),
    plot: figure.querySelector(".plot"), at: figure.querySelector(".at"), dot: figure.querySelector(".dot"),
  }));
  const shown = (number) => number.toLocaleString("en");
  const plural = (number, noun) => `${shown(number)} ${noun}${number === 1 ? "" : "s"}`;

  /** How many of rising numbers are at least the threshold. */
  function above(rising, threshold) {
    let low = 0, high = rising.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rising[middle] < threshold) low = middle + 1; else high = middle;
    }
    return rising.length - low;
  }

  function markCurve(curve, threshold) {
    const rising = data.confidences[curve.label], number = above(rising, threshold);
    const [left, right, top, bottom] = [34, 310, 14, 108];  // as curves.py draws them
    const across = left + Math.max(0, (threshold - curve.start) / (100 - curve.start)) * (right - left);
    curve.of.textContent = `${shown(number)} of ${shown(rising.length)}`;
    curve.at.setAttribute("d", `M${across} ${top}V${bottom}`);
    curve.dot.setAttribute("cx", across);
    curve.dot.setAttribute("cy", bottom - number / rising.length * (bottom - top));
    curve.plot.setAttribute("aria-label", `${data.labels[curve.label]}: labels by threshold, ` +
      `${rising.length} at 0, ${number} at ${threshold}`);
    return number;
  }

  function captionShot(shot, threshold) {
    const numbers = new Map();
    for (const { label, confidence } of shot.labels) {
      if (confidence >= threshold) numbers.set(label, (numbers.get(label) ?? 0) + 1);
    }
    const words = [...numbers].map(([label, number]) => `${shown(number)} ${data.labels[label]}`).join(", ") || "no label";
    shot.counts.textContent = words;
    shot.image.setAttribute("aria-label", `${shot.name}: ${words}`);
  }

  function show(threshold) {
    for (const { element, confidence } of marked) element.classList.toggle("below", confidence < threshold);
    const number = curves.reduce((sum, curve) => sum + markCurve(curve, threshold), 0);
    const total = data.confidences.reduce((sum, each) => sum + each.length, 0);
    for (const shot of shots) captionShot(shot, threshold);
    said.textContent = `${shown(number)} of ${plural(total, "label")} at ${threshold} or above, in ${plural(data.images, "image")}`;
    slider.setAttribute("aria-valuetext", `${threshold}: ${plural(number, "label")}`);
    for (const link of document.querySelectorAll(".pages a")) link.hash = threshold;
  }

  /** Text and lines keep their size, however small the image is shown. */
  const sizes = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const { width, height } = target.viewBox.baseVal;
      const scale = Math.min(contentRect.width / width, contentRect.height / height);
      if (scale > 0) target.style.setProperty("--unit", 1 / scale);
    }
  });
  for (const { image } of shots) sizes.observe(image);

  slider.addEventListener("input", () => { exact.value = slider.value; show(Number(slider.value)); });
  exact.addEventListener("input", () => {
    const threshold = exact.valueAsNumber;
    if (!(threshold >= 0 && threshold <= 100)) return;
    slider.value = threshold;
    show(threshold);
  });
  const names = document.getElementById("names");
  const showNames = () => document.body.classList.toggle("unnamed", !names.checked);
  names.addEventListener("change", showNames);
  names.checked = innerWidth > 544;  // on a phone, names would hide what is in the boxes
  showNames();
  const carried = location.hash ? Number(location.hash.slice(1)) : NaN;
  if (carried >= 0 && carried <= 100) exact.value = slider.value = carried;
  show(exact.valueAsNumber);
})();
