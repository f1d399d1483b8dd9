/** The review as one HTML file: no request to anywhere and no script; readable on paper, on a phone, and by ear. */
import type { Change, Outcome, Review, ReviewItem } from '#contract/review.ts'
import { escaped, idHtml, messageHtml, nameHtml } from './html-text.ts'
import { placeText } from './phrases.ts'
import {
  CHECK_TITLES,
  changeLines,
  goneText,
  isFlagged,
  itemLabel,
  minimalHeadline,
  namesIn,
  reviewHeadline,
  SUGGESTION_WORDS,
} from './review-words.ts'
import { sha256Base64 } from './sha256.ts'
import { PAGE_STYLE } from './style.css.ts'
import { shortHash } from './text.ts'
import { citationText, counted, grouped, timeText, verdictLabel } from './words.ts'

/** Rows of the table of everything; the worksheet has the rest. */
const ROWS = 2000

/** What the page of the report has no need of; its colours are those of the report. */
const STYLE = `${PAGE_STYLE}
.grants{list-style:none;padding:0;margin:0;display:grid;gap:1rem}
.grant{background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:1.125rem 1.25rem;break-inside:avoid}
.grant h3{display:flex;flex-wrap:wrap;gap:.375rem .75rem;align-items:baseline;margin:0 0 .75rem}
.grant dl{display:grid;grid-template-columns:7.5rem minmax(0,1fr);gap:.375rem 1rem;margin:0;font-size:.9375rem}
.grant dd ul{list-style:none;padding:0;margin:0}
.grant dd li+li{margin-top:.25rem}
.check{font-weight:600}
.scroll .plain thead th.words{text-align:left;padding-left:0}
@media (min-width:40rem){.scroll .plain thead th.words{padding-left:1rem}}
main details{margin-bottom:1rem}
.scroll .plain .rank,.scroll .plain thead .grantHead{text-align:left}
.when{white-space:nowrap}
.scroll .words ul{list-style:none;padding:0;margin:0}
.quiet{color:var(--quiet)}
.revoke.chip{color:var(--unfit);background:var(--unfitSoft)}
.ask.chip{color:var(--excepted);background:var(--exceptedSoft)}
.keep.chip{color:var(--fit);background:var(--fitSoft)}
.figures{display:flex;flex-wrap:wrap;gap:.5rem 2rem;list-style:none;padding:0;margin:0 0 1rem}
.figures strong{font-size:1.125rem}
.answer{font:500 1.375rem/1.3 var(--serif);max-width:44ch;text-wrap:balance}
.scroll{overflow-x:auto}
.scroll .plain td.words{text-align:left}
@media (min-width:40rem){.scroll .plain td.words{padding-left:1rem}}
@media screen and (max-width:40rem){.grant dl{grid-template-columns:minmax(0,1fr);gap:0}.grant dd{margin-bottom:.5rem}}
`

export function renderReviewHtml(review: Review): string {
  const name = review.snapshot.name ?? 'Inventory'
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${sha256Base64(STYLE)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escaped(name)}: who holds what beyond the job</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the review</a>
${headerHtml(review, name)}
<main id="main" tabindex="-1">
${review.outcome === null ? '' : outcomeHtml(review, review.outcome)}
${minimalHtml(review)}
${flaggedHtml(review)}
${smallerHtml(review)}
${allHtml(review)}
${methodHtml(review)}
</main>
</body>
</html>
`
}

function headerHtml(review: Review, name: string): string {
  const [first = '', ...rest] = reviewHeadline(review)
  const { snapshot, policy, summary, outcome } = review
  const counts = Object.entries(SUGGESTION_WORDS).map(
    ([word, { mark, gloss }]) =>
      `<li><span class="chip ${word}">${mark} ${word}</span> <strong class="number">${grouped(summary.bySuggestion[word] ?? 0)}</strong> <span class="under">${gloss}</span></li>`,
  )
  const stamps: [string, string][] = [
    ...(snapshot.at === null ? [] : [['As of', escaped(timeText(snapshot.at))] as [string, string]]),
    ['Snapshot', `<code title="${escaped(snapshot.id)}">${escaped(shortHash(snapshot.id))}</code>`],
    [
      'Policy',
      `${escaped(policy.name)} <code title="${escaped(policy.hash)}">${escaped(shortHash(policy.hash))}</code>`,
    ],
  ]
  return `<header class="top"><div class="wrap">
<p class="brand">Ambit review</p>
<h1>${nameHtml(name)}</h1>
<p class="lead">${escaped(first)}</p>
<ul class="figures" aria-label="What the evidence speaks for">${counts.join('')}</ul>
${rest.length === 0 ? '' : `<p class="second">${rest.map(escaped).join(' ')}</p>`}
<dl class="stamp">${stamps.map(([term, value]) => `<div><dt>${term}</dt><dd>${value}</dd></div>`).join('')}</dl>
</div></header>
<nav aria-label="Sections" class="sections"><ul>${outcome === null ? '' : '<li><a href="#decisions">Decisions</a></li>'}
<li><a href="#least">The least to withdraw</a></li><li><a href="#first">Look at first</a></li>
${review.smaller.length === 0 ? '' : '<li><a href="#smaller">Smaller roles</a></li>'}<li><a href="#all">Everything</a></li><li><a href="#method">Method</a></li></ul></nav>`
}

const section = (id: string, title: string, body: string) =>
  `<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>\n${body}</section>`
const chip = (item: ReviewItem) =>
  `<span class="chip ${item.suggestion}">${SUGGESTION_WORDS[item.suggestion].mark} ${item.suggestion}</span>`

function minimalHtml(review: Review): string {
  const { items, uncut } = review.minimalSet
  const [first = '', ...rest] = minimalHeadline(review)
  const byId = new Map(review.items.map((item) => [item.id, item]))
  const name = namesIn(review)
  const rows = items.map((id) => {
    const item = byId.get(id)!
    return `<tr><th scope="row">${escaped(itemLabel(item))}<br>${idHtml(item.id)}</th><td class="words">${escaped(goneText(item, name))}</td><td>${grouped(item.holders)}</td></tr>`
  })
  const table =
    items.length === 0
      ? ''
      : `<div class="scroll" role="region" aria-label="What to withdraw" tabindex="0"><table class="plain"><caption class="sr">What to withdraw</caption><thead><tr><th scope="col">Withdraw</th><th scope="col" class="words">Reach that goes with it alone</th><th scope="col">Held by</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
  const left = uncut.length === 0 ? '' : `<p>Cannot be cut off: ${uncut.map((id) => idHtml(id)).join(' ')}</p>`
  return section(
    'least',
    'The least to withdraw',
    `<p class="answer">${escaped(first)}</p><p>${rest.map(escaped).join(' ')}</p>${table}${left}${items.length === 0 ? '' : changeHtml('If that is done', review.minimalChange)}`,
  )
}

