/** One scenario followed to its end: what falls, at which step, by which rule. */
import { heldBy, type Held } from '#analysis/attackers.ts'
import { buildScratch, explore, proofFrom, rankOf, stepFrom } from '#graph/explore.ts'
import type { ProofStep } from '#graph/proof.ts'
import type { Attacker } from '#policy/policy.ts'
import type { World } from './world.ts'

/** Attackers who act together, and what they hold besides. */
export interface Acting {
  readonly attackers: readonly Attacker[]
  /** ids of nodes they hold at the start, whoever they are */
  readonly starts: readonly string[]
}

/** Why a node holds at the start: by a start, or by what these attackers defeat. */
export interface GivenNode {
  readonly node: number
  readonly by: readonly { readonly attacker: Attacker; readonly defeat: Held['defeat'] }[]
}

export interface Takeover {
  /** what holds at the start, in ascending order of node */
  readonly given: readonly GivenNode[]
  /** every node that falls, the given ones first, in order of step */
  readonly order: Uint32Array
  /** the step at which a node falls: 0 for what is given, Infinity for what stands */
  readonly stepOf: (node: number) => number
  /** the rule that gave a node first; the node must fall, and not be given */
  readonly lastStep: (node: number) => ProofStep
  /** a derivation of a node that falls, in order; empty where it is given */
  readonly proof: (node: number) => ProofStep[]
}

/** What they hold before any rule is applied. Starts of which the rules know nothing are left out. */
export function givenTo({ snapshot, signIn }: World, { attackers, starts }: Acting): GivenNode[] {
  const given = new Map<number, GivenNode['by'][number][]>()
  const by = (id: string) => {
    const node = snapshot.indexOf.get(id)
    if (node === undefined) return undefined
    let list = given.get(node)
    if (list === undefined) given.set(node, (list = []))
    return list
  }
  for (const id of starts) by(id)
  for (const attacker of attackers) {
    for (const { id, defeat } of heldBy(snapshot, attacker, signIn)) by(id)?.push({ attacker, defeat })
  }
  return [...given].map(([node, list]) => ({ node, by: list })).toSorted((a, b) => a.node - b.node)
}

/** Follows every rule from what is given until nothing new falls. O(nodes + arcs). */
export function takeover(world: World, acting: Acting): Takeover {
  const { program } = world
  const given = givenTo(world, acting)
  const seeds = new Set(given.map(({ node }) => node))
  const scratch = buildScratch(program)
  explore(program, scratch, [...seeds, ...program.axioms], null)
  return {
    given,
    order: scratch.queue.slice(0, scratch.size),
    stepOf: (node) => rankOf(scratch, node),
    lastStep: (node) => stepFrom(program, scratch, node),
    proof: (node) => proofFrom(program, scratch, (v) => seeds.has(v), node),
  }
}
