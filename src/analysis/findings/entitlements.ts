import { CAPABILITIES, IMPACTS, type Impact } from '#contract/vocabulary.ts'
import { rightNode } from '#model/kinds.ts'
import type { Impacts } from '../impact.ts'
import type { Analysis } from '../context.ts'
import { daysBetween } from '../time.ts'
import type { Draft } from './finding.ts'
import { plain } from './words.ts'

/** Entitlements that are not needed or not used, where they matter; on the account that holds them directly. */
export function* entitlementFindings(analysis: Analysis, impacts: Impacts): Generator<Draft> {
  const { inventory, indexOf } = analysis.snapshot
  const { at } = inventory.snapshot
  for (const { fact } of inventory.byKind.entitlement) {
    const holder = analysis.accounts.get(fact.holder)
    if (holder === undefined) continue
    let impact: Impact = 'none'
    for (const capability of CAPABILITIES) {
      if (!fact.capabilities.includes(capability)) continue
      const node = indexOf.get(rightNode(capability, fact.on))
      const own = node === undefined ? 'none' : (impacts.get(node)?.impact ?? 'none')
      if (IMPACTS.indexOf(own) > IMPACTS.indexOf(impact)) impact = own
    }
    if (impact === 'none' || impact === 'low') continue
    const what = `${fact.right ?? fact.capabilities.map(plain).join(', ')} on ${fact.on}`
    const common = { account: fact.holder, about: fact.id ?? `${fact.right ?? fact.capabilities.join('+')}@${fact.on}` }
    const facts = fact.id === undefined ? [fact.holder, fact.on] : [fact.id]
    if (fact.needed === false) {
      yield {
        code: 'excess_entitlement',
        severity: impact === 'high' ? 'high' : 'medium',
        ...common,
        message: `${holder.fact.name ?? fact.holder} holds ${what}, which the job does not need`,
        facts,
      }
    }
    const limit = analysis.policy.nonHuman.unusedDays
    // without a use on record, it is unused for as long as there is a record
    const since = fact.lastUsed ?? fact.usageSince
    if (since === undefined || at === null || daysBetween(since, at) <= limit) continue
    const days = daysBetween(since, at)
    const use =
      fact.lastUsed === undefined
        ? `has not used ${what} in the ${days} days since its use is recorded`
        : `last used ${what} ${days} days ago`
    yield {
      code: 'unused_entitlement',
      severity: impact === 'high' ? 'medium' : 'low',
      ...common,
      message: `${holder.fact.name ?? fact.holder} ${use}; the policy asks for a review after ${limit}`,
      facts,
    }
  }
}
