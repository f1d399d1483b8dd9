/** The style sheet of the page. Every pair of text and ground is at least 4.5:1 (WCAG 2.2 §1.4.3); a test computes it. */

/** Colours by role. `on` names the grounds a text colour stands on. */
export const PALETTE = {
  light: {
    ground: '#fbfaf8',
    raised: '#ffffff',
    line: '#d9d5cd',
    ink: '#1b1d21',
    quiet: '#5a5f68',
    link: '#1d4a8f',
    unfit: '#a0171f',
    unfitSoft: '#fbe3e0',
    unfitMid: '#f3c1bc',
    unfitStrong: '#a0171f',
    onStrong: '#ffffff',
    unknown: '#4f4a63',
    unknownSoft: '#ebe8f2',
    excepted: '#7a4a00',
    exceptedSoft: '#fbecd0',
    controls: '#0f5568',
    controlsSoft: '#dcf0f4',
    fit: '#1c6138',
    fitSoft: '#e3f1e6',
    mute: '#c9c4ba',
  },
  dark: {
    ground: '#14161a',
    raised: '#1c1f25',
    line: '#3a3f49',
    ink: '#eceae6',
    quiet: '#a9afba',
    link: '#9cc0ff',
    unfit: '#ff9d95',
    unfitSoft: '#3b1b1d',
    unfitMid: '#5c2023',
    unfitStrong: '#ad2129',
    onStrong: '#ffffff',
    unknown: '#c9c2e4',
    unknownSoft: '#2b2838',
    excepted: '#f2c377',
    exceptedSoft: '#37290f',
    controls: '#8fd3e2',
    controlsSoft: '#12323b',
    fit: '#93d3a8',
    fitSoft: '#16301f',
    mute: '#555b66',
  },
} as const

const variables = (theme: Readonly<Record<string, string>>) =>
  Object.entries(theme)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';')

