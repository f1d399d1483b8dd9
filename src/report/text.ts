/** The summary that fits a terminal: what it comes to, where it is worst, what to do first. */
import type { Finding, Report } from '#contract/report.ts'
import { headline } from './headline.ts'
import { namesOf } from './names.ts'
import { STYLE_OF, unpainted, type Paint, type Terminal } from './paint.ts'
import { listed, placeText } from './phrases.ts'
import { clipped, clippedMiddle, columnsOf, padded, visible, wrapped } from './visible.ts'
import {
  capabilityPhrase,
  citationText,
  counted,
  findingsByWeight,
  grouped,
  IMPACT_ORDER,
  strengthWords,
  timeText,
  STRENGTH_WORDS,
  VERDICT_WORDS,
} from './words.ts'

export interface TextOptions extends Terminal {
  /** findings to show; the rest are counted */
  readonly top?: number
  /** where the full report was written */
  readonly reportPath?: string
}

/** The report in about 24 lines of at most `width` columns. Names from outside can't act on the terminal. */
export function renderText(report: Report, options: TextOptions): string {
  const width = Math.max(40, options.width)
  const paint = options.colour ?? unpainted
  const blocks = [
    [
      ...headerLines(report, width, paint),
      ...headline(report).flatMap((sentence) => wrapped(sentence, width)),
      ...verdictLines(report, width, paint),
    ],
    matrixLines(report, width, paint),
    findingLines(report, options.top ?? 3, width, paint),
    closingLines(report, options, width, paint),
  ]
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

function headerLines({ snapshot, policy }: Report, width: number, paint: Paint): string[] {
  const parts = [
    visible(snapshot.name ?? 'inventory'),
    ...(snapshot.at === null ? [] : [`as of ${visible(timeText(snapshot.at))}`]),
    `snapshot ${shortHash(snapshot.id)}`,
    `policy ${visible(policy.name)} ${shortHash(policy.hash)}`,
  ]
  const line = `Ambit  ${parts.join(' · ')}`
  return wrapped(line, width).map((text, index) => paint(index === 0 ? 'bold' : 'dim', text))
}

/** Twelve characters of a hash, as people compare them. */
export const shortHash = (hash: string): string => visible(hash.replace(/^sha256:/, '')).slice(0, 12)

function verdictLines({ summary }: Report, width: number, paint: Paint): string[] {
  const lines: { text: string; columns: number }[] = []
  for (const { word, label, mark } of VERDICT_WORDS) {
    const count = summary.verdicts[word] ?? 0
    const plainText = `${mark} ${grouped(count)} ${label}`
    const text = paint(count === 0 ? 'dim' : STYLE_OF[word]!, plainText)
    const last = lines.at(-1)
    const columns = columnsOf(plainText)
    if (last === undefined || last.columns + 3 + columns > width) lines.push({ text, columns })
    else Object.assign(last, { text: `${last.text}   ${text}`, columns: last.columns + 3 + columns })
  }
  return lines.map(({ text }) => text)
}

/** People by effective strength and impact, weakest and highest first; strengths that nobody has are left out. */
function matrixLines({ summary }: Report, width: number, paint: Paint): string[] {
  if (summary.humans === 0) return []
  const narrow = width < 72
  const [labelWidth, cellWidth] = narrow ? [20, 5] : [32, 10]
  const heads = IMPACT_ORDER.map((impact) => padded(narrow ? impact.slice(0, 4) : impact, cellWidth, 'left'))
  const cells = (strength: string) => IMPACT_ORDER.map((impact) => summary.matrix[impact]?.[strength] ?? 0)
  const rows = STRENGTH_WORDS.filter(({ word }) => cells(word).some((count) => count > 0))
  const lines = rows.map(({ word, label }) => {
    const numbers = cells(word).map((count, column) => {
      const text = padded(count === 0 ? '·' : grouped(count), cellWidth, 'left')
      const red = count > 0 && column === 0 && (word === 'none' || word === 'single_factor')
      return red ? paint('red', text) : count === 0 ? paint('dim', text) : text
    })
    return `  ${padded(label.toLowerCase(), labelWidth - 2)}${numbers.join('')}`
  })
  const heading = `${padded(narrow ? 'People' : 'People by effective strength', labelWidth)}${heads.join('')}`
  return [paint('bold', heading), ...lines, ...weakerLines(summary.weakerThanTheyLook, width)]
}

function weakerLines(count: number, width: number): string[] {
  if (count === 0) return []
  const verb = count === 1 ? 'is' : 'are'
  return wrapped(`${counted(count, 'person', 'people')} ${verb} weaker than the sign-in makes them look.`, width)
}

function findingLines(report: Report, top: number, width: number, paint: Paint): string[] {
  const findings = findingsByWeight(report)
  if (findings.length === 0) return [paint('bold', 'No findings.')]
  // one of each account, so that the few lines do not all tell of the same one
  const accounts = new Set<string>()
  const shown = findings.filter(({ account }) => !accounts.has(account) && accounts.add(account)).slice(0, top)
  const heading = `${counted(findings.length, 'finding')}${shown.length < findings.length ? `, the ${shown.length === 1 ? 'worst' : `worst ${shown.length}`}` : ''}`
  return [paint('bold', heading), ...shown.flatMap((finding) => findingBlock(report, finding, width, paint))]
}

/** Who, what, why and fix of one finding; each at most two lines. */
function findingBlock(report: Report, finding: Finding, width: number, paint: Paint): string[] {
  const names = namesOf(report)
  const account = report.accounts.find(({ id }) => id === finding.account)
  const who = names.noun(finding.account)
  const id = who.includes(visible(finding.account)) ? '' : `  ${visible(finding.account)}`
  const severity = finding.severity.toUpperCase()
  const label = clippedMiddle(`${who}${id}`, width - severity.length - 2)
  const field = (name: string, text: string) => {
    const lines = wrapped(text, width - 7)
    const kept = lines.length <= 2 ? lines : [lines[0]!, clipped(`${lines.slice(1).join(' ')}`, width - 7)]
    return kept.map((line, index) => `${paint('dim', padded(index === 0 ? `  ${name}` : '', 7))}${line}`)
  }
  const place = finding.proof.entry?.steps.at(-1)?.place ?? finding.proof.reach?.steps.at(-1)?.place
  const sources = [...finding.citations.map(citationText), ...(place ? [placeText(place)] : [])].map(visible)
  const reachable = account?.reach.capabilities.filter((one) => one.impact === account.impact) ?? []
  const what = reachable.map(({ capability }) =>
    capabilityPhrase(capability, '…')
      .replace(/ (of|in|for|as)? ?…$/, '')
      .replace(/ …$/, ''),
  )
  return [
    `${paint(STYLE_OF[finding.severity]!, severity)}  ${paint('bold', label)}`,
    ...(account && what.length > 0
      ? field(
          'what',
          `can ${listed(what)}${account.kind === 'human' ? `; effectively ${strengthWords(account.effectiveStrength)}` : ''}`,
        )
      : []),
    ...field('why', `${visible(finding.message)}${sources.length > 0 ? ` (${sources.join('; ')})` : ''}`),
    ...(finding.remedy[0] === undefined ? [] : field('fix', visible(finding.remedy[0]))),
  ]
}

function closingLines(report: Report, options: TextOptions, width: number, paint: Paint): string[] {
  const lines: string[] = []
  const worrying = report.diagnostics.filter(({ level }) => level !== 'info')
  if (worrying.length > 0) {
    const first = worrying[0]!
    const place = first.place ? `${placeText(first.place)}: ` : ''
    lines.push(
      ...wrapped(
        `${counted(worrying.length, 'thing')} in the input could not be taken as written; the first: ${place}${visible(first.message)}`,
        width,
      ).map((line) => paint('yellow', line)),
    )
  }
  if (options.reportPath !== undefined) lines.push(...wrapped(`Full report: ${visible(options.reportPath)}`, width))
  const first = findingsByWeight(report)[0]
  const hint = first && `One account, step by step: ambit explain ${shellWord(first.account)}`
  // a command cut in two can't be copied, so it is left out where it has no room
  if (hint !== undefined && columnsOf(hint) <= width) lines.push(paint('dim', hint))
  return lines
}

/** An id as a word of a shell command; quoted unless it is plainly harmless. */
function shellWord(id: string): string {
  const shown = visible(id)
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`
}
