import type { FactOf, Place, PlacedFact } from './facts.ts'
import { compileFormula } from './formula.ts'
import type { CheckedInventory } from './inventory.ts'
import type { RuleKindName } from './kinds.ts'

/** What takes rules, one after another. */
export interface RuleSink {
  /** `head ← all of body`, or `needs` of it */
  readonly rule: (kind: RuleKindName, head: string, body: readonly string[], place?: Place, needs?: number) => void
}

/** Whether an account is there that nobody can enter. */
export function isDisabled(inventory: Pick<CheckedInventory, 'get'>, id: string): boolean {
  const fact = inventory.get(id)?.fact
  return fact?.fact === 'account' && fact.enabled === false
}

/**
 * The rules that one fact makes by itself. They hang on the fact, and of what it names on the kind, and on whether it is a
 * disabled account: on nothing else. What follows from rights is for {@link compileRights}.
 */
export function compileFact(rules: RuleSink, inventory: KnownFacts, { fact, place }: PlacedFact): void {
  switch (fact.fact) {
    case 'account':
    case 'group':
    case 'role':
      for (const group of fact.memberOf ?? []) rules.rule('member_of', group, [fact.id], place)
      return
    case 'secret':
      return compileSecret(rules, inventory, fact, place)
    case 'channel':
      for (const account of fact.heldBy ?? []) rules.rule('held_channel', fact.id, [account], place)
      for (const carrier of fact.carriedBy ?? []) {
        if (mayBeChannel(inventory, carrier)) rules.rule('carried_channel', fact.id, [carrier], place)
      }
      return
    case 'authenticator':
      for (const channel of fact.on ?? []) rules.rule('on_channel', fact.id, [channel], place)
      return
    case 'wayIn': {
      const heads = fact.yields?.length ? fact.yields : [fact.account]
      if (!isDisabled(inventory, fact.account)) compileFormula(rules, 'way_in', fact.id, heads, fact.requires, place)
      return
    }
    case 'session':
      if (!isDisabled(inventory, fact.account)) rules.rule('session', fact.account, [fact.id], place)
      if (fact.on !== undefined && !BOUND.has(fact.binding ?? 'none')) {
        rules.rule('session_on', fact.id, [fact.on], place)
      }
      return
    case 'rule':
      if (!isDisabled(inventory, fact.then)) compileFormula(rules, 'declared', fact.id, [fact.then], fact.when, place)
  }
}

/** What one fact must know of others. */
export type KnownFacts = Pick<CheckedInventory, 'get' | 'kindOf'>

function compileSecret(rules: RuleSink, inventory: KnownFacts, fact: FactOf<'secret'>, place: Place): void {
  for (const account of fact.opens ?? []) {
    if (!isDisabled(inventory, account)) rules.rule('opens', account, [fact.id], place)
  }
  for (const authenticator of fact.proves ?? []) rules.rule('replicates', authenticator, [fact.id], place)
  for (const where of fact.storedIn ?? []) {
    if (mayBeChannel(inventory, where)) rules.rule('carried_secret', fact.id, [where], place)
  }
}

/** Declared as a channel, or declared nowhere: then it may be one, and is not passed over. */
function mayBeChannel(inventory: KnownFacts, id: string): boolean {
  const kind = inventory.kindOf(id)
  return kind === undefined || kind === 'channel'
}

/** Bindings that tie a session to a key its device keeps (SP 800-63B-4 §5.2; RFC 9449, RFC 8705, DBSC). */
const BOUND = new Set(['dpop', 'mtls', 'dbsc'])
