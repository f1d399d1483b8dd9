import type { AuditRecord } from '#audit/records.ts'
import { FACTORS } from '#authn/factors.ts'
import { isNobodys } from '#authn/identifiers.ts'
import type { CeremonyRecord } from '#authn/ports.ts'

/** A ceremony as the audit log writes it. */
export function recordOf({
  kind,
  account: named,
  event,
  factor,
  authenticator,
  outcome,
  reason,
  session,
  at,
}: CeremonyRecord): AuditRecord {
  // a name that nobody has is not kept: people type passwords there
  const account = isNobodys(named) ? '' : named
  const common = {
    at,
    by: { type: 'account', id: account === '' ? 'unknown' : account } as const,
    why: reason === null ? [] : [reason],
  }
  if (kind === 'recovery') {
    const state = event.replace('recovery_', '')
    const did = state === 'ready' ? 'released' : state === 'frozen' ? 'held' : state
    return { ...common, kind, did: did as 'held', recovery: reason ?? 'unknown', account, why: [] }
  }
  if (kind === 'lock')
    return {
      ...common,
      kind: 'administration',
      did: 'disabled',
      thing: 'person',
      target: account,
      before: null,
      after: null,
    }
  if (kind === 'session') {
    const did = outcome === 'accepted' ? ('bound' as const) : ('refused' as const)
    return { ...common, kind, did, session: session ?? 'unknown', account, strength: null }
  }
  const method = factor === null ? 'unknown' : factor === 'upstream' ? factor : FACTORS[factor].kind
  if (kind === 'authenticator') {
    // whatever else is done to one is told by the record of its proof
    return { ...common, kind, did: 'suspended', account, method, authenticator: authenticator ?? 'unknown' }
  }
  const did =
    outcome === 'accepted'
      ? 'succeeded'
      : outcome === 'begun'
        ? 'challenged'
        : reason === 'budget_spent' || reason === 'limited'
          ? 'limited'
          : reason === 'wrong'
            ? 'failed'
            : 'refused'
  return {
    ...common,
    kind: 'authentication',
    did,
    account: account === '' ? null : account,
    method,
    authenticator: null,
    session,
    strength: null,
  }
}
