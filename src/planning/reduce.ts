import type { RuleSystem } from '#graph/rules.ts'
import { derivable, derivationOf } from './derivation.ts'

/** A node of what is left: holds when `needs` of `body` hold and it is not cut. A leaf needs nothing. */
export interface Part {
  needs: number
  body: Set<number>
  /** what it costs to cut it; Infinity where it cannot be, or need not be considered */
  cost: number
  /** the nodes of the system that are cut when it is */
  cut: readonly number[]
}

export interface Reduced {
  readonly parts: ReadonlyMap<number, Part>
  readonly goal: number
}

/** The goal itself counts as used by someone, so that it is never folded away. */
const ASKER = -1

/**
 * Makes a system smaller without changing its cheapest cut: leaves out what cannot be derived and what the goal does not
 * rest on, then folds whatever serves one node only. What is left of a tree is one leaf. Linear in practice.
 *
 * @param costs  per node: what it costs to cut it, i.e. to take away every rule with this head
 * @returns null where the goal cannot be derived at all
 */
export function reduce(system: RuleSystem, costs: ArrayLike<number>, goal: number): Reduced | null {
  const parts = partsOf(system, costs)
  if (!keepRelevant(parts, goal)) return null
  const users = new Map<number, Set<number>>()
  for (const id of parts.keys()) users.set(id, new Set())
  for (const [id, { body }] of parts) for (const each of body) users.get(each)!.add(id)
  users.get(goal)!.add(ASKER)
  const state: State = { parts, users, goal, queue: [...parts.keys()] }
  for (let id = state.queue.pop(); id !== undefined; id = state.queue.pop()) {
    const part = parts.get(id)
    if (part !== undefined) simplify(state, id, part)
  }
  return { parts, goal: state.goal }
}

interface State {
  readonly parts: Map<number, Part>
  readonly users: Map<number, Set<number>>
  goal: number
  readonly queue: number[]
}

/** Each node as one part; a node that several rules give is any one of them. Bodies hold derivable nodes only. */
function partsOf(system: RuleSystem, costs: ArrayLike<number>): Map<number, Part> {
  const derivation = derivationOf(system)
  const holds = derivable(derivation, () => false)
  const rulesOf = new Map<number, number[]>()
  system.heads.forEach((head, rule) => {
    if (holds[head] === 0) return
    const rules = rulesOf.get(head)
    if (rules) rules.push(rule)
    else rulesOf.set(head, [rule])
  })
  const parts = new Map<number, Part>()
  for (const [node, rules] of rulesOf) {
    const bodies = rules
      .map((rule) => ({
        needs: system.needs[rule]!,
        body: new Set(Array.from(derivation.bodies[rule]!).filter((each) => holds[each] === 1)),
      }))
      .filter(({ needs, body }) => body.size >= needs)
    const own = { cost: costs[node]!, cut: [node] }
    const given = bodies.find(({ needs }) => needs === 0)
    if (given !== undefined) parts.set(node, { needs: 0, body: new Set(), ...own })
    else if (bodies.length === 1) parts.set(node, { ...bodies[0]!, ...own })
    else {
      const alternatives = bodies.map((each, i) => {
        const id = system.nodeCount + rules[i]! // a name of its own for what one rule gives
        parts.set(id, { ...each, cost: Infinity, cut: [] })
        return id
      })
      parts.set(node, { needs: 1, body: new Set(alternatives), ...own })
    }
  }
  return parts
}

/** Drops what the goal does not rest on; false where there is no goal. */
function keepRelevant(parts: Map<number, Part>, goal: number): boolean {
  if (!parts.has(goal)) return false
  const relevant = new Set([goal])
  for (const id of relevant) for (const each of parts.get(id)!.body) relevant.add(each)
  for (const id of parts.keys()) if (!relevant.has(id)) parts.delete(id)
  return true
}

function simplify(state: State, id: number, part: Part): void {
  if (part.needs <= 0) return simplifyLeaf(state, id, part)
  const { parts, users } = state
  for (const each of part.body) {
    const inner = parts.get(each)!
    if (users.get(each)!.size !== 1) continue
    // it serves this node only: to cut it is never better than to cut this one, if it is no cheaper
    if (inner.cost >= part.cost && inner.cost !== Infinity) {
      inner.cost = Infinity
      state.queue.push(each)
    }
    const any = part.needs === 1 && inner.needs === 1
    const all = part.needs === part.body.size && inner.needs === inner.body.size && inner.needs > 1
    if (inner.cost === Infinity && inner.needs > 0 && (any || all)) {
      absorb(state, id, part, each, inner, all)
      state.queue.push(id)
      return
    }
  }
  if (part.body.size === 1 && part.needs === 1) return simplifyChain(state, id, part)
  foldLeaves(state, id, part)
}

/** Puts the body of an inner node in its place. */
function absorb(state: State, id: number, part: Part, inner: number, { body }: Part, all: boolean): void {
  unlink(state, id, part, inner)
  for (const each of body) {
    state.users.get(each)!.delete(inner)
    if (each !== id) link(state, id, part, each)
  }
  if (all) part.needs = part.body.size
  state.parts.delete(inner)
}

