/** The findings of a report as static HTML: grouped by code, worst first, each with its chain, its remedy and its sources. */
import type { Account, Finding, Report } from '#contract/report.ts'
import { chainFigure } from './chain-diagram.ts'
import { findingTitle } from './finding-titles.ts'
import { escaped, idHtml, messageHtml, nameHtml } from './html-text.ts'
import type { Names } from './names.ts'
import { byText, citationText, counted, grouped, plain, SEVERITY_ORDER, type Severity } from './words.ts'

/** Cards of one code that are drawn in full; the rest are listed, and their steps stand with their account. */
const DRAWN_PER_CODE = 20

/** Of the rest of one code, so many are listed. */
const LISTED_PER_CODE = 1000

/** Findings of one code, account and way in, which differ only in the capability they are about. */
export type Card = readonly [Finding, ...Finding[]]

export interface FindingGroup {
  readonly code: string
  readonly worst: Severity
  readonly drawn: readonly Card[]
  /** of the whole group */
  readonly count: number
  readonly listed: readonly Finding[]
}

/** Findings by code, given worst first; the group with the worst and most findings leads. */
export function findingGroups(findings: readonly Finding[]): FindingGroup[] {
  const groups = Map.groupBy(findings, ({ code }) => code)
  return [...groups]
    .map(([code, mine]) => {
      const cards = cardsOf(mine)
      return {
        code,
        worst: mine[0]!.severity,
        count: mine.length,
        drawn: cards.slice(0, DRAWN_PER_CODE),
        listed: cards.slice(DRAWN_PER_CODE).flat(),
      }
    })
    .toSorted(
      (a, b) =>
        SEVERITY_ORDER.indexOf(a.worst) - SEVERITY_ORDER.indexOf(b.worst) ||
        b.count - a.count ||
        byText(a.code, b.code),
    )
}

function cardsOf(findings: readonly Finding[]): Card[] {
  const cards = Map.groupBy(findings, ({ account, wayIn }) => JSON.stringify([account, wayIn]))
  return [...cards.values()].map(([lead, ...others]) => [lead!, ...others])
}

/**
 * The section of findings, with a table of contents when there are several codes.
 *
 * @param listed  the accounts that the page lists, to which findings may point
 */
export function findingsHtml(
  report: Report,
  groups: readonly FindingGroup[],
  names: Names,
  listed: readonly Account[],
): string {
  if (groups.length === 0) return '<p>No findings.</p>'
  const known = new Map(report.accounts.map((account) => [account.id, account.name]))
  const context: Known = { names, known, entries: new Set(listed.map(({ id }) => id)) }
  const contents = groups.map((group, index) => {
    return `<li><a href="#code-${index}">${severityHtml(group.worst)} <span>${escaped(findingTitle(group.code))}</span> <span class="number">${grouped(group.count)}</span></a></li>`
  })
  const sections = groups.map((group, index) => groupHtml(group, index, context))
  return `<ol class="contents">${contents.join('')}</ol>${sections.join('\n')}`
}

interface Known {
  readonly names: Names
  readonly known: ReadonlyMap<string, string | undefined>
  /** ids of the accounts that have an entry on the page */
  readonly entries: ReadonlySet<string>
}

function groupHtml(group: FindingGroup, index: number, context: Known): string {
  const drawn = group.drawn.map((card, position) => cardHtml(card, position === 0, context))
  return `<section class="code" aria-labelledby="code-${index}">
<h3 id="code-${index}">${escaped(findingTitle(group.code))}</h3>
<p class="under">${counted(group.count, 'finding')} · <code>${escaped(group.code)}</code></p>
${drawn.join('\n')}${restHtml(group.listed, context)}</section>`
}

