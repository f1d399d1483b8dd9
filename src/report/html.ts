/** The report as one HTML file: no request to anywhere, readable without script, on paper, on a phone, and by ear. */
import type { Account, Report } from '#contract/report.ts'
import { headline } from './headline.ts'
import { findingGroups, findingsHtml } from './html-findings.ts'
import { escaped, islandJson, messageHtml, nameHtml } from './html-text.ts'
import { islandOf } from './island.ts'
import { matrixHtml } from './matrix.ts'
import { namesOf } from './names.ts'
import { placeText } from './phrases.ts'
import { PAGE_SCRIPT } from './script.ts'
import { sha256Base64 } from './sha256.ts'
import { PAGE_STYLE } from './style.css.ts'
import { visible } from './visible.ts'
import {
  byText,
  counted,
  findingsByWeight,
  grouped,
  IMPACT_ORDER,
  plain,
  STRENGTH_WORDS,
  timeText,
  title,
  VERDICT_WORDS,
} from './words.ts'

/**
 * The page. Everything but the list of accounts is static; the accounts are JSON in the page, and rows are made as they
 * are needed, so that thousands of accounts open at once. The content security policy allows this very script and this
 * very style sheet, and nothing else.
 */
export function renderHtml(report: Report): string {
  const names = namesOf(report)
  const groups = findingGroups(findingsByWeight(report))
  const drawn = new Set(groups.flatMap((group) => group.drawn.flat().map(({ id }) => id)))
  const listed = worstAccounts(report.accounts)
  const name = report.snapshot.name ?? 'Inventory'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${securityPolicy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escaped(name)}: what every account can reach, and the weakest way in</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
${headerHtml(report, name)}
<main id="main" tabindex="-1">
${overviewHtml(report)}
<section aria-labelledby="findings"><h2 id="findings">Findings</h2>
${findingsHtml(report, groups, names, listed)}</section>
${accountsHtml(report, listed.length)}
${diagnosticsHtml(report)}
${methodHtml(report)}
</main>
<script type="application/json" id="island">${islandJson(islandOf(report, drawn, listed))}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`
}

/** Accounts that the page lists; a browser opens a page of more only slowly, or not at all. */
const LISTED_ACCOUNTS = 20_000
/** What the input left open that is told in full. */
const LISTED_DIAGNOSTICS = 1000

/** All accounts, or of very many those that stand worst by verdict, then impact, then strength; in the order given. */
function worstAccounts(accounts: readonly Account[]): readonly Account[] {
  if (accounts.length <= LISTED_ACCOUNTS) return accounts
  const verdicts = VERDICT_WORDS.map(({ word }) => word)
  const strengths = STRENGTH_WORDS.map(({ word }) => word)
  const impact = ({ impact: worth }: Account): number => IMPACT_ORDER.indexOf(worth)
  const strength = ({ effectiveStrength }: Account): number => strengths.indexOf(effectiveStrength ?? 'unknown')
  const worst = accounts
    .toSorted(
      (a, b) =>
        verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict) || impact(a) - impact(b) || strength(a) - strength(b),
    )
    .slice(0, LISTED_ACCOUNTS)
  const kept = new Set(worst)
  return accounts.filter((account) => kept.has(account))
}

/** CSP level 3: nothing loads from anywhere; scripts and styles only by hash. `base-uri` and `form-action` do not fall back. */
function securityPolicy(): string {
  return [
    "default-src 'none'",
    `script-src 'sha256-${sha256Base64(PAGE_SCRIPT)}'`,
    `style-src 'sha256-${sha256Base64(PAGE_STYLE)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

function headerHtml(report: Report, name: string): string {
  const [first = '', ...rest] = headline(report)
  const { snapshot, policy } = report
  const facts: [string, string][] = [
    ...(snapshot.at === null ? [] : [['As of', escaped(timeText(snapshot.at))] as [string, string]]),
    ['Snapshot', `<code title="${escaped(snapshot.id)}">${escaped(shortened(snapshot.id))}</code>`],
    [
      'Policy',
      `${escaped(policy.name)} <code title="${escaped(policy.hash)}">${escaped(shortened(policy.hash))}</code>`,
    ],
  ]
  return `<header class="top"><div class="wrap">
<p class="brand">Ambit</p>
<h1>${nameHtml(name)}</h1>
<p class="lead">${escaped(first)}</p>
${rest.length === 0 ? '' : `<p class="second">${rest.map(escaped).join(' ')}</p>`}
<dl class="stamp">${facts.map(([term, value]) => `<div><dt>${term}</dt><dd>${value}</dd></div>`).join('')}</dl>
</div></header>
<nav aria-label="Sections" class="sections"><ul>
<li><a href="#overview">Overview</a></li><li><a href="#findings">Findings</a></li><li><a href="#accounts">Accounts</a></li>
${report.diagnostics.length === 0 ? '' : '<li><a href="#input">Input</a></li>'}<li><a href="#method">Method</a></li></ul></nav>`
}

const shortened = (hash: string) =>
  visible(hash)
    .replace(/^sha256:/, '')
    .slice(0, 12)

function overviewHtml(report: Report): string {
  return `<section aria-labelledby="overview"><h2 id="overview">Overview</h2>
${verdictsHtml(report)}
<div class="columns"><div>${matrixHtml(report)}
${weakerHtml(report)}</div>
<div>${attackersHtml(report)}${conformanceHtml(report)}</div></div></section>`
}

/** Verdicts as one bar of the whole, and a legend that says the same in words. */
function verdictsHtml({ summary }: Report): string {
  const total = Math.max(1, summary.accounts)
  let from = 0
  const parts: string[] = []
  const legend = VERDICT_WORDS.map(({ word, label, mark }) => {
    const count = summary.verdicts[word] ?? 0
    const share = (count / total) * 100
    if (count > 0) {
      parts.push(`<rect class="fill-${word}" x="${percent(from)}" y="0" width="${percent(share)}" height="14"></rect>`)
    }
    from += share
    return `<li class="${word}${count === 0 ? ' zero' : ''}"><span class="mark" aria-hidden="true">${mark}</span><span class="number">${grouped(count)}</span> ${label}</li>`
  })
  return `<div class="verdicts"><svg class="bar" width="100%" height="14" aria-hidden="true" focusable="false">${parts.join('')}</svg>
<ul aria-label="Accounts by verdict">${legend.join('')}</ul>
<p class="under">${counted(summary.accounts, 'account')}: ${counted(summary.humans, 'person', 'people')}, ${counted(summary.nonHumans, 'service or workload', 'services and workloads')}. An account takes the worst verdict of its ways in.</p></div>`
}

const percent = (share: number) => `${Math.round(share * 100) / 100}%`

function weakerHtml({ summary }: Report): string {
  if (summary.weakerThanTheyLook === 0) return ''
  const count = summary.weakerThanTheyLook
  return `<p class="note"><strong>${counted(count, 'person', 'people')}</strong> ${count === 1 ? 'is' : 'are'} weaker than the sign-in suggests: recovery, a channel, another account or a session leads in for less.</p>`
}

function attackersHtml({ summary }: Report): string {
  if (summary.attackers.length === 0) return ''
  const most = Math.max(1, ...summary.attackers.map(({ accounts }) => accounts))
  const rows = summary.attackers.map(({ attacker, accounts, highImpact }) => {
    const bar = `<svg class="bar" width="100%" height="8" aria-hidden="true" focusable="false"><rect class="fill-all" width="${percent((accounts / most) * 100)}" height="8"></rect><rect class="fill-unfit" width="${percent((highImpact / most) * 100)}" height="8"></rect></svg>`
    return `<tr><th scope="row">${escaped(title(attacker))}${bar}</th><td>${grouped(accounts)}</td><td>${highImpact > 0 ? `<strong>${grouped(highImpact)}</strong>` : '0'}</td></tr>`
  })
  return `<table class="plain"><caption>Who takes how many accounts</caption>
<thead><tr><th scope="col">Attacker expected</th><th scope="col">Accounts</th><th scope="col">High impact</th></tr></thead>
<tbody>${rows.join('')}</tbody></table>`
}

/** Conformance stands beside strength and is never merged with it. */
function conformanceHtml({ summary }: Report): string {
  const said = ([, counts]: [string, Record<string, number>]) => Object.values(counts).some((count) => count > 0)
  const profiles = Object.entries(summary.conformance)
    .filter(said)
    .map(([profile]) => profile)
    .toSorted(byText)
  if (profiles.length === 0) return ''
  const statuses = ['nonconformant', 'unknown', 'conformant', 'not_applicable'] as const
  const rows = profiles.map((profile) => {
    const counts = summary.conformance[profile]!
    return `<tr><th scope="row">${escaped(profile)}</th>${statuses.map((status) => `<td>${grouped(counts[status] ?? 0)}</td>`).join('')}</tr>`
  })
  return `<table class="plain"><caption>Conformance, which is not strength</caption>
<thead><tr><th scope="col">Profile</th><th scope="col">Not met</th><th scope="col">Unknown</th><th scope="col">Met</th><th scope="col">Not applicable</th></tr></thead>
<tbody>${rows.join('')}</tbody></table>`
}

interface Choice {
  readonly word: string
  readonly label: string
}

const titled = (words: readonly string[]): Choice[] => words.map((word) => ({ word, label: title(word) }))

function selectHtml(id: string, label: string, choices: readonly Choice[]): string {
  const options = choices.map((choice) => `<option value="${choice.word}">${choice.label}</option>`)
  return `<label for="${id}">${label}<select id="${id}"><option value="">Any</option>${options.join('')}</select></label>`
}

function accountsHtml(report: Report, listed: number): string {
  const all = report.summary.accounts
  const part =
    listed >= all
      ? ''
      : `<p class="note">Listed are the ${grouped(listed)} of ${counted(all, 'account')} that stand worst, by verdict, impact and strength. The CSV and JSON formats hold every account.</p>`
  return `<section aria-labelledby="accounts"><h2 id="accounts" tabindex="-1">Accounts</h2>${part}
<noscript><p class="note">Searching the ${counted(report.summary.accounts, 'account')} needs JavaScript. Everything above is complete without it; <code>ambit explain</code> and the CSV and JSON formats hold every account.</p></noscript>
<div id="accounts-tool" hidden>
<form class="filters" role="search" aria-label="Accounts">
<label for="f-text" class="wide">Search name or id<input id="f-text" type="search" autocomplete="off" spellcheck="false"></label>
${selectHtml(
  'f-verdict',
  'Verdict',
  VERDICT_WORDS.map(({ word, label }) => ({ word, label: title(label) })),
)}
${selectHtml('f-impact', 'Impact', titled(IMPACT_ORDER))}
${selectHtml('f-effective', 'Effective strength', STRENGTH_WORDS)}
${selectHtml('f-kind', 'Kind', [{ word: 'human', label: 'People' }, ...titled(['service', 'workload'])])}
${selectHtml('f-population', 'Population', titled(['workforce', 'partner', 'customer']))}
<button type="reset" id="f-reset">Clear</button>
</form>
<p id="status" role="status" class="under"></p>
<table id="table" class="accounts"><caption class="sr">Accounts; choose one to see its ways in</caption><thead></thead><tbody></tbody></table>
<p><button type="button" id="more" hidden>Show more</button></p>
</div></section>`
}

function diagnosticsHtml({ diagnostics }: Report): string {
  if (diagnostics.length === 0) return ''
  const more = diagnostics.length - LISTED_DIAGNOSTICS
  const rest = more > 0 ? `<p class="note">And ${grouped(more)} more; the JSON format holds every one.</p>` : ''
  const items = diagnostics.slice(0, LISTED_DIAGNOSTICS).map(({ code, level, message, place, remedy }) => {
    const where = place ? `<code class="place">${escaped(placeText(place))}</code> ` : ''
    return `<li><span class="chip level-${level}">${level}</span> ${where}${messageHtml(message)} <span class="under">${messageHtml(remedy)} · <code>${escaped(code)}</code></span></li>`
  })
  return `<section aria-labelledby="input"><h2 id="input">What the input left open</h2>
<p>Nothing is dropped in silence. ${counted(diagnostics.length, 'record')} could not be taken as written:</p><ul class="diagnostics">${items.join('\n')}</ul>${rest}</section>`
}

function methodHtml({ snapshot, policy }: Report): string {
  const sources = snapshot.sources.map(({ file, importer, facts }) => {
    return `<tr><th scope="row"><code>${escaped(file)}</code></th><td>${escaped(importer)}</td><td>${grouped(facts)}</td></tr>`
  })
  return `<section aria-labelledby="method"><h2 id="method">Method and limits</h2>
<div class="prose">
<p>Every statement in the inventory becomes a rule: this follows from all of that. From the rules, Ambit computes what control of an account leads to (its <em>reach</em>), the cheapest way for an expected attacker to gain that control, and from both whether each way in is strong enough for what lies behind it.</p>
<p><strong>Impact</strong> is what the reach is worth under the policy. <strong>Nominal</strong> strength is what the best sign-in proves; <strong>effective</strong> strength is what is left after recovery, channels, resets, sessions, secrets and other accounts are counted as ways in. Conformance to a standard is reported beside strength and does not replace it.</p>
<p>The result is as complete as its inventory. An access path that no source states is not seen here. Where a fact is missing the verdict is <em>unknown</em>, which is never a pass. A chain shows one way, the cheapest or shortest found, not the only one. Every chain in the JSON report can be checked with <code>ambit verify</code>, which shares no code with the analysis.</p>
</div>
<table class="plain sourcesTable"><caption>Read from ${counted(snapshot.sources.length, 'file')}: ${counted(snapshot.facts, 'fact')}, ${counted(snapshot.nodes, 'node')}, ${counted(snapshot.rules, 'rule')}</caption>
<thead><tr><th scope="col">File</th><th scope="col">Importer</th><th scope="col">Facts</th></tr></thead><tbody>${sources.join('')}</tbody></table>
<p class="under hashes">Snapshot <code>${escaped(snapshot.id)}</code><br>Policy ${escaped(plain(policy.name))} <code>${escaped(policy.hash)}</code></p></section>`
}
