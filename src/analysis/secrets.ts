import type { FactOf } from '#model/facts.ts'
import type { Snapshot } from '#model/compile.ts'

type Secret = FactOf<'secret'>

/** Whether a secret is in other hands: leaked, and not replaced since. A leak without a date is never over. */
export function isOut({ leaked, rotatedAt }: Secret): boolean {
  if (leaked === undefined) return false
  return leaked.at === undefined || rotatedAt === undefined || Date.parse(rotatedAt) <= Date.parse(leaked.at)
}

/** `leaked` when it is out; `unsanctioned` when it lies where secrets are not meant to; `stored` when it lies anywhere. */
export function secretStates(snapshot: Snapshot, secret: Secret): readonly ('leaked' | 'unsanctioned' | 'stored')[] {
  const states: ('leaked' | 'unsanctioned' | 'stored')[] = []
  if (isOut(secret)) states.push('leaked')
  const places = secret.storedIn ?? []
  if (places.some((where) => !isSecretStore(snapshot, where))) states.push('unsanctioned')
  if (places.length > 0) states.push('stored')
  return states
}

/** Whether a place is meant for secrets; one that says nothing is not, unless it is a vault. */
export function isSecretStore(snapshot: Snapshot, where: string): boolean {
  const fact = snapshot.inventory.get(where)?.fact
  if (fact?.fact === 'channel') return fact.secretStore ?? fact.kind === 'vault'
  return fact?.fact === 'resource' && fact.secretStore === true
}
