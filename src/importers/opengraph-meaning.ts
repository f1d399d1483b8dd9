/**
 * The words of the tables that give OpenGraph kinds a meaning here; `opengraph-kinds.ts` has the tables.
 */
import type { AccountKind, AuthenticatorKind, Capability, SecretKind } from '#contract/vocabulary.ts'

/** What a node is. */
export type NodeMeaning =
  | { readonly fact: 'account'; readonly kind: AccountKind }
  | { readonly fact: 'secret'; readonly kind: SecretKind }
  | { readonly fact: 'group' | 'role' | 'resource' }

/** What an edge says of its ends. An edge whose ends do not fit its shape is reported, and means nothing. */
export type Shape =
  /** the start is a member of the end (group, role): it has what the end has */
  | 'member'
  /** the end lies in the start: a resource or a secret in a resource; an account or group in the scope of a group */
  | 'contains'
  /** the start (account, group, role) holds capabilities on the end */
  | 'right'
  /** code placed in the start (resource) acts as the end (account) */
  | 'runsAs'
  /** the start (resource) is given the end (secret) */
  | 'uses'
  /** what is built in the start (resource) is rolled out to the end (resource) */
  | 'deploysTo'
  /** what is built in the end (resource) is rolled out to the start (resource) */
  | 'builtFrom'
  /** the start (secret) is the whole sign-in of the end (account) */
  | 'opens'
  /** the end (secret) is the whole sign-in of the start (account) */
  | 'openedBy'
  /** whoever has the start has the end */
  | 'implies'
  /** gives nothing that Ambit counts */
  | 'nothing'

export interface EdgeMeaning {
  readonly shape: Shape
  readonly gives?: readonly Capability[]
  readonly resets?: readonly AuthenticatorKind[]
  /** shape to take when the start is a resource, which cannot hold a right */
  readonly ofResource?: Shape
}

/** One collector's kinds, as of one version of its definition. */
export interface KindTable {
  readonly namespace: string
  readonly version: string
  readonly source: string
  readonly nodes: Readonly<Record<string, NodeMeaning>>
  readonly edges: Readonly<Record<string, EdgeMeaning>>
}

export const MEMBER: EdgeMeaning = { shape: 'member' }
export const CONTAINS: EdgeMeaning = { shape: 'contains' }
export const IMPLIES: EdgeMeaning = { shape: 'implies' }
export const NOTHING: EdgeMeaning = { shape: 'nothing' }
/** The start holds these capabilities on the end. */
export const right = (...gives: readonly Capability[]): EdgeMeaning => ({ shape: 'right', gives })
/** The start may reset these kinds on the end; `unknown` stands for what the export does not show. */
export const resets = (...kinds: readonly AuthenticatorKind[]): EdgeMeaning => ({
  shape: 'right',
  gives: ['reset_authenticators'],
  resets: kinds,
})
/** Kinds, each by its name with the prefix, that have one meaning. */
export const all = <M>(prefix: string, names: string, meaning: M): Record<string, M> =>
  Object.fromEntries(
    names
      .trim()
      .split(/\s+/u)
      .map((name) => [prefix + name, meaning]),
  )

export const HUMAN: NodeMeaning = { fact: 'account', kind: 'human' }
export const WORKLOAD: NodeMeaning = { fact: 'account', kind: 'workload' }
export const GROUP: NodeMeaning = { fact: 'group' }
export const ROLE: NodeMeaning = { fact: 'role' }
export const RESOURCE: NodeMeaning = { fact: 'resource' }
export const secretOf = (kind: SecretKind): NodeMeaning => ({ fact: 'secret', kind })
