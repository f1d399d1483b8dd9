import type { FactOf } from '#model/facts.ts'
import type { FactNodes } from '#model/compile.ts'

type Secret = FactOf<'secret'>

/** Whether a secret is in other hands: leaked, and not replaced since. A leak without a date is never over. */
export function isOut({ leaked, rotatedAt }: Secret): boolean {
  if (leaked === undefined) return false
  return leaked.at === undefined || rotatedAt === undefined || Date.parse(rotatedAt) <= Date.parse(leaked.at)
}

/** Bindings that tie a session to a key its device keeps, so that a copy of the cookie or token is worth nothing. */
const BOUND: ReadonlySet<string | undefined> = new Set(['dpop', 'mtls', 'dbsc'])

/** Whether a live session is usable by others: known to be exposed, and not bound to a key of its device. */
export function isExposed({ exposed, binding }: FactOf<'session'>): boolean {
  return exposed !== undefined && !BOUND.has(binding)
}

/**
 * Whether an attacker may get at a secret without entering any account or resource first. One that lies only where
 * secrets are meant to lie is had from there, which the rules say; where it lies is unknown, it may lie anywhere.
 */
export function isLoose(snapshot: FactNodes, secret: Secret): boolean {
  if (secret.ephemeral === true) return false // made for one use by someone who is already in
  const places = secret.storedIn ?? []
  return places.length === 0 || places.some((where) => !isSecretStore(snapshot, where))
}

/** `leaked` when it is out; `unsanctioned` when it lies where secrets are not meant to; `stored` when it lies anywhere. */
export function secretStates(snapshot: FactNodes, secret: Secret): readonly ('leaked' | 'unsanctioned' | 'stored')[] {
  const states: ('leaked' | 'unsanctioned' | 'stored')[] = []
  if (isOut(secret)) states.push('leaked')
  const places = secret.storedIn ?? []
  if (places.some((where) => !isSecretStore(snapshot, where))) states.push('unsanctioned')
  if (places.length > 0) states.push('stored')
  return states
}

/** Whether a place is meant for secrets; one that says nothing is not, unless it is a vault. */
export function isSecretStore(snapshot: FactNodes, where: string): boolean {
  const fact = snapshot.inventory.get(where)?.fact
  if (fact?.fact === 'channel') return fact.secretStore ?? fact.kind === 'vault'
  return fact?.fact === 'resource' && fact.secretStore === true
}
