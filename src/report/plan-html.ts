/** A plan and a what-if as one HTML file each: no request to anywhere, no script, readable on paper and by ear. */
import type { Plan, PlanStep, Standing, WhatIf } from '#contract/plan.ts'
import { escaped, idHtml, messageHtml, nameHtml } from './html-text.ts'
import { curveHtml } from './plan-curve.ts'
import { PLAN_STYLE } from './plan-style.ts'
import { amount, changedParts, planSentences, standingRows, times } from './plan-text.ts'
import { sha256Base64 } from './sha256.ts'
import { shortHash } from './text.ts'
import { counted, grouped, timeText } from './words.ts'

/** The plan as a page. */
export function renderPlanHtml(plan: Plan): string {
  const [first = '', ...rest] = planSentences(plan)
  const stamp: [string, string][] = [
    ...(plan.snapshot.at === null ? [] : [['As of', escaped(timeText(plan.snapshot.at))] as [string, string]]),
    ['Snapshot', `<code>${escaped(shortHash(plan.snapshot.id))}</code>`],
    ['Policy', `${escaped(plan.policy.name)} <code>${escaped(shortHash(plan.policy.hash))}</code>`],
  ]
  const sections = [
    plan.steps.length === 0
      ? ''
      : section(
          'worth',
          'What it costs and what it is worth',
          `${curveHtml(plan)}${standingHtml(plan.before, plan.after)}`,
        ),
    plan.steps.length === 0
      ? ''
      : section(
          'steps',
          'Steps, in an order in which each is safe',
          `<ol class="steps">${plan.steps.map(stepHtml).join('\n')}</ol>`,
        ),
    listHtml(
      'beyond',
      'Nothing in the catalogue of changes ends',
      plan.beyond.map(({ why }) => messageHtml(why)),
    ),
    listHtml(
      'locked',
      'Would be locked out',
      plan.lockedOut.map(
        ({ account, by, keptInBy }) =>
          `${idHtml(account)}, by losing ${escaped(by === 'sign-in' ? 'the sign-in' : by)}${keptInBy.length === 0 ? '' : `; kept in by: ${messageHtml(keptInBy[0]!)}`}`,
      ),
    ),
    listHtml('easier', 'Easier to take over', plan.easier.map(idHtml)),
  ]
  return page(plan.snapshot.name, 'plan', first, rest, stamp, sections)
}

/** The what-if as a page. */
export function renderWhatIfHtml(what: WhatIf): string {
  const worse = what.accounts.filter((each) => each.worse).length
  const better = what.accounts.filter((each) => each.better && !each.worse).length
  const first = `${counted(what.steps.length, 'change')}: ${counted(better, 'account')} better off, ${worse} worse off.`
  const otherwise = what.accounts.length - better - worse
  const rest = [
    `${otherwise === 0 ? '' : `${grouped(otherwise)} otherwise changed; `}${counted(what.unchanged, 'account')} ${what.unchanged === 1 ? 'stays as it is' : 'stay as they are'}.`,
  ]
  const stamp: [string, string][] = [
    ['Before', `<code>${escaped(shortHash(what.snapshot.before))}</code>`],
    ['After', `<code>${escaped(shortHash(what.snapshot.after))}</code>`],
    ['Policy', `${escaped(what.policy.name)} <code>${escaped(shortHash(what.policy.hash))}</code>`],
  ]
  const rows = what.accounts
    .toSorted((a, b) => Number(b.worse) - Number(a.worse))
    .map(
      ({ id, name, before, after, worse: isWorse, better: isBetter }) =>
        `<tr${isWorse ? ' class="worse"' : ''}><th scope="row">${isWorse ? '✕ ' : isBetter ? '✓ ' : '· '}${nameHtml(name ?? id)}<br>${idHtml(id)}</th><td>${changedParts(
          before,
          after,
        )
          .map((part) => escaped(part))
          .join('<br>')}</td></tr>`,
    )
  const table = `<div class="sides"><table class="plain"><thead><tr><th scope="col">Account</th><th scope="col">Before → after</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
  const sections = [
    section('worth', 'What changes', standingHtml(what.before, what.after)),
    rows.length === 0 ? '' : section('accounts', 'Accounts', table),
    listHtml(
      'changes',
      'The changes',
      what.steps.map(({ text }) => messageHtml(text)),
    ),
  ]
  return page(what.snapshot.name, 'what if', first, rest, stamp, sections)
}

function page(
  name: string | null,
  kind: string,
  lead: string,
  rest: readonly string[],
  stamp: readonly (readonly [string, string])[],
  sections: readonly string[],
): string {
  const called = name ?? 'Inventory'
  const policy = `default-src 'none'; style-src 'sha256-${sha256Base64(PLAN_STYLE)}'; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escaped(called)}: ${kind}</title>
<style>${PLAN_STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the ${kind}</a>
<header class="top"><div class="wrap">
<p class="brand">Ambit ${kind}</p>
<h1>${nameHtml(called)}</h1>
<p class="lead">${escaped(lead)}</p>
<p class="second">${rest.map(escaped).join(' ')}</p>
<dl class="stamp">${stamp.map(([term, value]) => `<div><dt>${term}</dt><dd>${value}</dd></div>`).join('')}</dl>
</div></header>
<main id="main" tabindex="-1">
${sections.filter((each) => each !== '').join('\n')}
</main>
</body>
</html>
`
}

const section = (id: string, title: string, body: string): string =>
  `<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>\n${body}</section>`

/** Longest list that is written out. */
const SHOWN = 200

function listHtml(id: string, title: string, items: readonly string[]): string {
  if (items.length === 0) return ''
  const more = items.length > SHOWN ? `<li>… and ${grouped(items.length - SHOWN)} more</li>` : ''
  return section(
    id,
    title,
    `<ul>${items
      .slice(0, SHOWN)
      .map((item) => `<li>${item}</li>`)
      .join('')}${more}</ul>`,
  )
}

function standingHtml(before: Standing, after: Standing): string {
  const rows = standingRows(before, after).map(([label, old, now]) => {
    const tone = now < old ? ' class="better"' : now > old ? ' class="worse"' : ''
    return `<tr><th scope="row">${escaped(label)}</th><td>${grouped(old)}</td><td${tone}>${grouped(now)}</td></tr>`
  })
  return `<table class="plain standing"><caption>Accounts, before and after</caption><thead><tr><th scope="col"><span class="sr">What</span></th><th scope="col">before</th><th scope="col">after</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

/** Reasons written out for one step; the rest are counted. */
const REASONS = 3

function stepHtml({ text, price, because }: PlanStep): string {
  const extra = [
    ...(price.promptsPerWeek > 0 ? [`${times(price.promptsPerWeek, 'prompt')} a week`] : []),
    ...(price.recoveriesPerYear > 0 ? [`${times(price.recoveriesPerYear, 'recovery', 'recoveries')} a year`] : []),
    ...(price.spend > 0 ? [`${amount(price.spend)} to buy`] : []),
  ]
  const shown = because.slice(0, REASONS).map((why) => messageHtml(why))
  const more = because.length > REASONS ? `, and ${because.length - REASONS} more` : ''
  return `<li><div><p class="what">${messageHtml(text)}</p>${shown.length === 0 ? '' : `<p class="for">for ${shown.join('; ')}${more}</p>`}</div><p class="hours">${amount(price.hours)} h${extra.length === 0 ? '' : `<small>${extra.join(', ')}</small>`}</p></li>`
}
