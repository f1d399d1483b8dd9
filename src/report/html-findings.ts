/** The findings of a report as static HTML: grouped by code, worst first, each with its chain, its remedy and its sources. */
import type { Finding, Report } from '#contract/report.ts'
import { chainFigure } from './chain-diagram.ts'
import { findingTitle } from './finding-titles.ts'
import { escaped, idHtml, messageHtml, nameHtml } from './html-text.ts'
import type { Names } from './names.ts'
import { placeText } from './phrases.ts'
import { visible } from './visible.ts'
import { byText, citationText, counted, grouped, plain, SEVERITY_ORDER, type Severity } from './words.ts'

/** Findings of one code that are drawn in full; the rest are listed, and their steps stand with their account. */
const DRAWN_PER_CODE = 20

export interface FindingGroup {
  readonly code: string
  readonly worst: Severity
  readonly drawn: readonly Finding[]
  readonly listed: readonly Finding[]
}

/** Findings by code, given worst first; the group with the worst and most findings leads. */
export function findingGroups(findings: readonly Finding[]): FindingGroup[] {
  const groups = Map.groupBy(findings, ({ code }) => code)
  return [...groups]
    .map(([code, mine]) => ({
      code,
      worst: mine[0]!.severity,
      drawn: mine.slice(0, DRAWN_PER_CODE),
      listed: mine.slice(DRAWN_PER_CODE),
    }))
    .toSorted(
      (a, b) =>
        SEVERITY_ORDER.indexOf(a.worst) - SEVERITY_ORDER.indexOf(b.worst) ||
        b.drawn.length + b.listed.length - a.drawn.length - a.listed.length ||
        byText(a.code, b.code),
    )
}

/** The section of findings, with a table of contents when there are several codes. */
export function findingsHtml(report: Report, groups: readonly FindingGroup[], names: Names): string {
  if (groups.length === 0) return '<p>No findings.</p>'
  const known = new Map(report.accounts.map((account) => [account.id, account.name]))
  const contents = groups.map((group, index) => {
    const count = group.drawn.length + group.listed.length
    return `<li><a href="#code-${index}">${severityHtml(group.worst)} <span>${escaped(findingTitle(group.code))}</span> <span class="number">${grouped(count)}</span></a></li>`
  })
  const sections = groups.map((group, index) => groupHtml(group, index, { names, known }))
  return `<ol class="contents">${contents.join('')}</ol>${sections.join('\n')}`
}

interface Known {
  readonly names: Names
  readonly known: ReadonlyMap<string, string | undefined>
}

function groupHtml(group: FindingGroup, index: number, context: Known): string {
  const count = group.drawn.length + group.listed.length
  const drawn = group.drawn.map((finding, position) => findingHtml(finding, position === 0, context))
  return `<section class="code" aria-labelledby="code-${index}">
<h3 id="code-${index}">${escaped(findingTitle(group.code))}</h3>
<p class="under">${counted(count, 'finding')} · <code>${escaped(group.code)}</code></p>
${drawn.join('\n')}${restHtml(group.listed, context)}</section>`
}

function restHtml(findings: readonly Finding[], context: Known): string {
  if (findings.length === 0) return ''
  const items = findings.map((finding) => {
    return `<li>${severityHtml(finding.severity)} ${accountLink(finding, context)} <span>${messageHtml(finding.message)}</span></li>`
  })
  return `<details class="rest"><summary>${counted(findings.length, 'more finding')} of this kind</summary>
<p class="under">Each account’s entry below shows their steps and remedies.</p><ul>${items.join('\n')}</ul></details>`
}

function findingHtml(finding: Finding, open: boolean, context: Known): string {
  const remedies = finding.remedy.map((remedy) => `<li>${messageHtml(remedy)}</li>`).join('')
  const exception = finding.exception === null ? '' : ` <span class="chip excepted">◷ under exception</span>`
  return `<details class="finding"${open ? ' open' : ''}><summary>${severityHtml(finding.severity)} <span class="who">${who(finding, context)}</span>${exception} <span class="message">${messageHtml(finding.message)}</span></summary>
<div class="body">${chainFigure(finding, context.names)}
${remedies === '' ? '' : `<div class="remedy"><p class="label">What to do</p><ul>${remedies}</ul></div>`}
${sourcesHtml(finding)}</div></details>`
}

function who(finding: Finding, { known }: Known): string {
  const name = known.get(finding.account)
  return name === undefined || name.trim() === '' ? idHtml(finding.account) : nameHtml(name)
}

const accountLink = (finding: Finding, context: Known) =>
  `<a href="#accounts" data-account="${escapedExactly(finding.account)}">${who(finding, context)}</a>`

/** An attribute value that script reads back: escaped for HTML, and otherwise exactly the text. */
const escapedExactly = (text: string) =>
  text.toWellFormed().replace(/[&<>"'\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`)

function sourcesHtml(finding: Finding): string {
  const rows: [string, string][] = [
    ['Account', `<a href="#accounts" data-account="${escapedExactly(finding.account)}">${idHtml(finding.account)}</a>`],
  ]
  if (finding.wayIn !== null) rows.push(['Way in', idHtml(finding.wayIn)])
  if (finding.capability !== null) rows.push(['Capability', escaped(plain(finding.capability))])
  if (finding.citations.length > 0) {
    rows.push(['Rests on', [...new Set(finding.citations.map(citationText))].map(escaped).join('; ')])
  }
  const places = placesOf(finding)
  if (places.length > 0) rows.push(['Read in', places.map((place) => `<code>${escaped(place)}</code>`).join(', ')])
  if (finding.proof.facts.length > 0) rows.push(['Facts', finding.proof.facts.map(idHtml).join(', ')])
  if (finding.exception !== null) rows.push(['Exception', idHtml(finding.exception)])
  rows.push(['Finding', idHtml(finding.id)])
  return `<dl class="sources">${rows.map(([term, value]) => `<div><dt>${term}</dt><dd>${value}</dd></div>`).join('')}</dl>`
}

function placesOf({ proof }: Finding): string[] {
  const steps = [...(proof.entry?.steps ?? []), ...(proof.reach?.steps ?? [])]
  return [...new Set(steps.flatMap(({ place }) => (place === undefined ? [] : [visible(placeText(place))])))]
}

/** A severity as a chip whose word carries the meaning. */
export const severityHtml = (severity: Severity): string => `<span class="chip sev-${severity}">${severity}</span>`
