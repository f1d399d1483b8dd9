/** What the nodes of a report are called. Ids are exact, names are for reading; two things of one name keep their ids. */
import type { Report } from '#contract/report.ts'
import { capabilityPhrase } from './words.ts'
import { visible } from './visible.ts'

/** A `right:` node taken apart; the inverse of the compiler's naming (an id may hold colons, a capability may not). */
export interface Right {
  readonly capability: string
  readonly target: string
}

/** The parts of a `right:` node, or undefined for any other node. */
export function rightOf(node: string): Right | undefined {
  const match = /^right:([^:]*):(.*)$/s.exec(node)
  return match ? { capability: match[1]!, target: match[2]! } : undefined
}

/** The way in or rule that a `gate:` node is a part of, or undefined for any other node. */
export function gateOwner(node: string): string | undefined {
  return /^gate:(.*):[^:]*$/s.exec(node)?.[1]
}

export interface Names {
  /** a node as a noun: `Dana Reyes`, `the right to act as Dana Reyes` */
  readonly noun: (node: string) => string
  /** what the holder of a right may do, as a verb phrase; for other nodes `use X` */
  readonly verb: (node: string) => string
  /** what a right is about; for other nodes the node itself */
  readonly target: (node: string) => string
  readonly isAccount: (node: string) => boolean
}

/** Names of everything in a report, with characters that are not seen written out. */
export function namesOf(report: Report): Names {
  const ways = report.accounts.flatMap(({ waysIn }) => waysIn)
  return namesFrom(
    report.accounts.map(({ id, name }) => ({ id, name, isAccount: true })),
    new Map(ways.flatMap(({ id, name }) => (name === undefined ? [] : [[id, name]]))),
  )
}

/** A thing with a name of its own; names that several things share are told apart by their ids. */
export interface Named {
  readonly id: string
  readonly name?: string | undefined
  readonly isAccount: boolean
}

/** @param others  names by id of what is not told apart, such as ways in, which only their owner has */
export function namesFrom(named: readonly Named[], others: ReadonlyMap<string, string>): Names {
  const given = new Map<string, string>()
  const owners = new Map<string, number>()
  const accounts = new Set<string>()
  for (const { id, name, isAccount } of named) {
    if (isAccount) accounts.add(id)
    if (name === undefined || name.trim() === '') continue
    given.set(id, name)
    owners.set(name, (owners.get(name) ?? 0) + 1)
  }
  const plainNoun = (id: string) => {
    const name = given.get(id)
    if (name === undefined) return visible(others.get(id) ?? id)
    return owners.get(name) === 1 ? visible(name) : `${visible(name)} (${visible(id)})`
  }
  const verb = (node: string) => {
    const right = rightOf(node)
    return right ? capabilityPhrase(visible(right.capability), plainNoun(right.target)) : `use ${noun(node)}`
  }
  const noun = (node: string): string => {
    if (rightOf(node)) return `the right to ${verb(node)}`
    const owner = gateOwner(node)
    return owner === undefined ? plainNoun(node) : `a part of ${plainNoun(owner)}`
  }
  return {
    noun,
    verb,
    target: (node) => noun(rightOf(node)?.target ?? node),
    isAccount: (node) => accounts.has(node),
  }
}