function restHtml(findings: readonly Finding[], context: Known): string {
  if (findings.length === 0) return ''
  const named = findings.slice(0, LISTED_PER_CODE)
  const items = named.map((finding) => {
    return `<li>${severityHtml(finding.severity)} ${accountLink(finding, who(finding, context), context)} <span>${messageHtml(finding.message)}</span></li>`
  })
  const more = findings.length - LISTED_PER_CODE
  const unlisted =
    more > 0 ? `<p class="note">And ${grouped(more)} more; the JSON and SARIF formats hold every one.</p>` : ''
  const apart = named.every(({ account }) => context.entries.has(account))
    ? ''
    : ' Those of accounts that are not listed below are in the JSON format.'
  return `<details class="rest"><summary>${counted(findings.length, 'more finding')} of this kind</summary>
<p class="under">Each account’s entry below shows their steps and remedies.${apart}</p><ul>${items.join('\n')}</ul>${unlisted}</details>`
}

function cardHtml(card: Card, open: boolean, context: Known): string {
  const [finding, ...others] = card
  const remedies = [...new Set(card.flatMap(({ remedy }) => remedy))].map((remedy) => `<li>${messageHtml(remedy)}</li>`)
  const exception = finding.exception === null ? '' : ' <span class="chip excepted">◷ under exception</span>'
  const more =
    others.length === 0 ? '' : ` <span class="under">and ${counted(others.length, 'more finding')} like it</span>`
  const also = others.map((other) => {
    const figure = chainFigure({ ...other, proof: { ...other.proof, entry: null } }, context.names)
    return `<div class="also"><p>${severityHtml(other.severity)} ${messageHtml(other.message)}</p>${figure}</div>`
  })
  return `<details class="finding"${open ? ' open' : ''}><summary>${severityHtml(finding.severity)} <span class="who">${who(finding, context)}</span>${exception} <span class="message">${messageHtml(finding.message)}${more}</span></summary>
<div class="body">${chainFigure(finding, context.names)}${also.join('')}
${remedies.length === 0 ? '' : `<div class="remedy"><p class="label">What to do</p><ul>${remedies.join('')}</ul></div>`}
${sourcesHtml(card, context)}</div></details>`
}

function who(finding: Finding, { known }: Known): string {
  const name = known.get(finding.account)
  return name === undefined || name.trim() === '' ? idHtml(finding.account) : nameHtml(name)
}

/** A link to the entry of a finding's account; where the page has none, what would be linked alone. */
const accountLink = ({ account }: Finding, html: string, { entries }: Known) =>
  entries.has(account)
    ? `<a href="#accounts" data-account="${escapedExactly(account)}">${html}</a>`
    : `<span>${html}</span>`

/** An attribute value that script reads back: escaped for HTML, and otherwise exactly the text. */
const escapedExactly = (text: string) =>
  text.toWellFormed().replace(/[&<>"'\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`)

function sourcesHtml(card: Card, context: Known): string {
  const [finding] = card
  const rows: [string, string][] = [['Account', accountLink(finding, idHtml(finding.account), context)]]
  const add = (term: string, items: readonly string[], html: (item: string) => string, separator = ', ') => {
    if (items.length > 0) rows.push([term, [...new Set(items)].map(html).join(separator)])
  }
  add('Way in', finding.wayIn === null ? [] : [finding.wayIn], idHtml)
  add(
    'Capability',
    card.flatMap(({ capability }) => (capability === null ? [] : [plain(capability)])),
    escaped,
  )
  add(
    'Rests on',
    card.flatMap(({ citations }) => citations.map(citationText)),
    escaped,
    '; ',
  )
  add(
    'Facts',
    card.flatMap(({ proof }) => proof.facts),
    idHtml,
  )
  add(
    'Exception',
    card.flatMap(({ exception }) => (exception === null ? [] : [exception])),
    idHtml,
  )
  add(
    'Finding',
    card.map(({ id }) => id),
    idHtml,
  )
  return `<dl class="sources">${rows.map(([term, value]) => `<div class="about-${term.toLowerCase().replaceAll(' ', '-')}"><dt>${term}</dt><dd>${value}</dd></div>`).join('')}</dl>`
}

/** A severity as a chip whose word carries the meaning. */
export const severityHtml = (severity: Severity): string => `<span class="chip sev-${severity}">${severity}</span>`
