/** The matrix of people by effective strength and impact, worst corner first, as a table whose cells filter the accounts. */
import { impactWords } from '#contract/vocabulary.ts'
import type { Report } from '#contract/report.ts'
import { escaped } from './html-text.ts'
import {
  counted,
  grouped,
  IMPACT_ORDER,
  STRENGTH_WORDS,
  title,
  verdictLabel,
  verdictMark,
  VERDICT_WORDS,
  type Impact,
  type StrengthOrUnknown,
  type Verdict,
} from './words.ts'

/** Weakest strength on top, highest impact on the left, so that the worst corner is read first. */
export function matrixHtml(report: Report): string {
  const verdicts = verdictsByCell(report)
  const heads = IMPACT_ORDER.map((impact) => `<th scope="col">${title(impact)}</th>`).join('')
  const rows = STRENGTH_WORDS.map(({ word, label, gloss }) => {
    const cells = IMPACT_ORDER.map((impact) => {
      return cellHtml(impact, word, report.summary.matrix[impact]?.[word] ?? 0, verdicts.get(`${impact}/${word}`))
    })
    return `<tr><th scope="row">${label}<span class="gloss">${gloss}</span></th>${cells.join('')}</tr>`
  })
  return `<div class="matrix"><table>
<caption>People: effective strength (down) by impact of what they reach (across)</caption>
<thead><tr><th scope="col"><span class="sr">Effective strength</span></th>${heads}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`
}

function verdictsByCell(report: Report): Map<string, Map<Verdict, number>> {
  const cells = new Map<string, Map<Verdict, number>>()
  for (const account of report.accounts) {
    if (account.kind !== 'human') continue
    const key = `${account.impact}/${account.effectiveStrength ?? 'unknown'}`
    const counts = cells.get(key) ?? new Map<Verdict, number>()
    cells.set(key, counts.set(account.verdict, (counts.get(account.verdict) ?? 0) + 1))
  }
  return cells
}

function cellHtml(
  impact: Impact,
  strength: StrengthOrUnknown,
  count: number,
  verdicts: ReadonlyMap<Verdict, number> | undefined,
): string {
  if (count === 0) return '<td class="empty"><span aria-hidden="true">·</span><span class="sr">nobody</span></td>'
  const worst = VERDICT_WORDS.find(({ word }) => (verdicts?.get(word) ?? 0) > 0)?.word
  const many = worst === undefined ? 0 : verdicts!.get(worst)!
  const state = worst === undefined ? '' : stateHtml(worst, many, count)
  const spoken = `${counted(count, 'person', 'people')} of ${impactWords(impact)}, effective strength ${strength.replaceAll('_', ' ')}: `
  const most = many * 2 >= count ? ' most' : ''
  return `<td class="tone-${worst ?? 'fit'}${most} impact-${impact}"><a href="#accounts" data-impact="${impact}" data-strength="${strength}"><span class="sr">${escaped(spoken)}</span><span class="count" aria-hidden="true">${grouped(count)}</span> ${state}</a></td>`
}

function stateHtml(verdict: Verdict, many: number, count: number): string {
  const words = many === count ? (count === 1 ? '' : 'all ') : `${grouped(many)} `
  return `<span class="state"><span aria-hidden="true">${verdictMark(verdict)}</span> ${words}${verdictLabel(verdict)}</span>`
}
