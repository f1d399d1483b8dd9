import type { RuleSystem } from '#graph/rules.ts'

/** A rule system indexed for asking, again and again, what is derivable when some of its rules are gone. */
export interface Derivation {
  readonly system: RuleSystem
  /** per rule: its distinct body nodes other than its head */
  readonly bodies: readonly Uint32Array[]
  /** per node: the rules in whose body it stands */
  readonly uses: readonly (readonly number[])[]
  readonly axioms: readonly number[]
}

export function derivationOf(system: RuleSystem): Derivation {
  const bodies: Uint32Array[] = []
  const uses: number[][] = Array.from({ length: system.nodeCount }, () => [])
  const axioms: number[] = []
  for (let r = 0; r < system.heads.length; r++) {
    const distinct = new Set(system.bodies.subarray(system.bodyOffsets[r], system.bodyOffsets[r + 1]))
    distinct.delete(system.heads[r]!)
    bodies.push(Uint32Array.from(distinct))
    if (system.needs[r] === 0) axioms.push(r)
    else for (const node of distinct) uses[node]!.push(r)
  }
  return { system, bodies, uses, axioms }
}

/** Per node: whether it is derivable from the rules that are not gone. O(size of the rules used). */
export function derivable({ system, uses, axioms }: Derivation, gone: (rule: number) => boolean): Uint8Array {
  const { heads, needs } = system
  const holds = new Uint8Array(system.nodeCount)
  const missing = Uint16Array.from(needs)
  const queue: number[] = []
  const gain = (node: number): void => {
    if (holds[node] === 1) return
    holds[node] = 1
    queue.push(node)
  }
  for (const rule of axioms) if (!gone(rule)) gain(heads[rule]!)
  for (let at = 0; at < queue.length; at++) {
    for (const rule of uses[queue[at]!]!) {
      if (missing[rule] === 0 || gone(rule)) continue
      if (--missing[rule]! === 0) gain(heads[rule]!)
    }
  }
  return holds
}

/**
 * The rules of a derivation of `goal` that uses little of what has weight, from the rules that are not gone; null where
 * there is none. By Knuth's generalisation of Dijkstra's algorithm, so the least sum over the tree; what is used twice
 * counts twice there, and the answer lists it once.
 */
export function lightDerivation(
  { system, bodies, uses, axioms }: Derivation,
  goal: number,
  gone: (rule: number) => boolean,
  weight: (rule: number) => number,
): number[] | null {
  const { heads, needs, nodeCount } = system
  const costs = new Float64Array(nodeCount).fill(Infinity)
  const vias = new Int32Array(nodeCount).fill(-1)
  const place = new Int32Array(nodeCount).fill(-1)
  const missing = Uint16Array.from(needs)
  const gathered = new Float64Array(heads.length)
  const heap = buildHeap()
  const offer = (rule: number, cost: number): void => {
    const head = heads[rule]!
    if (cost >= costs[head]!) return
    costs[head] = cost
    vias[head] = rule
    heap.push(cost, head)
  }
  for (const rule of axioms) if (!gone(rule)) offer(rule, weight(rule))
  let settled = 0
  for (let node = heap.pop(); node !== undefined; node = heap.pop()) {
    if (place[node]! >= 0) continue
    place[node] = settled++
    if (node === goal) break
    for (const rule of uses[node]!) {
      if (missing[rule] === 0 || gone(rule)) continue
      gathered[rule]! += costs[node]!
      if (--missing[rule]! === 0) offer(rule, gathered[rule]! + weight(rule))
    }
  }
  if (place[goal]! < 0) return null
  const rules: number[] = []
  const wanted = [goal]
  const seen = new Set(wanted)
  for (let node = wanted.pop(); node !== undefined; node = wanted.pop()) {
    const rule = vias[node]!
    rules.push(rule)
    const body = Array.from(bodies[rule]!)
      .filter((each) => place[each]! >= 0 && place[each]! < place[node]!)
      .toSorted((a, b) => place[a]! - place[b]!)
    for (const each of body.slice(0, needs[rule])) {
      if (seen.has(each)) continue
      seen.add(each)
      wanted.push(each)
    }
  }
  return rules
}