function link({ users }: State, id: number, part: Part, inner: number): void {
  part.body.add(inner)
  users.get(inner)!.add(id)
}

/** Takes a node out of a body; whoever is left as its only user may fold it now. */
function unlink(state: State, id: number, part: Part, inner: number): void {
  part.body.delete(inner)
  const users = state.users.get(inner)
  users?.delete(id)
  if (users?.size === 1) for (const user of users) state.queue.push(user)
}

/** A leaf that cannot be cut always holds: nobody needs to ask for it. */
function simplifyLeaf(state: State, id: number, part: Part): void {
  for (const user of state.users.get(id)!) if (user !== ASKER && part.cost !== Infinity) state.queue.push(user)
  if (part.cost !== Infinity) return
  for (const user of state.users.get(id)!) {
    if (user === ASKER) continue
    const asking = state.parts.get(user)
    if (asking === undefined) continue // forgotten along with another user
    unlink(state, user, asking, id)
    asking.needs--
    if (asking.needs <= 0) becomeLeaf(state, user, asking)
    state.queue.push(user)
  }
  if (state.goal !== id) state.parts.delete(id)
}

function becomeLeaf(state: State, id: number, part: Part): void {
  part.needs = 0
  for (const each of part.body) {
    unlink(state, id, part, each)
    forget(state, each)
  }
  state.queue.push(id)
}

/** Drops a node that nobody uses any more, and what only it used. */
function forget(state: State, id: number): void {
  const doomed = [id]
  for (let each = doomed.pop(); each !== undefined; each = doomed.pop()) {
    const part = state.parts.get(each)
    if (part === undefined || state.users.get(each)!.size > 0) continue
    for (const inner of part.body) {
      unlink(state, each, part, inner)
      doomed.push(inner)
    }
    state.parts.delete(each)
  }
}

/** A node with one node in its body: the two are one, or the dearer of them need never be cut. */
function simplifyChain(state: State, id: number, part: Part): void {
  const [inner] = part.body as Set<number> & Iterable<number>
  const below = state.parts.get(inner!)!
  if (state.users.get(inner!)!.size === 1) {
    if (below.cost < part.cost) Object.assign(part, { cost: below.cost, cut: below.cut })
    part.body.delete(inner!)
    part.needs = below.needs
    for (const each of below.body) {
      state.users.get(each)!.delete(inner!)
      if (each !== id) link(state, id, part, each)
    }
    state.parts.delete(inner!)
    state.queue.push(id, ...[...state.users.get(id)!].filter((user) => user !== ASKER))
    return
  }
  if (part.cost < below.cost) return
  const users = [...state.users.get(id)!]
  const foldable = users.every((user) => {
    const asking = state.parts.get(user)
    if (asking === undefined || !asking.body.has(inner!)) return true
    return asking.needs === 1 || asking.needs === asking.body.size
  })
  if (!foldable) return
  for (const user of users) {
    if (user === ASKER) {
      state.goal = inner!
      state.users.get(inner!)!.add(ASKER)
      continue
    }
    const asking = state.parts.get(user)!
    const all = asking.needs === asking.body.size
    unlink(state, user, asking, id)
    if (user !== inner) link(state, user, asking, inner!)
    if (all) asking.needs = asking.body.size
    state.queue.push(user)
  }
  unlink(state, id, part, inner!)
  state.parts.delete(id)
}

/** Leaves that serve this node alone: of any one of them all must be cut, of all of them the cheapest. */
function foldLeaves(state: State, id: number, part: Part): void {
  const { parts, users } = state
  const own = [...part.body].filter((each) => parts.get(each)!.needs <= 0 && users.get(each)!.size === 1)
  if (own.length === 0) return
  const leaves = own.map((each) => parts.get(each)!).toSorted((a, b) => a.cost - b.cost)
  const whole = own.length === part.body.size
  const any = part.needs === 1
  const all = part.needs === part.body.size
  if (whole) {
    const cut = leaves.slice(0, leaves.length - part.needs + 1)
    const cost = cut.reduce((sum, leaf) => sum + leaf.cost, 0)
    if (cost < part.cost) Object.assign(part, { cost, cut: cut.flatMap((leaf) => leaf.cut) })
    becomeLeaf(state, id, part)
    state.queue.push(...[...users.get(id)!].filter((user) => user !== ASKER))
    return
  }
  if (own.length < 2 || !(any || all)) return
  const kept = own.find((each) => parts.get(each) === leaves[0])!
  const merged = parts.get(kept)!
  if (any) {
    merged.cost = leaves.reduce((sum, leaf) => sum + leaf.cost, 0)
    merged.cut = leaves.flatMap((leaf) => leaf.cut)
  }
  for (const each of own) {
    if (each === kept) continue
    part.body.delete(each)
    parts.delete(each)
    if (all) part.needs--
  }
  state.queue.push(id)
}
