import { conformanceOf } from '#assurance/conformance/conformance.ts'
import type { AccountView, SecretView, WayInView } from '#assurance/conformance/view.ts'
import type { Conformance } from '#contract/report.ts'
import type { Snapshot } from '#model/compile.ts'
import type { FactOf } from '#model/facts.ts'
import type { AccountAnalysis, Analysis } from './context.ts'
import { isOut, isSecretStore } from './secrets.ts'
import { daysBetween } from './time.ts'
import { proverOf } from './costs.ts'
import type { Way } from './ways-in.ts'

/** Conformance of one account with each profile of the policy, apart. */
export function conformanceFor({ snapshot, policy }: Analysis, account: AccountAnalysis): Conformance[] {
  return conformanceOf(viewOf(snapshot, account), policy.profiles)
}

function viewOf(snapshot: Snapshot, { fact, impact, nominal, effective, ways }: AccountAnalysis): AccountView {
  const { inventory } = snapshot
  const system = fact.system === undefined ? undefined : inventory.get(fact.system)?.fact
  const { at } = inventory.snapshot
  const unusedDays = fact.lastUsed === undefined || at === null ? undefined : daysBetween(fact.lastUsed, at)
  const stated = ways.filter(({ way }) => way.fact !== null)
  const ids = new Set(stated.flatMap(({ way }) => (way.alternatives ?? []).flat()))
  const authenticators = [...ids].flatMap((id) => {
    const found = inventory.get(id)?.fact
    return found?.fact === 'authenticator' ? [found] : []
  })
  return {
    account: { ...fact, ...(unusedDays === undefined ? {} : { unusedDays }) },
    system: system?.fact === 'system' ? system : null,
    authenticators,
    waysIn: stated.map(({ way, worth }) => ({
      ...wayView(snapshot, way),
      strength: worth.strength,
      phishingResistant: worth.phishingResistant,
    })),
    channels: channelsOf(snapshot, authenticators),
    secrets: secretsOf(snapshot, fact.id),
    capabilities: impact.capabilities.map(({ capability }) => capability),
    impact: impact.impact,
    nominalStrength: nominal?.strength ?? null,
    effectiveStrength: effective,
  }
}

function wayView(snapshot: Snapshot, way: Way): Omit<WayInView, 'strength' | 'phishingResistant'> {
  return {
    id: way.id,
    purpose: way.purpose,
    alternatives: way.alternatives?.map((leaves) => leaves.flatMap((id) => proverOf(snapshot, id) ?? [])) ?? null,
    session: way.session,
    ...(way.controls.size === 0 ? {} : { controls: [...way.controls] }),
    ...(way.fact?.riskAnalysis === undefined ? {} : { riskAnalysis: way.fact.riskAnalysis }),
  }
}

/** Channels of the authenticators and what carries those, each once. */
function channelsOf(snapshot: Snapshot, authenticators: readonly FactOf<'authenticator'>[]): FactOf<'channel'>[] {
  const seen = new Set(authenticators.flatMap(({ on }) => on ?? []))
  const channels: FactOf<'channel'>[] = []
  for (const id of seen) {
    const fact = snapshot.inventory.get(id)?.fact
    if (fact?.fact !== 'channel') continue
    channels.push(fact)
    for (const carrier of fact.carriedBy ?? []) seen.add(carrier) // a set grows while it is walked
  }
  return channels
}

function secretsOf(snapshot: Snapshot, account: string): SecretView[] {
  const { at } = snapshot.inventory.snapshot
  return (secretsByAccount(snapshot).get(account) ?? []).map((secret) => {
    const since = secret.rotatedAt ?? secret.issuedAt
    return {
      id: secret.id,
      kind: secret.kind,
      leaked: isOut(secret),
      ...(secret.storedIn === undefined
        ? {}
        : { sanctioned: secret.storedIn.every((where) => isSecretStore(snapshot, where)) }),
      ...(secret.ephemeral === undefined ? {} : { ephemeral: secret.ephemeral }),
      ...(since === undefined || at === null ? {} : { ageDays: daysBetween(since, at) }),
      ...(secret.expiresAt === undefined ? {} : { expires: true }),
    }
  })
}

const bySnapshot = new WeakMap<Snapshot, Map<string, FactOf<'secret'>[]>>()

/** Secrets by the account they open; gathered once for a snapshot. */
function secretsByAccount(snapshot: Snapshot): Map<string, FactOf<'secret'>[]> {
  let index = bySnapshot.get(snapshot)
  if (index !== undefined) return index
  index = new Map()
  for (const { fact } of snapshot.inventory.byKind.secret) {
    for (const account of fact.opens ?? []) {
      const list = index.get(account)
      if (list) list.push(fact)
      else index.set(account, [fact])
    }
  }
  bySnapshot.set(snapshot, index)
  return index
}
