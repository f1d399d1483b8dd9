/** Known breach chains held against an organisation, on a terminal. */
import type { Breach, Breaches, BreachStatus } from '#contract/breaches.ts'
import { chainLines } from './chain-diagram.ts'
import { unpainted, type Paint, type Style, type Terminal } from './paint.ts'
import { listed } from './phrases.ts'
import { namesOfThings, withId } from './simulation-words.ts'
import { rightOf, type Names } from './names.ts'
import { shortHash } from './text.ts'
import { visible, wrapped } from './visible.ts'
import { counted, timeText } from './words.ts'

const STATUS_WORDS: Readonly<Record<BreachStatus, readonly [mark: string, label: string, style: Style]>> = {
  possible: ['✕', 'could happen here', 'red'],
  unknown: ['?', 'unknown, which is no pass', 'yellow'],
  blocked: ['✓', 'blocked', 'green'],
  absent: ['·', 'nothing of the kind here', 'dim'],
}
const ORDER: readonly BreachStatus[] = ['possible', 'unknown', 'blocked', 'absent']

/** The chains in lines of at most `width` columns, those that could happen first. */
export function renderBreachesText(breaches: Breaches, { width, colour }: Terminal): string {
  const columns = Math.max(40, width)
  const paint = colour ?? unpainted
  const names = namesOfThings(breaches.things)
  const { snapshot, policy, chains } = breaches
  const parts = [
    visible(snapshot.name ?? 'inventory'),
    ...(snapshot.at === null ? [] : [`as of ${visible(timeText(snapshot.at))}`]),
    `snapshot ${shortHash(snapshot.id)}`,
    `policy ${visible(policy.name)} ${shortHash(policy.hash)}`,
  ]
  const count = (status: BreachStatus) => chains.filter((each) => each.status === status).length
  const head = [
    ...wrapped(`Ambit  ${parts.join(' · ')}`, columns).map((line, i) => paint(i === 0 ? 'bold' : 'dim', line)),
    ...wrapped(
      `Of ${counted(chains.length, 'known chain')}, ${count('possible')} could happen here, ${count('unknown')} cannot be ruled out, ${count('blocked')} ${count('blocked') === 1 ? 'is' : 'are'} blocked, ${count('absent')} ${count('absent') === 1 ? 'finds' : 'find'} nothing to begin or go on with.`,
      columns,
    ),
  ]
  const blocks = ORDER.flatMap((status) =>
    chains.filter((each) => each.status === status).map((each) => breachLines(each, names, columns, paint)),
  )
  return `${[head, ...blocks].map((block) => block.join('\n')).join('\n\n')}\n`
}

function breachLines(breach: Breach, names: Names, width: number, paint: Paint): string[] {
  const { status, title, incidents, missing, controls, lesson } = breach
  const [mark, label, style] = STATUS_WORDS[status]
  const lines = [
    ...wrapped(`${mark} ${label}: ${visible(title)}`, width).map((line) => paint(style, line)),
    ...hung(`as at ${incidents.map(visible).join('; ')}`, width, 2).map((line) => paint('dim', line)),
  ]
  if (status === 'absent') return [...lines, ...hung(`no chain gets as far as: ${visible(missing ?? '')}`, width, 2)]
  lines.push(...breach.stages.flatMap(({ says, node }) => hung(`${visible(says)}: ${shown(node, names)}`, width, 4)))
  if (breach.supposed.length > 0)
    lines.push(
      ...hung(`supposing that ${listed(breach.supposed.map((id) => withId(id, names)))} is in other hands`, width, 2),
    )
  if (breach.doubts.length > 0)
    lines.push(
      ...hung(
        `if ${listed(breach.doubts.map((id) => withId(id, names)))}, of which too little is known, falls`,
        width,
        2,
      ),
    )
  if (status === 'blocked') {
    const why = breach.blockedBy.map((each) => withId(each, names))
    return [...lines, ...hung(`what stands in the way: ${listed(why)}`, width, 2)]
  }
  const proof = breach.proof === null ? [] : chainLines(breach.proof, names)
  return [
    ...lines,
    ...proof.flatMap((line, i) => hung(`${i + 1}. ${line}`, width, 6, 3).map((each) => paint('dim', each))),
    ...hung(`what would cut it: ${controls.map(visible).join('; ')}`, width, 2),
    ...hung(`the lesson: ${visible(lesson)}`, width, 2),
  ]
}

const shown = (node: string, names: Names): string => (rightOf(node) ? names.verb(node) : withId(node, names))

function hung(text: string, width: number, indent: number, hang = 2): string[] {
  return wrapped(text, width - indent - hang).map((line, i) => `${' '.repeat(i === 0 ? indent : indent + hang)}${line}`)
}