function changeHtml(title: string, change: Change): string {
  const rows = change.accounts
    .filter(
      ({ impact, verdict, required }) =>
        impact.from !== impact.to || verdict.from !== verdict.to || required.from !== required.to,
    )
    .slice(0, ROWS)
    .map(({ id, name, impact, verdict, capabilitiesLost }) => {
      const arrow = ({ from, to }: { from: string; to: string }) =>
        from === to ? escaped(from) : `${escaped(from)} → <strong>${escaped(to)}</strong>`
      return `<tr><th scope="row">${name === null ? '' : `${nameHtml(name)} `}${idHtml(id)}</th><td class="words">${arrow(impact)}</td><td class="words">${arrow({ from: verdictLabel(verdict.from), to: verdictLabel(verdict.to) })}</td><td class="words">${escaped(capabilitiesLost.join(', ').replaceAll('_', ' '))}</td></tr>`
    })
  const table =
    rows.length === 0
      ? ''
      : `<details><summary>${counted(rows.length, 'account')} would be judged anew</summary><div class="scroll" role="region" aria-label="Accounts before and after: ${title.toLowerCase()}" tabindex="0"><table class="plain"><caption class="sr">Accounts before and after</caption><thead><tr><th scope="col">Account</th><th scope="col" class="words">Impact</th><th scope="col" class="words">Verdict</th><th scope="col" class="words">No longer, or with less impact</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div></details>`
  return `<p><strong>${title}:</strong> ${changeLines(change).map(escaped).join(' · ')}</p>${table}`
}

function flaggedHtml(review: Review): string {
  const flagged = review.items.filter(isFlagged)
  if (flagged.length === 0) return section('first', 'Look at first', '<p>Nothing stands against any of them.</p>')
  const name = namesIn(review)
  const shown = flagged.slice(0, 200)
  const more = flagged.length - shown.length
  return section(
    'first',
    'Look at first',
    `<p class="under">${counted(flagged.length, 'grant')}, by the reach that goes with each.${more > 0 ? ` The first ${shown.length} are here; the worksheet has all.` : ''}</p>
<ul class="grants">${shown.map((item) => `<li>${grantHtml(item, name)}</li>`).join('\n')}</ul>`,
  )
}

function grantHtml(item: ReviewItem, name: (id: string) => string): string {
  const lines = item.evidence
    .toSorted((a, b) => ORDER.indexOf(a.is) - ORDER.indexOf(b.is))
    .map(({ check, is, text, citations }) => {
      const sources =
        is === 'yes' && citations.length > 0
          ? ` <span class="under">${citations.map(citationText).map(escaped).join('; ')}</span>`
          : ''
      const word =
        is === 'yes'
          ? `<span class="check">${CHECK_TITLES[check] ?? check}</span>`
          : `${CHECK_TITLES[check] ?? check}: ${is}`
      return `<li${is === 'yes' ? '' : ' class="quiet"'}>${word}: ${messageHtml(text)}${sources}</li>`
    })
  const granted = [item.grantedAt?.slice(0, 10), item.grantedBy === null ? undefined : `by ${item.grantedBy}`].filter(
    (part) => part !== undefined,
  )
  return `<article class="grant"><h3>${chip(item)} ${nameHtml(itemLabel(item))}</h3>
<dl><dt>Evidence</dt><dd><ul>${lines.join('')}</ul></dd>
<dt>Reach that goes</dt><dd>${escaped(goneText(item, name))}</dd>
<dt>Held by</dt><dd>${counted(item.holders, 'account')}${granted.length === 0 ? '' : `; granted ${escaped(granted.join(' '))}`}</dd>
<dt>Read at</dt><dd>${idHtml(item.id)} <code class="place">${escaped(placeText(item.place))}</code></dd></dl></article>`
}
const ORDER = ['yes', 'unknown', 'no']