/** A binary heap of nodes by cost, the cheapest first. */
export function buildHeap(): { push: (cost: number, node: number) => void; pop: () => number | undefined } {
  const costs: number[] = []
  const nodes: number[] = []
  const swap = (a: number, b: number): void => {
    ;[costs[a], costs[b]] = [costs[b]!, costs[a]!]
    ;[nodes[a], nodes[b]] = [nodes[b]!, nodes[a]!]
  }
  return {
    push: (cost, node) => {
      costs.push(cost)
      nodes.push(node)
      for (let at = costs.length - 1; at > 0;) {
        const up = (at - 1) >> 1
        if (costs[up]! <= costs[at]!) break
        swap(at, up)
        at = up
      }
    },
    pop: () => {
      if (nodes.length === 0) return undefined
      swap(0, nodes.length - 1)
      costs.pop()
      const top = nodes.pop()!
      for (let at = 0; ;) {
        let least = at
        for (const down of [2 * at + 1, 2 * at + 2]) {
          if (down < costs.length && costs[down]! < costs[least]!) least = down
        }
        if (least === at) return top
        swap(at, least)
        at = least
      }
    },
  }
}

/**
 * The rules of a derivation, with few steps, of any of the goals from one node alone; empty where that is a goal itself,
 * null where none is reached. O(what is reached).
 */
export function derivationFrom(
  { system, bodies, uses, axioms }: Derivation,
  start: number,
  goals: ReadonlySet<number>,
  gone: (rule: number) => boolean,
): number[] | null {
  const { heads, needs } = system
  const vias = new Map<number, number>([[start, -1]])
  const missing = new Map<number, number>()
  const queue = [start]
  for (const rule of axioms) {
    if (gone(rule) || vias.has(heads[rule]!)) continue
    vias.set(heads[rule]!, rule)
    queue.push(heads[rule]!)
  }
  const place = new Map<number, number>()
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at]!
    place.set(node, at)
    if (goals.has(node)) return rulesBack(node)
    for (const rule of uses[node]!) {
      if (gone(rule)) continue
      const left = (missing.get(rule) ?? needs[rule]!) - 1
      missing.set(rule, left)
      const head = heads[rule]!
      if (left !== 0 || vias.has(head)) continue
      vias.set(head, rule)
      queue.push(head)
    }
  }
  return null

  function rulesBack(goal: number): number[] {
    const rules: number[] = []
    const seen = new Set([goal])
    for (const node of seen) {
      const rule = vias.get(node)!
      if (rule < 0) continue
      rules.push(rule)
      const had = Array.from(bodies[rule]!)
        .filter((each) => (place.get(each) ?? Infinity) < place.get(node)!)
        .toSorted((a, b) => place.get(a)! - place.get(b)!)
      for (const each of had.slice(0, needs[rule])) seen.add(each)
    }
    return rules
  }
}

/**
 * Derives everything from some nodes at once. Returns, of any node, the rules and the given nodes of a derivation with few
 * steps; null where it is not derivable.
 */
export function derivationsFromAll(
  { system, bodies, uses, axioms }: Derivation,
  given: readonly number[],
  gone: (rule: number) => boolean,
): (node: number) => { readonly rules: readonly number[]; readonly given: readonly number[] } | null {
  const { heads, needs, nodeCount } = system
  const vias = new Int32Array(nodeCount).fill(-2)
  const place = new Int32Array(nodeCount).fill(-1)
  const missing = Uint16Array.from(needs)
  const queue: number[] = []
  const gain = (node: number, via: number): void => {
    if (vias[node] !== -2) return
    vias[node] = via
    queue.push(node)
  }
  for (const node of given) gain(node, -1)
  for (const rule of axioms) if (!gone(rule)) gain(heads[rule]!, rule)
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at]!
    place[node] = at
    for (const rule of uses[node]!) {
      if (missing[rule] === 0 || gone(rule)) continue
      if (--missing[rule]! === 0) gain(heads[rule]!, rule)
    }
  }
  return (goal) => {
    if (vias[goal] === -2) return null
    const rules: number[] = []
    const held: number[] = []
    const seen = new Set([goal])
    for (const node of seen) {
      const rule = vias[node]!
      if (rule === -1) held.push(node)
      if (rule < 0) continue
      rules.push(rule)
      const had = Array.from(bodies[rule]!)
        .filter((each) => place[each]! >= 0 && place[each]! < place[node]!)
        .toSorted((a, b) => place[a]! - place[b]!)
      for (const each of had.slice(0, needs[rule])) seen.add(each)
    }
    return { rules, given: held }
  }
}
