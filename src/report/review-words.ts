/** What a review's parts are called, in every rendering of it. */
import type { Change, Review, ReviewItem, Suggestion } from '#contract/review.ts'
import { listed } from './phrases.ts'
import { visible } from './visible.ts'
import { counted, grouped, plain, verdictLabel, VERDICT_WORDS } from './words.ts'

/** Suggestions, with a mark that carries the meaning where there is no colour. */
export const SUGGESTION_WORDS: Readonly<Record<Suggestion, { readonly mark: string; readonly gloss: string }>> = {
  revoke: { mark: '✕', gloss: 'there is a ground to' },
  ask: { mark: '?', gloss: 'the evidence is not enough' },
  keep: { mark: '✓', gloss: 'it is used, or is what people alike have' },
}

export const CHECK_TITLES: Readonly<Record<string, string>> = {
  unused: 'unused',
  dormant: 'dormant account',
  orphaned: 'orphaned',
  beyond_role: 'beyond the role',
  unlike_peers: 'unlike the peers',
}

/** Something stands against it. */
export const isFlagged = ({ evidence }: ReviewItem): boolean => evidence.some(({ is }) => is === 'yes')

/** Who holds what: `Kwame Asante: reset all methods on Finance leads`, `Ines Valdez in Facilities`. */
export function itemLabel({ holder, holderName, kind, right, on, onName }: ReviewItem): string {
  const who = visible(holderName ?? holder)
  const what = visible(onName ?? on)
  return kind === 'membership' ? `${who} in ${what}` : `${who}: ${visible(right)} on ${what}`
}

/** The evidence against an item; where there is none, what is not known. */
export function whyText({ evidence }: ReviewItem): string {
  const against = evidence.filter(({ is }) => is === 'yes')
  const shown = against.length > 0 ? against : evidence.filter(({ is }) => is === 'unknown')
  return visible(shown.map(({ text }) => text).join('; '))
}

/** Who may do what to whom, by id; for the few names that a line has room for. */
export function namesIn({ items }: Review): (id: string) => string {
  const names = new Map(items.map(({ holder, holderName }) => [holder, holderName]))
  return (id) => visible(names.get(id) ?? id)
}

/** At most so many names in a line. */
const NAMES = 3

function fewOf(ids: readonly string[], name: (id: string) => string): string {
  const shown = ids
    .slice(0, NAMES)
    .map((id, _, few) => (few.some((other) => other !== id && name(other) === name(id)) ? visible(id) : name(id)))
  return listed(ids.length > NAMES ? [...shown, `${ids.length - NAMES} more`] : shown)
}

/** The reach that goes with an item: the most telling part of it, and who may keep a code. */
export function goneText({ marginal }: ReviewItem, name: (id: string) => string): string {
  const { highCapabilities, highRights, impactFalls, losers, mayKeepCode } = marginal
  const parts: string[] = []
  if (highCapabilities.length > 0) {
    const accounts = [...new Set(highCapabilities.map(({ account }) => account))]
    const what = [...new Set(highCapabilities.map(({ capability }) => plain(capability)))]
    const verb = accounts.length === 1 ? 'no longer reaches' : 'no longer reach'
    parts.push(`${fewOf(accounts, name)} ${verb} high impact by ${listed(what)}`)
  } else if (highRights > 0)
    parts.push(`${counted(highRights, 'right')} of high impact, each of a kind that is reached elsewhere too`)
  else if (impactFalls.length > 0)
    parts.push(
      `the impact of ${fewOf(
        impactFalls.map(({ account }) => account),
        name,
      )} falls`,
    )
  else if (losers > 0) parts.push(`${counted(losers, 'account')} would lose a right of less than high impact`)
  else parts.push('nothing that is not reached by other ways too')
  if (mayKeepCode.length > 0) parts.push(`${fewOf(mayKeepCode, name)} may keep the code`)
  return parts.join('; ')
}

/** The state of things in one sentence or two. */
export function reviewHeadline({ summary, items }: Review): string[] {
  const flagged = items.filter(isFlagged).length
  const sentences = [
    summary.items === 0
      ? 'Nothing is held that could be reviewed.'
      : `Something stands against ${flagged} of ${counted(summary.items, 'grant')} (${counted(summary.entitlements, 'entitlement')}, ${counted(summary.memberships, 'membership')}).`,
  ]
  if (summary.useUnknown > 0)
    sentences.push(
      `Of ${counted(summary.useUnknown, 'grant')} no file says whether it is used; that is unknown, not unused.`,
    )
  if (summary.unweighed > 0)
    sentences.push(`${counted(summary.unweighed, 'membership')} in groups that no file declares could not be weighed.`)
  if (summary.leftOut > 0)
    sentences.push(
      `${counted(summary.leftOut, 'account')} could not be weighed in time, so the reach that goes is a lower bound.`,
    )
  return sentences
}

/** What the minimal set is, and how sure it is that none is smaller. */
export function minimalHeadline({ minimalSet, summary }: Review): string[] {
  const { accounts, items, uncut, optimal, cost, costAtLeast } = minimalSet
  if (accounts.length === 0) return ['No account that signs in with a code reaches high impact: nothing need go.']
  const sentences: string[] = []
  const reach = `${accounts.length === 1 ? 'one does' : `${accounts.length} do`} now`
  const who =
    uncut.length === 0
      ? 'no account that signs in with a code reaches'
      : 'none of the others that sign in with a code reaches'
  if (items.length > 0) {
    const these = items.length === 1 ? 'this one' : `these ${items.length}`
    sentences.push(`Revoke ${these} of ${grouped(summary.items)} and ${who} high impact (${reach}).`)
    const disturbed = cost - items.length
    const others =
      disturbed === 0
        ? 'Nobody else has them.'
        : `${counted(disturbed, 'other holding goes', 'other holdings go')} with ${items.length === 1 ? 'it' : 'them'}.`
    const slack =
      costAtLeast === 0 ? '' : ` (at most ${Math.ceil(((cost - costAtLeast) / costAtLeast) * 100)} % from it)`
    sentences.push(`${others} ${optimal ? 'Optimal: no set costs less.' : `Not proved optimal${slack}.`}`)
  }
  if (uncut.length > 0) {
    const verb = uncut.length === 1 ? 'reaches' : 'reach'
    sentences.push(
      `${counted(uncut.length, 'account')} ${verb} high impact whatever is revoked, or by what is stated as needed: there the way in must be stronger.`,
    )
  }
  return sentences
}

/** Verdicts and impacts before and after, only those that change. */
export function changeLines({ before, after, accounts }: Change): string[] {
  const lines = VERDICT_WORDS.flatMap(({ word }) => {
    const [was, is] = [before.verdicts[word] ?? 0, after.verdicts[word] ?? 0]
    return was === is ? [] : [`${verdictLabel(word)} ${was} → ${is}`]
  })
  const [was, is] = [before.impacts['high'] ?? 0, after.impacts['high'] ?? 0]
  if (was !== is) lines.push(`accounts of high impact ${was} → ${is}`)
  if (before.codesAtHighImpact !== after.codesAtHighImpact)
    lines.push(`codes before high impact ${before.codesAtHighImpact} → ${after.codesAtHighImpact}`)
  const locked = accounts.filter(({ canSignIn }) => canSignIn.from === true && canSignIn.to !== true)
  if (locked.length > 0) lines.push(`${counted(locked.length, 'owner')} could no longer sign in`)
  return lines.length > 0 ? lines : ['no verdict and no impact changes']
}
