/** One sentence per rule kind: what a step of a proof says, in the words of the inventory. */
import type { Place, ProofStep } from '#contract/report.ts'
import type { Names } from './names.ts'
import { visible } from './visible.ts'

/** Sorts of things, as far as the rule kinds that name them tell. */
export type NodeSort = 'account' | 'group' | 'channel' | 'authenticator' | 'secret' | 'session' | 'right' | 'thing'

interface Phrase {
  /** the sentence; `head` is what is gained, `body` what it is gained from */
  readonly say: (words: StepWords) => string
  readonly head?: NodeSort
  readonly body?: NodeSort
}

interface StepWords {
  readonly head: string
  readonly headMay: string
  readonly headTarget: string
  readonly body: string
  readonly bodyMay: string
  readonly bodyTarget: string
  /** verb for the body: `is` or `are` */
  readonly be: string
}

/** By the names of `model/kinds.ts`; a test holds the two equal. */
export const PHRASES: Readonly<Record<string, Phrase>> = {
  member_of: { say: ({ body, head }) => `${body} is a member of ${head}`, head: 'group' },
  entitled: { say: ({ body, headMay }) => `${body} may ${headMay}` },
  full_reset: { say: ({ headMay, bodyMay }) => `whoever may ${bodyMay} may also ${headMay}` },
  administer_all: {
    say: ({ headMay, bodyMay }) => `whoever may ${bodyMay} can grant themselves the right to ${headMay}`,
  },
  inherited: { say: (w) => `${w.headTarget} lies in ${w.bodyTarget}, so the right holds there too: ${w.headMay}` },
  scope: { say: (w) => `${w.headTarget} belongs to ${w.bodyTarget}, so the right covers it: ${w.headMay}` },
  governs: { say: (w) => `${w.bodyTarget} decides which factors ${w.headTarget} is asked for` },
  administer_group: { say: ({ head }) => `whoever administers ${head} can join it`, head: 'group' },
  administer_account: { say: ({ head }) => `whoever administers ${head} controls it`, head: 'account' },
  act_as: { say: ({ head, bodyMay }) => `the right to ${bodyMay} gives control of ${head}`, head: 'account' },
  reset_one: { say: ({ head, bodyMay }) => `whoever may ${bodyMay} can set up ${head} anew`, head: 'authenticator' },
  lower_policy: {
    say: ({ head, bodyMay }) => `whoever may ${bodyMay} can stop it asking for ${head}`,
    head: 'authenticator',
  },
  run_as: { say: (w) => `code placed in ${w.bodyTarget} runs as ${w.head}`, head: 'account' },
  deploys: { say: (w) => `what is built in ${w.bodyTarget} is rolled out to ${w.headTarget}` },
  build_secret: { say: (w) => `code that runs in ${w.bodyTarget} can read ${w.head}`, head: 'secret' },
  stored_secret: { say: (w) => `${w.head} is stored in ${w.bodyTarget}`, head: 'secret' },
  carried_secret: { say: ({ head, body }) => `${head} lies in ${body}`, head: 'secret', body: 'channel' },
  own_secret: { say: ({ head, bodyMay }) => `whoever may ${bodyMay} knows ${head}`, head: 'secret' },
  opens: { say: ({ head, body }) => `${body} alone opens ${head}`, head: 'account', body: 'secret' },
  replicates: { say: ({ head, body }) => `${body} proves as well as ${head}`, head: 'authenticator', body: 'secret' },
  held_channel: { say: ({ head, body }) => `whoever is in ${body} reads ${head}`, head: 'channel', body: 'account' },
  controlled_channel: { say: ({ head, bodyMay }) => `the right to ${bodyMay} gives ${head}`, head: 'channel' },
  carried_channel: { say: (w) => `${w.bodyTarget} carries ${w.head} and can read or redirect it`, head: 'channel' },
  on_channel: {
    say: ({ head, body }) => `${head} travels through, or is kept on, ${body}`,
    head: 'authenticator',
    body: 'channel',
  },
  way_in: {
    say: ({ head, body, be }) => `${body} ${be} all that one way into ${head} asks for`,
    body: 'authenticator',
  },
  gate: { say: ({ head, body, be }) => `${body} ${be} enough for ${head}` },
  session: { say: ({ head, body }) => `${body} is a live session of ${head}`, head: 'account', body: 'session' },
  session_on: { say: ({ head, body }) => `${head} can be copied from ${body}`, head: 'session', body: 'channel' },
  declared: { say: ({ head, body, be }) => `by a rule of this organisation, ${body} ${be} enough for ${head}` },
}

/** Rules whose body may be another account, which is then controlled and not shown. */
const CEREMONIES: ReadonlySet<string> = new Set(['way_in', 'gate', 'declared'])

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  if (items.length <= 1) return items[0] ?? 'nothing'
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** What one step of a proof says; a rule kind without a phrase is said plainly and named. */
export function stepSentence(step: ProofStep, names: Names): string {
  const first = step.from[0] ?? step.node
  const isCeremony = CEREMONIES.has(step.by)
  const words: StepWords = {
    head: names.noun(step.node),
    headMay: names.verb(step.node),
    headTarget: names.target(step.node),
    body: listed(
      step.from.map((node) =>
        isCeremony && names.isAccount(node) ? `control of ${names.noun(node)}` : names.noun(node),
      ),
    ),
    bodyMay: names.verb(first),
    bodyTarget: names.target(first),
    be: step.from.length === 1 ? 'is' : 'are',
  }
  const phrase = Object.hasOwn(PHRASES, step.by) ? PHRASES[step.by] : undefined
  return phrase ? phrase.say(words) : `${words.body} gives ${words.head} (${visible(step.by)})`
}

/** Where a fact was read: `idp.yaml:31`, `users.json#/3`, or the file alone. */
export function placeText(place: Place): string {
  const file = visible(place.file)
  if (place.line !== undefined) return `${file}:${place.line}`
  return place.pointer === undefined || place.pointer === '' ? file : `${file}#${visible(place.pointer)}`
}