export const PAGE_STYLE = `
:root{${variables(PALETTE.light)};color-scheme:light dark;--serif:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,serif;--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Arial,sans-serif;--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{${variables(PALETTE.dark)}}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:4rem;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}*{transition:none!important;animation:none!important}}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 var(--sans);overflow-wrap:break-word}
.wrap,main,.sections ul{max-width:76rem;margin-inline:auto;padding-inline:clamp(1rem,4vw,2.5rem)}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
h1,h2,h3{line-height:1.2;text-wrap:balance;font-weight:600}
h2{font:600 1.75rem/1.2 var(--serif);margin:0 0 1.25rem;outline:none}
h3{font-size:1.125rem;margin:0 0 .25rem}
main:focus,h2:focus{outline:none}
main>section{padding-block:2.75rem;border-top:1px solid var(--line)}
main>section:first-child{border-top:0}
p{margin:0 0 .75rem}
code{font:.875em/1.4 var(--mono);overflow-wrap:anywhere}
.sr,.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip:focus{position:fixed;z-index:9;top:.5rem;left:.5rem;padding:.5rem 1rem;background:var(--raised);border:2px solid var(--link)}
.under{color:var(--quiet);font-size:.875rem}
.number,td,.count{font-variant-numeric:tabular-nums}

.top{background:var(--raised);border-bottom:1px solid var(--line)}
.top .wrap{padding-block:2.5rem 2rem}
.brand{font-size:.8125rem;letter-spacing:.14em;text-transform:uppercase;color:var(--quiet);margin:0 0 .5rem}
h1{font-size:1rem;color:var(--quiet);margin:0 0 1.25rem}
.lead{font:500 clamp(1.6rem,1.1rem + 2.2vw,2.6rem)/1.18 var(--serif);letter-spacing:-.01em;max-width:30ch;margin:0 0 1rem;text-wrap:balance}
.second{font-size:1.125rem;max-width:62ch;color:var(--ink);margin:0 0 1.5rem}
.stamp{display:flex;flex-wrap:wrap;gap:.25rem 2rem;margin:0;font-size:.875rem}
.stamp div{display:flex;gap:.5rem}
dt{color:var(--quiet)}
dd{margin:0}
.sections{position:sticky;top:0;z-index:2;background:var(--ground);border-bottom:1px solid var(--line)}
.sections ul{display:flex;gap:clamp(.75rem,3vw,1.75rem);list-style:none;margin-block:0;padding-block:0;overflow-x:auto}
.sections a{display:block;padding:.75rem 0;color:var(--ink);text-decoration:none;font-size:.9375rem;white-space:nowrap}
.sections a:hover{text-decoration:underline}

.bar{display:block}
.fill-unfit{fill:var(--unfit)}.fill-unknown{fill:var(--unknown)}.fill-excepted{fill:var(--excepted)}.fill-fit_with_controls{fill:var(--controls)}.fill-fit{fill:var(--fit)}.fill-all{fill:var(--mute)}
.verdicts{margin-bottom:2rem}
.verdicts .bar{border-radius:3px}
.verdicts ul{display:flex;flex-wrap:wrap;gap:.5rem 2rem;list-style:none;padding:0;margin:.875rem 0 .5rem}
.verdicts li{font-size:.9375rem}
.verdicts .mark{display:inline-block;width:1.35em;font-weight:700}
.verdicts .number{font-weight:700;font-size:1.125rem}
.verdicts .zero{color:var(--quiet)}
.unfit .mark{color:var(--unfit)}.unknown .mark{color:var(--unknown)}.excepted .mark{color:var(--excepted)}.fit_with_controls .mark{color:var(--controls)}.fit .mark{color:var(--fit)}
.columns{display:grid;grid-template-columns:minmax(0,1fr);gap:2rem}
@media (min-width:62rem){.columns{grid-template-columns:minmax(0,1.7fr) minmax(0,1fr);gap:3rem}}

table{border-collapse:collapse;width:100%}
caption{text-align:left;font-weight:600;padding-bottom:.625rem}
.scroll>table>caption>span{display:inline-block;max-width:calc(100vw - 2.5rem)}
th{font-weight:400;text-align:left}
.matrix table{table-layout:fixed;border-collapse:separate;border-spacing:3px;margin-left:-3px}
.matrix thead th{font-size:.875rem;color:var(--quiet);padding:.25rem .5rem;text-align:center}
.matrix caption{padding-left:3px}
.matrix thead th:first-child{width:30%}
.matrix tbody th{padding:.5rem .5rem .5rem 3px;font-weight:600;font-size:.9375rem;line-height:1.25}
.gloss{display:block;font-weight:400;font-size:.8125rem;color:var(--quiet)}
.matrix td{padding:0;height:3.75rem;text-align:center;border-radius:4px;background:var(--raised);border:1px solid var(--line)}
.matrix td.empty{border-color:transparent;background:none;color:var(--quiet)}
.matrix a{display:flex;flex-direction:column;justify-content:center;height:100%;min-height:3.75rem;padding:.25rem;color:inherit;text-decoration:none;line-height:1.2}
.matrix a:hover .count{text-decoration:underline}
.count{font-size:1.375rem;font-weight:600}
.state{font-size:.8125rem}
.matrix .tone-unfit{border-color:var(--unfit);color:var(--unfit)}
.matrix .tone-unfit.most{background:var(--unfitSoft)}
.matrix .tone-unfit.most.impact-high{background:var(--unfitStrong);border-color:var(--unfitStrong);color:var(--onStrong)}
.matrix .tone-unknown{border:1px dashed var(--unknown);color:var(--unknown)}
.matrix .tone-unknown.most{background:var(--unknownSoft)}
.matrix .tone-excepted{border-color:var(--excepted);color:var(--excepted)}
.matrix .tone-excepted.most{background:var(--exceptedSoft)}
.matrix .tone-fit_with_controls{color:var(--controls)}
.matrix .tone-fit{color:var(--fit)}
.matrix td:not(.most) .count,.matrix .tone-fit .count,.matrix .tone-fit_with_controls .count{color:var(--ink)}
.note{border-left:3px solid var(--excepted);padding:.25rem 0 .25rem 1rem;margin:1.25rem 0 0;max-width:62ch}
.plain{margin-bottom:2.25rem}
.plain th,.plain td{padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:top}
.plain thead th{font-size:.8125rem;color:var(--quiet);padding-block:.25rem}
.plain td,.plain thead th:not(:first-child){text-align:right;padding-right:0;padding-left:.75rem}
.plain tbody th,.plain tbody td{padding-block:.375rem}
.plain .bar{margin:.25rem 0 .125rem}
.sourcesTable{max-width:46rem}
.sourcesTable td:nth-child(2),.sourcesTable thead th:nth-child(2){text-align:left}

.chip{display:inline-block;padding:.0625rem .5rem;border:1px solid currentColor;border-radius:99px;font-size:.8125rem;line-height:1.4;white-space:nowrap}
.sev-critical{background:var(--unfitStrong);color:var(--onStrong);border-color:var(--unfitStrong);font-weight:600}
.sev-high,.unfit.chip,.level-error{color:var(--unfit);background:var(--unfitSoft)}
.sev-medium,.excepted.chip,.level-warning{color:var(--excepted);background:var(--exceptedSoft)}
.sev-low,.fit_with_controls.chip{color:var(--controls);background:var(--controlsSoft)}
.sev-info,.level-info,.unknown.chip,.s-unknown{color:var(--unknown);background:var(--unknownSoft)}
.unknown.chip,.s-unknown{border-style:dashed}
.fit.chip{color:var(--fit);background:var(--fitSoft)}
.s-none,.s-single_factor{color:var(--unfit)}.s-two_factor{color:var(--excepted)}.s-phishing_resistant,.s-hardware{color:var(--fit)}
.i-high{font-weight:700;color:var(--ink)}.i-moderate{color:var(--ink)}.i-low,.i-none{color:var(--quiet)}
.chip.i-high,.chip.i-moderate,.chip.i-low,.chip.i-none{border:0;padding:0;font-size:inherit}

.contents{list-style:none;margin:0 0 2.5rem;padding:0;border-top:1px solid var(--line)}
.contents li{border-bottom:1px solid var(--line)}
.contents a{display:grid;grid-template-columns:5.25rem 1fr auto;gap:.75rem;align-items:center;padding:.5rem 0;color:inherit;text-decoration:none}
.contents a:hover span:nth-child(2){text-decoration:underline}
.contents .chip{justify-self:start}
.code{margin-bottom:2.5rem}
.finding{background:var(--raised);border:1px solid var(--line);border-radius:6px;margin-bottom:.5rem}
.finding>summary,.rest>summary{padding:.75rem 1rem;cursor:pointer;list-style-position:outside}
.finding>summary{padding-left:2.25rem;position:relative;list-style:none}
.finding>summary::-webkit-details-marker{display:none}
.finding>summary::before{content:"▸" / "";position:absolute;left:1rem;color:var(--quiet)}
.finding[open]>summary::before{content:"▾" / ""}
.who{font-weight:600;margin-inline:.25rem}
.message{color:var(--ink);display:block;margin-top:.25rem}
.finding .body{padding:0 1rem 1rem 2.25rem}
.chain{margin:.25rem 0 1rem}
.chain figcaption,.label{font-size:.8125rem;color:var(--quiet);margin:0 0 .5rem}
.chain>ol{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.625rem 0;align-items:center}
.chain>ol>li{display:flex;flex-direction:column;position:relative;min-width:0;max-width:100%}
.chain>ol>li:not(:last-child){padding-right:2.25rem}
.chain>ol>li:not(:last-child)::after{content:"→" / "";position:absolute;right:.65rem;top:50%;transform:translateY(-50%);color:var(--quiet);font-size:1.125rem}
.box{display:block;padding:.375rem .75rem;border:1px solid var(--mute);border-radius:5px;background:var(--ground);font-size:.9375rem;line-height:1.3;max-width:22rem;overflow-wrap:anywhere}
.kicker{display:block;font-size:.75rem;color:var(--quiet)}
.box.given{border:1.5px dashed var(--unfit)}
.box.given .kicker{color:var(--unfit)}
.box.account{border:2px solid var(--ink);font-weight:600}
.box.account .kicker{font-weight:400}
.box.goal{border:1.5px solid var(--unfit);background:var(--unfitSoft);color:var(--unfit)}
.box.goal .kicker{color:inherit}
.and{font-size:.75rem;color:var(--quiet);text-align:center;line-height:1.5}
.also{border-top:1px solid var(--line);padding-top:.75rem}
.also>p{margin-bottom:.5rem}
.steps{margin-top:.5rem;font-size:.9375rem}
.steps summary{cursor:pointer;padding-block:.25rem;color:var(--link);font-size:.875rem;width:fit-content}
.steps ol{margin:.5rem 0 0;padding-left:1.5rem}
.place{font:.8125rem var(--mono);color:var(--quiet);overflow-wrap:anywhere}
.remedy ul{margin:0 0 1rem;padding-left:1.25rem}
.remedy li::first-letter{text-transform:uppercase}
.sources{display:grid;gap:.125rem;margin:0;padding-top:.75rem;border-top:1px solid var(--line);font-size:.8125rem;color:var(--quiet)}
.sources div{display:grid;grid-template-columns:5.5rem minmax(0,1fr);gap:.5rem}
.rest ul{list-style:none;margin:0;padding:0 1rem 1rem}
.rest .under{padding-inline:1rem}
.rest li{padding:.375rem 0;border-top:1px solid var(--line);content-visibility:auto;contain-intrinsic-size:auto 2.5rem}

.filters{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin-bottom:1rem}
.filters label{display:grid;gap:.25rem;font-size:.8125rem;color:var(--quiet);flex:1 1 8rem;min-width:0}
.filters .wide{flex:3 1 16rem}
input,select,button{font:inherit;font-size:1rem;color:var(--ink);background:var(--raised);border:1px solid var(--quiet);border-radius:5px;min-height:2.75rem;padding:.375rem .625rem;max-width:100%;width:100%}
button{width:auto;cursor:pointer;padding-inline:1rem}
.accounts th,.accounts td{padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:top;font-size:.9375rem}
.accounts thead th{position:sticky;top:2.95rem;background:var(--ground);z-index:1;vertical-align:bottom;padding-block:0}
.accounts thead button,.opener{border:0;background:none;padding:.25rem 0;min-height:2.25rem;text-align:left}
.accounts thead button{font-size:.8125rem;color:var(--quiet)}
.accounts .opener{display:flex;font-weight:600;font-size:.9375rem;color:var(--link);overflow-wrap:anywhere;min-height:1.5rem;line-height:1.5rem;padding:0}
.opener bdi{min-width:0;text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:.2em}
.opener::before{content:"▸" / "";color:var(--quiet);flex:0 0 1rem}
.opener[aria-expanded=true]::before{content:"▾" / ""}
.id{display:block;color:var(--quiet);font-size:.8125rem;overflow-wrap:anywhere}
.accounts .id{padding-left:1rem;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
.who .id,.sources .id,.rest .id{display:inline}
.who .id{color:inherit;font-size:.9em}
.c-account{width:30%}
.c-findings{text-align:right}
.accounts td.c-findings,.accounts th.c-findings{padding-right:0}
.phone{display:none}
.accounts tbody button{scroll-margin-top:6.5rem}
.detail>td{padding:0 0 1.5rem 1rem!important}
.details{display:grid;gap:1.25rem 2.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:1.25rem;font-size:.9375rem;overflow-wrap:anywhere}
.details .chip{overflow-wrap:normal}
.block h3{font-size:.9375rem;margin-bottom:.5rem}
.block p{margin-bottom:.375rem}
.block ul,.block ol{margin:0 0 .5rem;padding-left:1.25rem}
.ways{list-style:none;padding:0!important}
.ways>li{padding:.5rem 0;border-top:1px solid var(--line)}
.levels{display:grid;gap:.375rem;margin:0 0 .75rem}
.levels div{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem 1rem}
.diagnostics{list-style:none;padding:0}
.diagnostics li{padding:.625rem 0;border-top:1px solid var(--line)}
.diagnostics .under{display:block}
.prose{max-width:68ch}
.hashes code{overflow-wrap:anywhere}

@media screen and (max-width:56rem){.c-required,.c-nominal,.c-kind{display:none}}
@media screen and (max-width:40rem){
.top .wrap{padding-block:1.5rem}
.c-impact,.c-findings{display:none}
.accounts th.c-account{width:46%}
.phone{display:block;font-size:.8125rem;color:var(--quiet);padding-left:1rem}
.accounts .chip{white-space:normal;border-radius:6px}
.detail>td{padding-left:0!important}
.details{padding:1rem}
.gloss{display:none}
.matrix thead th{padding:.25rem 0;font-size:.75rem}
.matrix thead th:first-child{width:25%}
.matrix tbody th{font-size:.8125rem;padding-right:.25rem}
.matrix a{min-height:3.5rem;padding:.25rem 0}.matrix td{height:3.5rem}
.count{font-size:1.125rem}
.state{font-size:.6875rem;overflow-wrap:normal}
.finding>summary{padding-right:.75rem}
.finding .body{padding-left:1rem}
.chain>ol{flex-direction:column;align-items:stretch;gap:0}
.chain>ol>li:not(:last-child){padding:0 0 1.75rem}
.chain>ol>li:not(:last-child)::after{content:"↓" / "";left:50%;right:auto;top:auto;bottom:.125rem;transform:translateX(-50%)}
.box{max-width:none}
}
@media (forced-colors:active){.box,.chip,.matrix td{border:1px solid CanvasText}.fill-unfit,.fill-unknown,.fill-excepted,.fill-fit_with_controls,.fill-fit,.fill-all{forced-color-adjust:none}}
@media print{
:root{${variables({ ...PALETTE.light, ground: '#ffffff', ink: '#000000', quiet: '#444444', link: '#000000' })};color-scheme:light}
@page{margin:16mm 14mm}
html{font-size:10pt}
body{background:#fff;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.sections,.skip,.filters,#more,.steps summary,.arrow{display:none!important}
.wrap,main{max-width:none;padding-inline:0}
.top{border:0}.top .wrap{padding-block:0 1rem}
main>section{padding-block:1.25rem}
#accounts-tool,main>section{break-before:auto}
h2,h3,caption,figcaption,.label{break-after:avoid}
.matrix tr,.plain tr,.accounts tr:not(.detail),.chain,.remedy,.sources,.finding>summary,.box,.block{break-inside:avoid}
.finding>summary,.also>p,.code>.under{break-after:avoid}
.columns .plain,.also{break-inside:avoid}
.sources,.remedy>ul{break-before:avoid}
.finding{-webkit-box-decoration-break:clone;box-decoration-break:clone}
.also .steps,.also figcaption{display:none}
.about-finding,.about-facts{display:none!important}
.finding>summary::before,.opener::before{content:none!important}
.finding>summary{padding-left:1rem}.finding .body{padding-left:1rem}
.accounts thead th{position:static}
.accounts .opener{color:#000}.opener bdi{text-decoration:none}
.accounts .id,.accounts .phone{padding-left:0}
.contents{break-inside:avoid}
.sources{grid-template-columns:1fr 1fr;column-gap:1.5rem;font-size:.75rem}
.finding{margin-bottom:.75rem}
.columns{display:block}
.columns>div:last-child{display:grid;grid-template-columns:1fr 1fr;gap:2rem;margin-top:1.5rem;align-items:start}
.plain tbody th,.plain tbody td{padding-block:.2rem}
.matrix td{height:2.75rem}.matrix a{min-height:2.75rem}
details::details-content{content-visibility:visible;display:block}
a{text-decoration:none}
}
`
