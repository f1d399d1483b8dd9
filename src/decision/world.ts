/**
 * What a decision reads: one snapshot under one policy and one set of settings. It never changes, so that a decision is
 * made on one state of things and can be made again on the same.
 */
import type { AccountKind, Control, Impact, Population, Sensitivity, Strength, Verdict } from '#contract/vocabulary.ts'
import type { Policy } from '#policy/policy.ts'
import type { RaisedRequirement, TargetKind } from '#policy/requirement.ts'
import type { AccessPolicy } from './access-policy.ts'
import type { CapabilitySet } from './capabilities.ts'
import type { DecisionSettings } from './settings.ts'

export interface World {
  /** content hash of the facts */
  readonly snapshot: string
  readonly policy: Policy
  readonly settings: DecisionSettings
  readonly accessPolicies: readonly AccessPolicy[]
  /** content hash of the settings and access policies */
  readonly settingsHash: string
  /** undefined for what is no account */
  readonly account: (id: string) => Standing | undefined
  /** what people call it, and the person, workload or service that owns it */
  readonly named: (account: Standing) => { readonly name: string | null; readonly person: string | null }
  /** undefined for what is declared nowhere */
  readonly target: (id: string) => Target | undefined
  /** what the account holds on it at a time, itself or through groups, roles and containers; seconds since 1970 */
  readonly rights: (account: Standing, target: Target, at: number) => readonly HeldRight[]
  /** what the policy asks of the account for these capabilities on this thing, and nothing else */
  readonly path: (account: Standing, capabilities: CapabilitySet, target: Target) => Demand
  /** what one access asks, the floor and the path together; without a path, the whole reach stands for it */
  readonly asked: (account: Standing, path: Demand | null) => Asked
  /** in the order of the inventory */
  readonly accounts: () => Iterable<string>
  readonly targets: () => Iterable<string>
}

/** What is known of an account when it asks for something. */
export interface Standing {
  readonly id: string
  /** its row in the tables of this world */
  readonly row: number
  /** the same for accounts that no rule of the policy tells apart */
  readonly alike: number
  readonly kind: AccountKind
  readonly population: Population | null
  readonly system: string | null
  readonly enabled: boolean
  /** has rights that it holds itself */
  readonly isHolder: boolean
  readonly verdict: Verdict
  /** what it reaches without asking again, and what it reaches at all */
  readonly floor: Demand
  readonly whole: Demand
  /** capabilities of the two that are of moderate impact or more: what an exception has to name */
  readonly floorCapabilities: CapabilitySet
  readonly wholeCapabilities: CapabilitySet
  /** the most that any of its sign-ins may prove, however what is unknown of them turns out */
  readonly canProve: Strength
  /** a secret or session that opens it is known to be out */
  readonly exposed: boolean
  /** controls on record for each of its sign-ins */
  readonly controls: readonly Control[]
  /** the groups and roles it is in, through any nesting */
  readonly groups: readonly string[]
  readonly roles: readonly string[]
}

/** What something is worth, at the worst that is not ruled out, and what the policy asks for it. */
export interface Demand {
  readonly impact: Impact
  readonly requirement: RaisedRequirement
}

/** Something that rights are rights on. */
export interface Target {
  readonly id: string
  /** the same for things of one kind, sensitivity and system */
  readonly alike: number
  /** as in requests: what the inventory calls the kind of a resource, else the kind of the fact */
  readonly type: string
  readonly kind: TargetKind
  readonly sensitivity: Sensitivity | null
  readonly system: string | null
  /** what it lies in, nearest first */
  readonly within: readonly string[]
}

/** A right held at a time. */
export interface HeldRight {
  /** as the source calls it */
  readonly right: string | null
  readonly capabilities: CapabilitySet
  /** seconds since 1970; null where it does not end by itself */
  readonly until: number | null
}

/** What one access asks of a session, before risk: the stricter of floor and access, part by part. */
export interface Asked {
  readonly floor: Demand
  /** of the access alone: how fresh an authentication has to be goes by it */
  readonly access: Demand
  /** false where the action or the thing amounts to no known capability, so that the whole reach stands for it */
  readonly hasPath: boolean
  readonly requirement: RaisedRequirement
  /** of floor or access, whichever is higher: how long a permit lasts goes by it */
  readonly impact: Impact
}
