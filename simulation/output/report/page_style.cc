#include "simulation/output/report/page.h"

namespace covey::simulation {

const char* const kPageStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --line: #e4e7ec; --ink: #16191d; --soft: #5c6570;
  --c1: #2468d6; --c2: #dd7300; --c3: #0f8f63; --c4: #8650d4; --c5: #cf3b4c; --c6: #0a8ca3;
  --c7: #a87c10; --c8: #a9b0ba;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #111418; --card: #1a1e24; --line: #2d333c; --ink: #e9ecf0; --soft: #98a1ad;
    --c1: #6ea6ff; --c2: #ffa552; --c3: #4bcb9f; --c4: #ba97f7; --c5: #ff7f8a; --c6: #52c8dc;
    --c7: #deb95c; --c8: #5d6670;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 1320px; margin: 0 auto; padding: 28px 20px 48px; }
h1 { margin: 2px 0 4px; font-size: 28px; line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 36px 0 12px; font-size: 17px; letter-spacing: -.005em; }
h3 { margin: 0; font-size: 14px; font-weight: 600; }
p { margin: 0; }
code { font: 12.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.over { color: var(--c1); font-weight: 600; font-size: 12px; letter-spacing: .06em;
  text-transform: uppercase; }
.soft, .note { color: var(--soft); }
.note { font-size: 12.5px; margin-top: 3px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr));
  gap: 12px 28px; margin: 20px 0 0; }
.facts dt { color: var(--soft); font-size: 12px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px;
  margin: 24px 0 12px; }
.tile { padding: 14px 16px; }
.tile h3 { color: var(--soft); font-weight: 500; font-size: 12.5px; }
.tile b { display: block; margin: 3px 0 1px; font-size: 24px; line-height: 32px; font-weight: 600;
  letter-spacing: -.02em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tile p { color: var(--soft); font-size: 12.5px; }
.tile b.long { font-size: 18px; }
.tile:first-child b { color: var(--c1); }
.charts { display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 350px), 1fr)); grid-auto-flow: dense; }
.chart { margin: 0; padding: 14px 16px 10px; min-width: 0; display: flex; flex-direction: column; }
figcaption { margin-bottom: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin-top: 4px; color: var(--soft);
  font-size: 12.5px; min-height: 18px; }
.legend i, .tip i { display: inline-block; width: 10px; height: 10px; margin-right: 6px;
  border-radius: 3px; background: currentColor; }
.legend b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.plot { display: grid; grid-template-columns: var(--w) minmax(0, 1fr); margin-top: auto;
  padding-right: 10px; color: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.area { position: relative; height: 210px; }
.full { grid-column: 1 / -1; }
.heat .area { height: 230px; }
.heat .sizes { height: 54px; margin-bottom: 6px; border-bottom: 1px solid var(--line); }
.area svg { display: block; width: 100%; height: 100%; overflow: visible; }
.area path { vector-effect: non-scaling-stroke; }
.ys { position: relative; }
.ys span { position: absolute; right: 8px; transform: translateY(-50%); white-space: nowrap; }
.xs { grid-column: 2; position: relative; height: 22px; margin-top: 6px; }
.xs span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.xt { grid-column: 2; text-align: center; margin-top: -3px; }
.c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); }
.c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); }
.c7 { color: var(--c7); } .c8 { color: var(--c8); }
.grid { stroke: var(--line); stroke-width: 1; }
.line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
.dots { fill: none; stroke: currentColor; stroke-width: 5.5; stroke-linecap: round; }
.ring { fill: none; stroke: currentColor; stroke-width: 11; stroke-linecap: round; }
.hole { fill: none; stroke: var(--card); stroke-width: 6; stroke-linecap: round; }
.target { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 5 4; }
.bars { fill: currentColor; }
.cells { fill: var(--c1); }
.cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--soft);
  pointer-events: none; }
.tip { position: absolute; top: 4px; z-index: 1; padding: 7px 10px; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 4px 16px #0003;
  color: var(--ink); font-size: 12px; line-height: 1.5; white-space: nowrap;
  pointer-events: none; }
.tip b { display: block; font-weight: 600; }
.tip span { display: block; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px;
  font-variant-numeric: tabular-nums; }
th, td { padding: 7px 14px; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; font-size: 12px; }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child, .left { text-align: left; }
tr.best td { color: var(--c1); font-weight: 600; }
td.soft { white-space: normal; }
details { margin-top: 12px; padding: 12px 16px; }
summary { cursor: pointer; font-weight: 600; }
pre { margin: 12px 0 4px; overflow-x: auto;
  font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
footer { margin-top: 28px; color: var(--soft); font-size: 12.5px; overflow-wrap: anywhere; }
@media (min-width: 800px) { .wide { grid-column: span 2; } }
@media (max-width: 500px) {
  main { padding: 18px 12px 32px; }
  h1 { font-size: 24px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
  .tile:first-child { grid-column: span 2; }
  .tile { padding: 11px 12px; }
  .tile b { font-size: 21px; }
  .tile b.long { font-size: 17px; }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px 16px; }
  .chart { padding: 12px 10px 8px; }
  th, td { padding: 6px 10px; }
}
@media print { body { background: #fff; } .card { break-inside: avoid; } }
)css";

}  // namespace covey::simulation