function smallerHtml(review: Review): string {
  if (review.smaller.length === 0) return ''
  const byId = new Map(review.items.map((item) => [item.id, item]))
  const list = (ids: readonly string[]) =>
    ids.length === 0
      ? '<span class="quiet">nothing</span>'
      : `<ul>${ids.map((id) => `<li>${escaped(itemLabel(byId.get(id)!))}</li>`).join('')}</ul>`
  const rows = review.smaller
    .slice(0, ROWS)
    .map(
      ({ holder, holderName, kept, dropped }) =>
        `<tr><th scope="row">${holderName === null ? '' : `${nameHtml(holderName)} `}${idHtml(holder)}</th><td class="words">${list(kept)}</td><td class="words">${list(dropped)}</td></tr>`,
    )
  return section(
    'smaller',
    'Smaller roles',
    `<p class="under">What is left of each holder's grants when whatever there is a ground to revoke is gone.</p><div class="scroll" role="region" aria-label="Grants kept and dropped" tabindex="0"><table class="plain"><caption class="sr">Grants kept and dropped</caption><thead><tr><th scope="col">Holder</th><th scope="col" class="words">Keep</th><th scope="col" class="words">Drop</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`,
  )
}

function allHtml(review: Review): string {
  const rows = review.items.slice(0, ROWS).map((item) => {
    const { marginal } = item
    return `<tr><td class="rank">${item.rank}</td><th scope="row">${escaped(itemLabel(item))}</th><td class="words">${chip(item)}</td><td>${marginal.highCapabilities.length}</td><td>${marginal.mayKeepCode.length}</td><td>${item.holders}</td><td>${item.lastUsed === null ? '<span class="quiet">unknown</span>' : `<span class="when">${escaped(item.lastUsed.slice(0, 10))}</span>`}</td></tr>`
  })
  const more = review.items.length - rows.length
  return section(
    'all',
    'Everything',
    `<details><summary>${counted(review.items.length, 'grant')} by rank</summary>
<div class="scroll" role="region" aria-label="All grants" tabindex="0"><table class="plain"><caption class="sr">All grants</caption><thead><tr><th scope="col" class="rank">Rank</th><th scope="col" class="grantHead">Grant</th><th scope="col" class="words">Evidence speaks for</th><th scope="col">High impact that goes</th><th scope="col">Codes that may stay</th><th scope="col">Held by</th><th scope="col">Last used</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>${more > 0 ? `<p>${grouped(more)} more are in the worksheet.</p>` : ''}</details>`,
  )
}

function outcomeHtml(review: Review, outcome: Outcome): string {
  const byId = new Map(review.items.map((item) => [item.id, item]))
  const flags = outcome.flags.map(
    ({ line, item, text }) =>
      `<li><strong>Line ${line}</strong>, ${escaped(itemLabel(byId.get(item)!))}: ${escaped(text)}</li>`,
  )
  return section(
    'decisions',
    'Decisions',
    `<p class="answer">${outcome.keep} kept, ${outcome.revoke} revoked, ${outcome.undecided} undecided; ${outcome.undecidedThatMatter.length} of those matter.</p>
${changeHtml('If carried out', outcome.change)}
${flags.length === 0 ? '' : `<h3>${counted(flags.length, 'decision')} to look at again</h3><ul>${flags.join('\n')}</ul>`}
<p class="under">Read from <code>${escaped(outcome.worksheet)}</code>.</p>`,
  )
}

function methodHtml({ policy, snapshot }: Review): string {
  return section(
    'method',
    'Method and limits',
    `<div class="prose"><p>A <em>grant</em> is an entitlement, or a membership in a group or role. For each, the reach of every account is derived anew without it; what stops being reachable is the reach that goes with it. Several grants may give the same, so one alone may take nothing away.</p>
<p>Evidence is what the inventory states: when a grant or an account was last used (the policy allows ${policy.unusedDays} days), who answers for it, whether the job needs it, and how many people alike have it. A fact that is missing makes a check <em>unknown</em>, which is never a reason to revoke.</p>
<p>The least to withdraw is a minimum-cost set: a grant costs one, and one more for each account beside those at issue that has it. It breaks every chain from a sign-in with a code to a right of high impact, by the rules of this inventory; a chain that no source states is not seen.</p></div>
<p class="under hashes">Snapshot <code>${escaped(snapshot.id)}</code><br>Policy ${escaped(policy.name)} <code>${escaped(policy.hash)}</code></p>`,
  )
}
