#include "simulation/output/report/page.h"

namespace covey::simulation {

// Shows the values where the pointer is. Nothing is lost without it but that.
const char* const kPageScript = R"js(
'use strict';
for (const chart of document.querySelectorAll('.chart')) {
  const data = JSON.parse(chart.querySelector('script').textContent);
  for (const area of chart.querySelectorAll('.area')) {
    let cursor, tip;
    const hide = () => { cursor?.remove(); tip?.remove(); cursor = tip = undefined; };
    const line = (text, colour) => {
      const row = document.createElement('span');
      if (colour) {
        const key = document.createElement('i');
        key.className = 'c' + colour;
        row.append(key);
      }
      row.append(text);
      tip.append(row);
    };
    const show = (at, title) => {
      if (!tip) {
        cursor = document.createElement('i');
        cursor.className = 'cursor';
        tip = document.createElement('div');
        tip.className = 'tip';
        area.append(cursor, tip);
      }
      cursor.style.left = at * 100 + '%';
      tip.replaceChildren();
      const head = document.createElement('b');
      head.textContent = title;
      tip.append(head);
    };
    const place = (at) => {
      const room = area.clientWidth, width = tip.offsetWidth;
      const left = at * room + 12 + width > room ? at * room - 12 - width : at * room + 12;
      tip.style.left = Math.max(left, Math.min(0, room - width)) + 'px';
    };
    const read = (event) => {
      const box = area.getBoundingClientRect();
      const x = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
      if (data.h) return readCell(x, (event.clientY - box.top) / box.height);
      let best = data.p[0];
      for (const p of data.p) if (Math.abs(p[0] - x * 1000) < Math.abs(best[0] - x * 1000)) best = p;
      if (!best) return;
      show(best[0] / 1000, best[1]);
      data.s.forEach((series, i) => {
        if (best[i + 2]) line(series[0] + '  ' + best[i + 2], series[1]);
      });
      place(best[0] / 1000);
    };
    const readCell = (x, y) => {
      const index = Math.min(Math.floor(x * data.h.length), data.h.length - 1);
      const [name, size, cells] = data.h[index];
      const at = (index + 0.5) / data.h.length;
      show(at, name);
      line(size + ' ' + data.b);
      if (!area.classList.contains('sizes') && cells.length) {
        const row = Math.min(Math.max(Math.floor(y * cells.length), 0), cells.length - 1);
        line(data.r + ' ' + row + ': ' + cells[row]);
      }
      place(at);
    };
    area.addEventListener('pointermove', read);
    area.addEventListener('pointerdown', read);
    area.addEventListener('pointerleave', hide);
  }
}
)js";

}  // namespace covey::simulation
