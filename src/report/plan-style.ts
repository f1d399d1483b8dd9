import { PAGE_STYLE } from './style.css.ts'

/** The style sheet of plans and what-ifs: that of the report, and what these pages have of their own. */
export const PLAN_STYLE = `${PAGE_STYLE}
.curve{margin:0 0 2rem;max-width:46rem}
.curve svg{display:block;width:100%;height:auto}
.curve .axis{stroke:var(--line);stroke-width:1}
.curve .tick{fill:var(--quiet);font:12px var(--sans)}
.curve .area{fill:var(--unfitSoft)}
.curve .line{fill:none;stroke:var(--unfit);stroke-width:2.5;stroke-linejoin:round}
.curve .dot{fill:var(--ground);stroke:var(--unfit);stroke-width:2}
.curve .dot.last{fill:var(--fit);stroke:var(--fit)}
.curve .say{fill:var(--ink);font:600 13px var(--sans)}
.curve figcaption{font-size:.875rem;color:var(--quiet);margin-top:.5rem;max-width:62ch}
.standing td.better{color:var(--fit);font-weight:600}
.standing td.worse{color:var(--unfit);font-weight:600}
.standing{max-width:34rem}
ol.steps{list-style:none;margin:0;padding:0;counter-reset:step}
ol.steps>li{counter-increment:step;display:grid;grid-template-columns:2.75rem minmax(0,1fr) 5.5rem;gap:0 .75rem;padding:.875rem 0;border-bottom:1px solid var(--line);break-inside:avoid}
ol.steps>li::before{content:counter(step);font:500 1.25rem/1.3 var(--serif);color:var(--quiet);text-align:right}
ol.steps p{margin:0;max-width:68ch}
ol.steps .what{font-weight:600}
ol.steps .for{font-size:.875rem;color:var(--quiet);margin-top:.25rem}
ol.steps .hours{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
ol.steps .hours small{display:block;color:var(--quiet);font-size:.8125rem;white-space:normal}
@media (max-width:40rem){ol.steps>li{grid-template-columns:2rem minmax(0,1fr)}ol.steps .hours{grid-column:2;text-align:left;margin-top:.25rem}}
.sides{overflow-x:auto}
.sides td,.sides thead th:not(:first-child){text-align:left}
.sides tr.worse th{color:var(--unfit)}
.sides .now{font-weight:600}
`
