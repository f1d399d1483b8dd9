/** What people read in a simulation, shared by its renderings. */
import type { Doubt, Given, Scenario, Simulation } from '#contract/simulation.ts'
import { gateOwner, namesFrom, rightOf, type Names } from './names.ts'
import { listed } from './phrases.ts'
import { visible } from './visible.ts'
import { byText, counted, plain, title } from './words.ts'

/** Names of everything in a simulation. */
export const simulationNames = ({ things }: Simulation): Names => namesOfThings(things)

/** Names by the things that a document lists. */
export function namesOfThings(things: Simulation['things']): Names {
  const own = Object.entries(things).filter(([, { is }]) => is !== 'wayIn' && is !== 'rule')
  const others = Object.entries(things).filter(([, { is }]) => is === 'wayIn' || is === 'rule')
  return namesFrom(
    own.map(([id, { is, name }]) => ({ id, name, isAccount: is === 'account' })),
    new Map(others.flatMap(([id, { name }]) => (name === undefined ? [] : [[id, name]]))),
  )
}

/** `phishing_relay and sim_swap`, `no attacker`. */
export function actingText({ attackers, starts }: Scenario, names: Names): string {
  const who = attackers.map(({ name }) => visible(name))
  const with_ = starts.length === 0 ? [] : [`${who.length === 0 ? '' : 'with '}${listed(starts.map(names.noun))}`]
  return [...(who.length === 0 ? [] : [listed(who)]), ...with_].join(' ')
}

/** What happened, in two or three sentences: how much falls, how soon, and what that takes along first. */
export function outcomeSentences(simulation: Simulation, names: Names): string[] {
  const { scenario, accounts } = simulation
  if (scenario === null) return tableSentences(simulation)
  const { lost, waves, firstThatMattered, given } = scenario
  if (given.length === 0) return ['Nothing falls: they defeat nothing here and hold nothing at the start.']
  const { high } = lost.byImpact
  const took = waves.length === 0 ? 'at once' : `in ${counted(waves.length, 'step')}`
  const sentences = [
    lost.accounts === 0
      ? `No account of ${accounts.total} falls.`
      : `${counted(lost.accounts, 'account')} of ${accounts.total} ${lost.accounts === 1 ? 'falls' : 'fall'} ${took}, ${high === 0 ? 'none' : high} of high impact.`,
  ]
  if (firstThatMattered !== null) {
    const { account, step } = firstThatMattered
    sentences.push(
      `The first that matters is ${withId(account, names)}, ${step === 0 ? 'held at the start' : `at step ${step}`}.`,
    )
  }
  return sentences
}

/** Who takes most, by accounts of high impact. */
function tableSentences({ table, accounts }: Simulation): string[] {
  const most = (table ?? []).toSorted((a, b) => b.byImpact.high - a.byImpact.high || b.accounts - a.accounts)[0]
  if (most === undefined || most.accounts === 0) return ['No attacker of the policy takes any account.']
  const { attacker, byImpact } = most
  return [
    `${title(visible(attacker.name))} takes the most: ${most.accounts} of ${counted(accounts.total, 'account')}, ${byImpact.high} of ${accounts.byImpact.high} of high impact.`,
  ]
}

/** A name with its id, where the name does not hold it already. */
export function withId(node: string, names: Names): string {
  const noun = names.noun(node)
  return noun.includes(visible(node)) ? noun : `${noun} (${visible(node)})`
}

/** What is had at the start, counted by what it is and what it takes. */
export interface Holding {
  readonly what: string
  readonly count: number
  readonly how: string
  readonly ids: readonly string[]
}

export function holdingsOf({ scenario, things }: Simulation): Holding[] {
  const groups = new Map<string, { what: string; how: string; order: number; ids: string[] }>()
  for (const given of scenario?.given ?? []) {
    const thing = things[given.id]
    const what = thing === undefined ? 'right' : plain(thing.kind ?? thing.is)
    const how = howText(given)
    const group = groups.get(`${what} ${how}`) ?? { what, how, order: given.effort ?? 0, ids: [] }
    group.ids.push(given.id)
    groups.set(`${what} ${how}`, group)
  }
  return [...groups.values()]
    .toSorted((a, b) => a.order - b.order || byText(a.what, b.what))
    .map(({ what, how, ids }) => ({ what: counted(ids.length, what, plural(what)), count: ids.length, how, ids }))
}

function howText({ effort, basis, attackers }: Given): string {
  if (attackers.length === 0) return 'held at the start'
  if (effort === null) return 'in other hands already'
  return `effort ${effort}, ${basis === 'measurement' ? 'measured' : 'judged'}`
}

const plural = (word: string): string =>
  word.endsWith('ss')
    ? `${word}es`
    : /[^aeiou]y$/.test(word)
      ? `${word.slice(0, -1)}ies`
      : word.endsWith('x')
        ? `${word}es`
        : `${word}s`

/** What a node of a wave is: `account`, `SMS code`, `right`. Inner parts of formulas are told by no rendering. */
export function sortOf(node: string, { things }: Simulation): string {
  if (rightOf(node)) return 'right'
  const thing = things[node]
  if (thing === undefined) return 'thing'
  return thing.is === 'account' || thing.is === 'group' || thing.is === 'role'
    ? thing.is
    : plain(thing.kind ?? thing.is)
}

export const isShown = ({ node }: { readonly node: string }): boolean => gateOwner(node) === undefined

/** How many of each sort, the most first: `3 rights, 2 mailboxes`. */
export function sortCounts(nodes: readonly string[], simulation: Simulation): string {
  const counts = new Map<string, number>()
  for (const node of nodes) {
    const sort = sortOf(node, simulation)
    counts.set(sort, (counts.get(sort) ?? 0) + 1)
  }
  const parts = [...counts].toSorted(([a, x], [b, y]) => y - x || byText(a, b))
  return listed(parts.map(([sort, count]) => counted(count, sort, plural(sort))))
}

/** What is in doubt, and what was taken. */
export function doubtText({ about, reason, fields, assumed }: Doubt, names: Names): string {
  const who = names.noun(about)
  const what = listed(fields.map((field) => `\`${visible(field)}\``))
  switch (reason) {
    case 'unknown_kind':
      return `nobody knows what kind of authenticator ${who} is; taken as not defeated`
    case 'undeclared':
      return `${who} is declared nowhere; taken as not held`
    case 'no_way_in':
      return `${who} has no way in on record; taken as closed`
    case 'low_confidence':
      return `the rule ${who} is not certain; taken to hold`
    case 'unstated':
      return `${who} does not state ${what}; taken as ${assumed === 'against' ? 'defeated' : 'not defeated'}`
  }
}
