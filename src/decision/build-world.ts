/**
 * A {@link World} out of a live analysis: all that can be worked out per snapshot is, into tables, so that a decision looks
 * up and compares. Accounts alike share everything but their rows; a world keeps neither the analysis nor its facts.
 */
import { createHash } from 'node:crypto'
import type { LiveAnalysis } from '#analysis/live.ts'
import type { AccessPolicy } from './access-policy.ts'
import { tablesAfter, tablesOf, type Analyses, type Tables } from './account-rows.ts'
import { accountsIn, type Accounts } from './accounts.ts'
import { askedOf } from './demand.ts'
import { ungatedUnder, type Since } from './gated.ts'
import { buildMemberships, NO_MEMBERSHIP, type Membership } from './members.ts'
import { buildPaths } from './paths.ts'
import { buildRights } from './rights.ts'
import type { DecisionSettings } from './settings.ts'
import { buildTargets } from './targets.ts'
import type { Asked, Demand, Target, World } from './world.ts'

/**
 * Builds the world of a snapshot. The order of the access policies does not matter.
 *
 * @throws {AmbitError} `input_invalid` if the facts without the gated entitlements contradict each other
 */
export const buildWorld = (
  live: LiveAnalysis,
  settings: DecisionSettings,
  accessPolicies: readonly AccessPolicy[] = [],
): World => worldsUnder(settings, accessPolicies)(live)

/**
 * Builds the worlds of one snapshot after another, as {@link buildWorld} does. `since`: what the snapshot came of, if its world
 * was built before; only what the change bears on is then worked out.
 */
export function worldsUnder(
  settings: DecisionSettings,
  accessPolicies: readonly AccessPolicy[],
): (live: LiveAnalysis, since?: Since) => World {
  const policies = accessPolicies.toSorted((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : a.text < b.text ? -1 : 1,
  )
  const under = { settings, accessPolicies: policies, settingsHash: hashOf(settings, policies) }
  const ungated = ungatedUnder(settings.gated)
  const built = new WeakMap<LiveAnalysis, { readonly analyses: Analyses; readonly tables: Tables }>()
  return (live, since) => {
    const analyses = { whole: live, ungated: ungated.of(live, since) }
    const last = since === undefined ? undefined : built.get(since.before)
    const followed = last === undefined ? null : tablesAfter(last.tables, last.analyses, analyses, since!)
    const tables = followed ?? tablesOf(analyses)
    built.set(live, { analyses, tables })
    return worldOf(live, accountsIn(tables), under)
  }
}

function worldOf(
  live: LiveAnalysis,
  accounts: Accounts,
  under: Pick<World, 'settings' | 'accessPolicies' | 'settingsHash'>,
): World {
  const { inventory, policy } = live
  const targets = buildTargets(inventory, accounts)
  const rights = buildRights(inventory)
  const memberOf = memberships(live, accounts)
  return {
    snapshot: live.snapshotId,
    policy,
    ...under,
    account: accounts.standing,
    named: ({ row }) => accounts.named(row),
    target: targets.target,
    rights: (account, target, at) =>
      rights.held(account.isHolder ? account.id : null, accounts.membership(account.row), target, memberOf(target), at),
    path: buildPaths(inventory, policy, accounts.alike),
    asked: buildAsked(),
    accounts: accounts.ids,
    targets: targets.ids,
  }
}

/** The groups and roles that something is in, of which rights over their members hold for it. */
function memberships({ inventory }: LiveAnalysis, accounts: Accounts): (target: Target) => Membership {
  const memberships = buildMemberships()
  const outer = new Map<string, Membership>()
  for (const kind of ['group', 'role'] as const) {
    for (const { fact } of inventory.byKind[kind])
      outer.set(fact.id, memberships.at(memberships.numberOf(inventory, fact.memberOf)))
  }
  return ({ id, kind }) => {
    if (kind !== 'account') return outer.get(id) ?? NO_MEMBERSHIP
    const row = accounts.rowOf(id)
    return row === undefined ? NO_MEMBERSHIP : accounts.membership(row)
  }
}

/** Few floors meet few accesses: each pair is weighed once. */
function buildAsked(): World['asked'] {
  const withPath = new Map<Demand, Map<Demand, Asked>>()
  const without = new Map<Demand, Map<Demand, Asked>>()
  return ({ floor, whole }, path) => {
    const known = path === null ? without : withPath
    const access = path ?? whole
    let byAccess = known.get(floor)
    if (byAccess === undefined) known.set(floor, (byAccess = new Map<Demand, Asked>()))
    let asked = byAccess.get(access)
    if (asked === undefined) byAccess.set(access, (asked = askedOf(floor, access, path !== null)))
    return asked
  }
}

/** SHA-256 of the settings and access policies, in a fixed order. */
function hashOf(settings: DecisionSettings, policies: readonly AccessPolicy[]): string {
  const hash = createHash('sha256').update(JSON.stringify(settings, inOrder))
  for (const { text } of policies) hash.update(`\0${text}`)
  return `sha256:${hash.digest('hex')}`
}

const inOrder = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value
