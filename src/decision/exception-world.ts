/** What holds now of the accounts that exceptions name, out of the current snapshot. */
import type { LiveAnalysis } from '#analysis/live.ts'
import type { SafeguardState } from '#contract/exception.ts'
import { CAPABILITIES, IMPACTS, type Control, type Safeguard, impactWords } from '#contract/vocabulary.ts'
import type { ExceptionAccount, ExceptionWorld } from './exceptions.ts'

/**
 * Tells whether a safeguard holds for an account and ways in of it; null where it has no word on it. A part of the program
 * that sees a safeguard at work says so through one of these; see own-safeguards.ts.
 */
export type Safeguards = Partial<
  Record<Safeguard, (account: string, waysIn: readonly string[] | null) => Omit<SafeguardState, 'safeguard'> | null>
>

/** Purposes that get somebody in who lost what they had. */
const RECOVERIES = new Set(['recovery', 'help_desk', 'admin_reset'])

/**
 * @param live null before the first snapshot: nothing is known then, so nothing stands
 * @param watched safeguards that are seen at work: they count where the facts are silent, and against facts that say that one holds
 */
export function exceptionWorld(live: LiveAnalysis | null, watched: Safeguards = {}): ExceptionWorld {
  return {
    account: (id) => (live === null ? null : accountOf(live, id)),
    safeguard(safeguard, account, waysIn) {
      const stated = statedSafeguard(live, safeguard, account, waysIn)
      const seen = watched[safeguard]?.(account, waysIn) ?? null
      if (seen === null || stated.holds === false) return { safeguard, ...stated }
      return { safeguard, ...seen }
    },
  }
}

function accountOf(live: LiveAnalysis, id: string): ExceptionAccount | null {
  const state = live.account(id)
  if (state === undefined) return null
  const moderate = IMPACTS.indexOf('moderate')
  return {
    id,
    person: state.subject,
    enabled: state.enabled,
    human: state.kind === 'human',
    impact: state.impact,
    uncertain: state.impactUncertain,
    capabilities: CAPABILITIES.filter((each) => IMPACTS.indexOf(state.impacts[each] ?? 'none') >= moderate),
    waysIn: state.ways.map(({ id: way }) => way),
  }
}

type Stated = Omit<SafeguardState, 'safeguard'>
const unknown = (evidence: string): Stated => ({ holds: null, evidence })

function statedSafeguard(
  live: LiveAnalysis | null,
  safeguard: Safeguard,
  id: string,
  waysIn: readonly string[] | null,
): Stated {
  const state = live?.account(id)
  if (live === null || state === undefined) return unknown('no snapshot knows the account')
  if (safeguard === 'privilege_separation') return separation(accountOf(live, id)!)
  const recoveries = state.ways.filter(({ purpose }) => RECOVERIES.has(purpose))
  // the recoveries are what is monitored, whichever ways in are excused
  const ways =
    safeguard === 'monitored_recovery' && recoveries.length > 0
      ? recoveries
      : state.ways.filter((way) => waysIn === null || waysIn.includes(way.id))
  const account = controlsOf(live, id)
  if (ways.length === 0) return unknown('none of the ways in that it excuses is there')
  let silent: string | null = null
  for (const way of ways) {
    const own = controlsOf(live, way.id)
    if (account?.includes(safeguard) === true || own?.includes(safeguard) === true) continue
    // a way in that is a secret, a session or a right states no controls: there is nothing that could safeguard it
    if (own === null && account === null && live.inventory.kindOf(way.id) === 'wayIn') silent = way.id
    else return { holds: false, evidence: `\`${way.id}\` does not have it` }
  }
  if (silent !== null) return unknown(`the inventory does not say which controls \`${silent}\` has`)
  return {
    holds: true,
    evidence: `the inventory states it for ${ways.length === 1 ? `\`${ways[0]!.id}\`` : `${ways.length} ways in`}`,
  }
}

/** Privileges are apart where nothing of high impact lies behind the account. */
function separation({ id, impact, uncertain }: ExceptionAccount): Stated {
  if (impact === 'high') return { holds: false, evidence: `\`${id}\` reaches something of high impact` }
  if (uncertain) return unknown(`\`${id}\` reaches something of which nobody said what it is worth`)
  return { holds: true, evidence: `what \`${id}\` reaches is of ${impactWords(impact)} at most` }
}

/** Controls that an account or way in states; null where it says nothing. */
function controlsOf({ inventory }: LiveAnalysis, id: string): readonly Control[] | null {
  const fact = inventory.get(id)?.fact
  return fact?.fact === 'account' || fact?.fact === 'wayIn' ? (fact.controls ?? null) : null
}
