/** The look of the pages: phone first, both colour schemes, colours from variables so that a theme is a few lines. */
export const STYLE = `:root {
  --ink: #14202b; --soft: #4b5a68; --ground: #f4f6f8; --sheet: #ffffff; --line: #c3ccd5;
  --accent: #0b5cad; --on-accent: #ffffff; --bad: #9b1c1c; --bad-ground: #fdecec; --good: #14532d; --good-ground: #e8f6ed;
  --info-ground: #e8f0fa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e8edf2; --soft: #a9b6c2; --ground: #10171e; --sheet: #18222c; --line: #3c4a57;
    --accent: #7cb7f5; --on-accent: #0b1a29; --bad: #ffb4b4; --bad-ground: #3a1b1b; --good: #a8e6bf; --good-ground: #16301f;
    --info-ground: #1a2c40;
  }
}
* { box-sizing: border-box }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); min-height: 100vh;
  overflow-wrap: break-word }
.brand { padding: 1rem 1.25rem; font-weight: 600; display: flex; gap: .5rem; align-items: center }
.mark { width: 1rem; height: 1rem; border-radius: 50%; border: .25rem solid var(--accent) }
main { background: var(--sheet); border: 1px solid var(--line); border-radius: .75rem; margin: 0 auto 2rem; padding: 1.25rem;
  width: min(100% - 1.5rem, 30rem) }
main:has(.wide) { width: min(100% - 1.5rem, 46rem) }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; hyphens: auto }
h2 { font-size: 1.125rem; margin: 1.75rem 0 .5rem }
p { margin: 0 0 1rem }
.soft, .hint { color: var(--soft) }
.hint { font-size: .9375rem; margin: .25rem 0 0 }
form { margin: 0 0 1rem }
label { display: block; font-weight: 600; margin: .75rem 0 .25rem }
form > label:first-of-type { margin-top: 0 }
input:not([type=hidden]) { font: inherit; width: 100%; padding: .625rem .75rem; color: inherit; background: var(--ground);
  border: 1px solid var(--soft); border-radius: .5rem }
input.code { font-size: 1.375rem; letter-spacing: .2em; font-variant-numeric: tabular-nums }
button, .button { font: inherit; font-weight: 600; display: inline-block; width: 100%; min-height: 2.75rem; padding: .5rem 1rem; margin: .75rem 0 0;
  border-radius: .5rem; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); cursor: pointer; text-align: center;
  text-decoration: none }
button.plain, .button.plain { background: transparent; color: var(--accent) }
button.small { width: auto; min-height: 2.25rem; margin: 0; padding: .25rem .75rem; font-weight: 500 }
:focus-visible { outline: .1875rem solid var(--accent); outline-offset: .125rem }
a { color: var(--accent) }
.notice { padding: .75rem 1rem; border-radius: .5rem; background: var(--info-ground) }
.notice.bad { background: var(--bad-ground); color: var(--bad) }
.notice.good { background: var(--good-ground); color: var(--good) }
details { margin: 0 0 1rem }
summary { cursor: pointer; color: var(--accent); padding: .25rem 0 }
ul.things { list-style: none; margin: 0; padding: 0 }
ul.things li { border-top: 1px solid var(--line); padding: .75rem 0; display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
ul.things li > div { flex: 1 1 14rem }
ul.things form { margin: 0 }
ul.things li:has(details) > div { flex-basis: 100% }
ul.things details { margin: 0 1rem 0 0 }
ol.codes { font: 1.125rem/1.9 ui-monospace, monospace; padding-left: 3rem; white-space: nowrap }
code.user-code { font: 600 1.75rem ui-monospace, monospace; letter-spacing: .1em }
code.secret { font: 1.0625rem ui-monospace, monospace; overflow-wrap: anywhere }
svg.qr { display: block; width: min(100%, 14rem); margin: 0 auto 1rem; border-radius: .5rem }
[hidden] { display: none }
`
