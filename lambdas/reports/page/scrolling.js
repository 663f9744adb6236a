"use strict";
// Marks the tables that are wider than their frame, and where more of them is. Only these take the focus of the keyboard.

(() => {
  function mark(rows) {
    const beyond = rows.scrollWidth - rows.clientWidth, isWide = beyond > 1;
    rows.classList.toggle("wide", isWide);
    rows.classList.toggle("more-before", isWide && rows.scrollLeft > 1);
    rows.classList.toggle("more-after", isWide && rows.scrollLeft < beyond - 1);
    if (isWide) rows.tabIndex = 0;
    else rows.removeAttribute("tabindex");
  }

  const sizes = new ResizeObserver((changed) => changed.forEach(({ target }) => mark(target)));
  for (const rows of document.querySelectorAll(".rows")) {
    sizes.observe(rows);
    rows.addEventListener("scroll", () => mark(rows), { passive: true });
  }
})();
