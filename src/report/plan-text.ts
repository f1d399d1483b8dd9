/** A plan and a what-if on a terminal: what it comes to, what it costs, and each step with what it is for. */
import type { Plan, Price, Standing, WhatIf } from '#contract/plan.ts'
import { unpainted, type Paint, type Terminal } from './paint.ts'
import { listed } from './phrases.ts'
import { shortHash } from './text.ts'
import { padded, visible, wrapped } from './visible.ts'
import { counted, grouped, plain, timeText } from './words.ts'

/** A list longer than this is cut, and the rest counted. */
const SHOWN = 12

/** The plan in lines of at most `width` columns. Names from outside can't act on the terminal. */
export function renderPlanText(plan: Plan, options: Terminal): string {
  const width = Math.max(40, options.width)
  const paint = options.colour ?? unpainted
  const { snapshot, policy } = plan
  const head = `Ambit plan  ${[
    visible(snapshot.name ?? 'inventory'),
    ...(snapshot.at === null ? [] : [`as of ${visible(timeText(snapshot.at))}`]),
    `snapshot ${shortHash(snapshot.id)}`,
    `policy ${visible(policy.name)} ${shortHash(policy.hash)}`,
  ].join(' · ')}`
  const blocks = [
    [
      ...wrapped(head, width).map((text, i) => paint(i === 0 ? 'bold' : 'dim', text)),
      ...planSentences(plan).flatMap((sentence) => wrapped(visible(sentence), width)),
    ],
    plan.steps.length === 0 ? [] : standingLines(plan.before, plan.after, width, paint),
    stepLines(plan, width, paint),
    beyondLines(plan, width, paint),
  ]
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

/** What the plan comes to, in sentences; the page says the same. */
export function planSentences(plan: Plan): string[] {
  const { goals, steps, holds, against, remaining } = plan
  const goal = goals.map(goalWords).join(', and ')
  if (steps.length === 0 && holds) return [`As it is, ${goal}: nothing needs to be changed.`]
  const first = holds
    ? `${counted(steps.length, 'step')} after which ${goal}; ${counted(against, 'account')} ${against === 1 ? 'stands' : 'stand'} against that now.`
    : plan.budget !== null
      ? `${counted(steps.length, 'step')} within ${plan.budget} hours, towards the goal that ${goal}: of ${counted(against, 'account')} against it ${remaining.length} ${remaining.length === 1 ? 'is' : 'are'} left.`
      : `No plan: after ${counted(steps.length, 'step')} ${counted(remaining.length, 'account')} ${remaining.length === 1 ? 'is' : 'are'} still against the goal that ${goal}.`
  return [first, costSentence(plan), safetySentence(plan)]
}

/** A goal in words that fit after `that`. */
export function goalWords(goal: string): string {
  const [word, about = '', impact] = goal.split(':')
  const of = (level: string | undefined) =>
    level === undefined || level === 'none' ? '' : ` of ${level} impact${level === 'high' ? '' : ' or more'}`
  switch (word) {
    case 'no-unfit':
      return `no account${of(about === '' ? undefined : about)} is unfit`
    case 'no-attacker':
      return `no account${of(impact)} falls to ${plain(about)}`
    case 'no-reach':
      return `no attacker gains the right to ${plain(about)} on anything${of(impact ?? 'moderate')}`
    default:
      return `${goal.slice('protect:'.length)} falls to nobody`
  }
}

function costSentence(plan: Plan): string {
  const total = plan.steps.reduce<Omit<Price, 'hours'>>(
    (sum, { price }) => ({
      setupHours: sum.setupHours + price.setupHours,
      promptsPerWeek: sum.promptsPerWeek + price.promptsPerWeek,
      recoveriesPerYear: sum.recoveriesPerYear + price.recoveriesPerYear,
      spend: sum.spend + price.spend,
    }),
    { setupHours: 0, promptsPerWeek: 0, recoveriesPerYear: 0, spend: 0 },
  )
  const parts = [
    `${amount(total.setupHours)} to set up`,
    ...(total.promptsPerWeek > 0 ? [`${times(total.promptsPerWeek, 'prompt')} a week more`] : []),
    ...(total.recoveriesPerYear > 0 ? [`${times(total.recoveriesPerYear, 'recovery', 'recoveries')} a year more`] : []),
    ...(total.spend > 0 ? [`${amount(total.spend)} to buy`] : []),
  ]
  return `It costs ${amount(plan.cost)} hours in the first year (${parts.join(', ')}); ${optimality(plan)}.`
}

function optimality({ optimal, cost, bound, changesWeighed, method, budget }: Plan): string {
  if (budget !== null) return `the most that the ${changesWeighed} changes weighed settle for it`
  if (optimal) return `optimal: none of the ${changesWeighed} changes weighed does it for less (${method})`
  if (bound <= 0) return `how far from the optimum is not known: the time ran out`
  return `within ${Math.ceil((100 * (cost - bound)) / bound)} % of the optimum: no plan of the ${changesWeighed} changes weighed costs less than ${amount(bound)} (${method}, time ran out)`
}

function safetySentence({ lockedOut, easier }: Plan): string {
  const locked =
    lockedOut.length === 0
      ? 'Nobody is locked out, after it or on the way'
      : `${counted(new Set(lockedOut.map(({ account }) => account)).size, 'owner')} would be locked out`
  const takeover =
    easier.length === 0
      ? "nobody's takeover gets easier"
      : `the takeover of ${counted(easier.length, 'account')} gets easier`
  return `${locked}; ${takeover}. Checked by the whole analysis of the inventory with the steps made.`
}

/** An amount of things, which need not be whole. */
export const times = (value: number, one: string, many = `${one}s`): string =>
  `${amount(value)} ${value === 1 ? one : many}`

/** At most two places, and none where there are none. */
export const amount = (value: number): string => {
  const text = String(Math.round(value * (value >= 100 ? 1 : 100)) / (value >= 100 ? 1 : 100))
  const [whole, rest] = text.split('.')
  return rest === undefined ? grouped(Number(whole)) : `${grouped(Number(whole))}.${rest}`
}

/** Rows of what counts, before and after; rows in which nothing is and nothing was are left out. */
export function standingRows(before: Standing, after: Standing): [label: string, before: number, after: number][] {
  const rows: [string, number, number][] = [
    ['unfit', before.unfit, after.unfit],
    ['unfit, of high impact', before.highUnfit, after.highUnfit],
    ['unknown', before.unknown, after.unknown],
    ...before.attackers.map(({ attacker, accounts }, i): [string, number, number] => [
      `falls to ${plain(attacker)}`,
      accounts,
      after.attackers[i]?.accounts ?? 0,
    ]),
    ['locked out by one loss', before.oneLossFromLockOut, after.oneLossFromLockOut],
  ]
  return rows.filter(([, old, now]) => old > 0 || now > 0)
}

function standingLines(before: Standing, after: Standing, width: number, paint: Paint): string[] {
  const label = Math.min(36, width - 18)
  const line = (name: string, old: string, now: string) =>
    `${padded(name, label)}${padded(old, 8, 'left')}${padded(now, 8, 'left')}`
  return [
    paint('bold', line('Accounts', 'before', 'after')),
    ...standingRows(before, after).map(([name, old, now]) => {
      const text = line(`  ${visible(name)}`, grouped(old), grouped(now))
      return now < old ? paint('green', text) : now > old ? paint('red', text) : paint('dim', text)
    }),
  ]
}

function stepLines({ steps }: Plan, width: number, paint: Paint): string[] {
  if (steps.length === 0) return []
  const room = width - 15
  return [
    paint('bold', 'Steps, in an order in which each is safe'),
    ...steps.flatMap(({ text, price, because }, i) => {
      const lines = wrapped(visible(ticked(text)), room)
      const head = `${padded(String(i + 1), 3, 'left')}  ${padded(`${amount(price.hours)} h`, 8, 'left')}  `
      const why = because[0]
      const more = because.length > 1 ? ` (and ${because.length - 1} more)` : ''
      return [
        ...lines.map((line, at) => `${at === 0 ? paint('bold', head) : ' '.repeat(15)}${line}`),
        ...(why === undefined
          ? []
          : wrapped(`for ${visible(ticked(why))}${more}`, room).map(
              (line) => `${' '.repeat(15)}${paint('dim', line)}`,
            )),
      ]
    }),
  ]
}

/** Backticks set ids off in pages; a terminal shows them plain. */
const ticked = (text: string): string => text.replaceAll('`', '')

function beyondLines({ beyond, lockedOut, easier }: Plan, width: number, paint: Paint): string[] {
  const lines: string[] = []
  const some = (heading: string, items: readonly string[]) => {
    if (items.length === 0) return
    lines.push(
      paint('bold', heading),
      ...items.slice(0, SHOWN).flatMap((item) => wrapped(visible(item), width - 2).map((line) => `  ${line}`)),
    )
    if (items.length > SHOWN) lines.push(`  … and ${items.length - SHOWN} more`)
  }
  some(
    'Nothing in the catalogue of changes ends',
    beyond.map(({ why }) => ticked(why)),
  )
  some(
    'Would be locked out',
    lockedOut.map(
      ({ account, by, keptInBy }) =>
        `${account}, by ${by === 'sign-in' ? 'losing the sign-in' : `losing ${by}`}${keptInBy.length === 0 ? '' : `; kept in by: ${ticked(keptInBy[0]!)}`}`,
    ),
  )
  some('Easier to take over', easier)
  return lines
}

/** A what-if in lines of at most `width` columns. */
export function renderWhatIfText(what: WhatIf, options: Terminal): string {
  const width = Math.max(40, options.width)
  const paint = options.colour ?? unpainted
  const { snapshot, steps, accounts, unchanged } = what
  const name = visible(snapshot.name ?? 'inventory')
  const head = `Ambit what if  ${name} · ${shortHash(snapshot.before)} → ${shortHash(snapshot.after)}`
  const worse = accounts.filter((each) => each.worse).length
  const better = accounts.filter((each) => each.better && !each.worse).length
  const sentence = `${counted(steps.length, 'change')}: ${counted(better, 'account')} better off, ${worse} worse off, ${accounts.length - better - worse} otherwise changed, ${unchanged} unchanged.`
  const rows = accounts.toSorted((a, b) => Number(b.worse) - Number(a.worse))
  const shown = rows.slice(0, 60)
  return `${[
    [...wrapped(head, width).map((line) => paint('bold', line)), ...wrapped(sentence, width)],
    standingLines(what.before, what.after, width, paint),
    [
      ...shown.flatMap(({ id, name: called, before, after, worse: isWorse, better: isBetter }) => {
        const label = called === null ? visible(id) : `${visible(called)}  ${visible(id)}`
        const parts = changedParts(before, after)
        return [
          paint(isWorse ? 'red' : 'bold', `${isWorse ? '✕' : isBetter ? '✓' : '·'} ${label}`),
          ...wrapped(parts.join('; '), width - 4).map((line) => `    ${line}`),
        ]
      }),
      ...(rows.length > shown.length ? [`… and ${rows.length - shown.length} more; --format json has them all`] : []),
    ],
  ]
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

type SideOfOne = WhatIf['accounts'][number]['before']

/** What changed of one account, each as `before → after`. */
export function changedParts(before: SideOfOne, after: SideOfOne): string[] {
  if (before === null) return ['new']
  if (after === null) return ['gone']
  const parts: string[] = []
  const pair = (label: string, old: string | null, now: string | null) => {
    if (old !== now) parts.push(`${label} ${plain(old ?? 'unknown')} → ${plain(now ?? 'unknown')}`)
  }
  pair('verdict', before.verdict, after.verdict)
  pair('impact', before.impact, after.impact)
  pair('required', before.required, after.required)
  pair('effective', before.effective, after.effective)
  const gone = before.fallsTo.filter((each) => !after.fallsTo.includes(each)).map(plain)
  const come = after.fallsTo.filter((each) => !before.fallsTo.includes(each)).map(plain)
  if (gone.length > 0) parts.push(`no longer falls to ${listed(gone)}`)
  if (come.length > 0) parts.push(`now falls to ${listed(come)}`)
  const lost = after.lostWithout.filter((each) => !before.lostWithout.includes(each))
  const kept = before.lostWithout.filter((each) => !after.lostWithout.includes(each))
  if (before.canSignIn !== after.canSignIn)
    parts.push(after.canSignIn === true ? 'can sign in now' : 'can no longer sign in')
  if (lost.length > 0) parts.push(`now locked out by losing ${listed(lost)}`)
  if (kept.length > 0) parts.push(`no longer locked out by losing ${listed(kept)}`)
  return parts
}
