/** The review as it fits a terminal: what to look at first and why, then the least to withdraw. */
import type { Outcome, Review, ReviewItem } from '#contract/review.ts'
import { unpainted, type Paint, type Style, type Terminal } from './paint.ts'
import { placeText } from './phrases.ts'
import {
  changeLines,
  goneText,
  isFlagged,
  itemLabel,
  minimalHeadline,
  namesIn,
  reviewHeadline,
  SUGGESTION_WORDS,
  whyText,
} from './review-words.ts'
import { shortHash } from './text.ts'
import { clipped, clippedMiddle, columnsOf, padded, visible, wrapped } from './visible.ts'
import { counted, timeText } from './words.ts'

export interface ReviewTextOptions extends Terminal {
  /** items to show; the rest are counted */
  readonly top?: number
}

const STYLE: Readonly<Record<string, Style>> = { revoke: 'red', ask: 'yellow', keep: 'green' }

/** The review in a screen or two of at most `width` columns. Names from outside can't act on the terminal. */
export function renderReviewText(review: Review, options: ReviewTextOptions): string {
  const width = Math.max(40, options.width)
  const paint = options.colour ?? unpainted
  const top = options.top ?? 5
  const blocks = [
    headerLines(review, width, paint),
    ...(review.outcome === null ? [] : [outcomeLines(review, review.outcome, width, paint)]),
    itemLines(review, top, width, paint),
    minimalLines(review, width, paint),
    smallerLines(review, top, width, paint),
  ]
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

function headerLines(review: Review, width: number, paint: Paint): string[] {
  const { snapshot, policy, summary } = review
  const parts = [
    visible(snapshot.name ?? 'inventory'),
    ...(snapshot.at === null ? [] : [`as of ${visible(timeText(snapshot.at))}`]),
    `snapshot ${shortHash(snapshot.id)}`,
    `policy ${visible(policy.name)} ${shortHash(policy.hash)}`,
  ]
  const counts = Object.entries(SUGGESTION_WORDS).map(([word, { mark }]) => {
    const text = `${mark} ${summary.bySuggestion[word] ?? 0} to ${word}${word === 'ask' ? ' about' : ''}`
    return { text: paint(STYLE[word]!, text), columns: columnsOf(text) }
  })
  return [
    ...wrapped(`Ambit review  ${parts.join(' · ')}`, width).map((line, at) => paint(at === 0 ? 'bold' : 'dim', line)),
    ...reviewHeadline(review).flatMap((sentence) => wrapped(sentence, width)),
    ...flowed(counts, width),
  ]
}

/** Parts side by side, as many to a line as fit. */
function flowed(parts: readonly { text: string; columns: number }[], width: number): string[] {
  const lines: { text: string; columns: number }[] = []
  for (const { text, columns } of parts) {
    const last = lines.at(-1)
    if (last === undefined || last.columns + 3 + columns > width) lines.push({ text, columns })
    else Object.assign(last, { text: `${last.text}   ${text}`, columns: last.columns + 3 + columns })
  }
  return lines.map(({ text }) => text)
}

function itemLines(review: Review, top: number, width: number, paint: Paint): string[] {
  const flagged = review.items.filter(isFlagged)
  if (flagged.length === 0) return [paint('bold', 'Nothing stands against any of them.')]
  const shown = flagged.slice(0, top)
  const heading = `Look at these first${shown.length < flagged.length ? `, ${shown.length} of ${flagged.length}` : ''}`
  const name = namesIn(review)
  return [
    paint('bold', heading),
    ...shown.flatMap((item) => {
      const word = item.suggestion.toUpperCase()
      return [
        `${paint(STYLE[item.suggestion]!, padded(word, 6))}  ${paint('bold', clippedMiddle(itemLabel(item), width - 8))}`,
        ...field('why', whyText(item), width, paint),
        ...field('gone', goneText(item, name), width, paint),
        ...field('at', `${placeText(item.place)}${grantText(item)}`, width, paint),
      ]
    }),
  ]
}

const grantText = ({ grantedAt, grantedBy }: ReviewItem): string =>
  [
    ...(grantedAt === null ? [] : [`, granted ${visible(grantedAt.slice(0, 10))}`]),
    ...(grantedBy === null ? [] : [` by ${visible(grantedBy)}`]),
  ].join('')

/** A name and a text of at most two lines. */
function field(name: string, text: string, width: number, paint: Paint): string[] {
  const room = width - 8
  const lines = wrapped(text, room)
  const kept = lines.length <= 2 ? lines : [lines[0]!, clipped(lines.slice(1).join(' '), room)]
  return kept.map((line, at) => `${paint('dim', padded(at === 0 ? `  ${name}` : '', 8))}${line}`)
}

function minimalLines(review: Review, width: number, paint: Paint): string[] {
  const { items, uncut } = review.minimalSet
  const byId = new Map(review.items.map((item) => [item.id, item]))
  const lines = [
    paint('bold', 'The least to withdraw'),
    ...minimalHeadline(review).flatMap((sentence) => wrapped(sentence, width)),
    ...items.map((id) => `  ✕ ${clippedMiddle(itemLabel(byId.get(id)!), width - 4)}`),
    ...uncut.map((id) => `  ! ${clippedMiddle(visible(id), width - 4)}`),
  ]
  if (items.length > 0) lines.push(...wrapped(`Then: ${changeLines(review.minimalChange).join(' · ')}`, width))
  return lines
}

function smallerLines(review: Review, top: number, width: number, paint: Paint): string[] {
  if (review.smaller.length === 0) return []
  const shown = review.smaller.slice(0, top)
  const byId = new Map(review.items.map((item) => [item.id, item]))
  const what = (id: string): string => {
    const item = byId.get(id)!
    return item.kind === 'membership'
      ? visible(item.onName ?? item.on)
      : `${visible(item.right)} on ${visible(item.onName ?? item.on)}`
  }
  const more = review.smaller.length - shown.length
  return [
    paint('bold', 'Smaller roles'),
    ...shown.flatMap(({ holder, holderName, kept, dropped }) => [
      `  ${clippedMiddle(visible(holderName ?? holder), width - 2)}`,
      ...field('keep', kept.length === 0 ? 'nothing' : kept.map(what).join('; '), width, paint),
      ...field('drop', dropped.map(what).join('; '), width, paint),
    ]),
    ...(more > 0 ? [paint('dim', `  … and ${more} more; --format json has all`)] : []),
  ]
}

function outcomeLines(review: Review, outcome: Outcome, width: number, paint: Paint): string[] {
  const { keep, revoke, undecided, undecidedThatMatter, missing, flags, change } = outcome
  const byId = new Map(review.items.map((item) => [item.id, item]))
  const lines = [
    paint('bold', `Decisions of ${visible(outcome.worksheet)}`),
    ...wrapped(
      `${keep} kept, ${revoke} revoked, ${undecided} undecided; ${undecidedThatMatter.length} of those matter.`,
      width,
    ),
    ...wrapped(`If carried out: ${changeLines(change).join(' · ')}`, width),
  ]
  if (missing.length > 0)
    lines.push(
      ...wrapped(
        `${counted(missing.length, 'grant')} of the inventory had no row, so ${missing.length === 1 ? 'it is' : 'they are'} undecided.`,
        width,
      ),
    )
  if (flags.length > 0) {
    lines.push(paint('yellow', `${counted(flags.length, 'decision')} to look at again`))
    for (const { line, item, text } of flags.slice(0, 10)) {
      lines.push(`  line ${line}  ${clippedMiddle(itemLabel(byId.get(item)!), width - 9 - String(line).length)}`)
      lines.push(...wrapped(visible(text), width - 8).map((part) => `        ${part}`))
    }
    if (flags.length > 10) lines.push(paint('dim', `  … and ${flags.length - 10} more; --format json has all`))
  }
  return lines
}
