// Draws the charts of each soak of a report, when they come into view.
'use strict';
for (const box of document.querySelectorAll('.charts[data-soak]')) {
  new IntersectionObserver((entries, observer) => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    observer.disconnect();
    const data = document.getElementById(box.dataset.soak);
    new SoakCharts(box).show(JSON.parse(data.textContent));
  }, {rootMargin: '400px'}).observe(box);
}
