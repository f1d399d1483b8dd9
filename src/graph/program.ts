import type { RuleSystem } from './rules.ts'

/**
 * A rule system made ready for the kernels: a plain record of typed arrays, so that it can be stored and shared as it is.
 *
 * *Plain edges* are rules of which one body node suffices: each of their body nodes is an edge to the head.
 * *Gates* are rules that need two or more distinct body nodes. Rules that can never fire are gone, and so is a body
 * node equal to its own head, which never helps to derive it. Parallel edges are kept: their rules may differ in cost.
 */
export interface Program {
  readonly nodeCount: number
  /** rules of the system this was built of; rule indices below are theirs */
  readonly ruleCount: number
  /** nodeCount + 1 offsets into {@link outHeads} and {@link outRules} */
  readonly outOffsets: Uint32Array
  /** heads of the plain edges that leave a node, ascending per node */
  readonly outHeads: Uint32Array
  /** per out-edge: the rule it comes from, ascending among parallel edges */
  readonly outRules: Uint32Array
  /** nodeCount + 1 offsets into {@link inBodies} */
  readonly inOffsets: Uint32Array
  /** bodies of the plain edges that enter a node, ascending per node */
  readonly inBodies: Uint32Array
  /** per gate: its head; gates are in ascending order of head, so that one head's gates are neighbours */
  readonly gateHeads: Uint32Array
  /** per gate: how many body nodes must hold; 2 … size of its body */
  readonly gateNeeds: Uint16Array
  /** per gate: the rule it comes from */
  readonly gateRules: Uint32Array
  /** gateCount + 1 offsets into {@link gateBodies} */
  readonly gateBodyOffsets: Uint32Array
  /** distinct body nodes per gate */
  readonly gateBodies: Uint32Array
  /** nodeCount + 1 offsets into {@link nodeGates} */
  readonly nodeGateOffsets: Uint32Array
  /** gates in whose body a node stands, ascending per node */
  readonly nodeGates: Uint32Array
  /** heads of the rules that need nothing, in order of rule; a head may repeat */
  readonly axioms: Uint32Array
  /** per axiom: the rule it comes from */
  readonly axiomRules: Uint32Array
}

/** What becomes of each rule, and how many entries that makes, so that the arrays can be built at their size. */
interface Sorting {
  /** per rule: {@link AXIOM}, {@link PLAIN}, {@link GATE}, or 0 if it can never fire */
  readonly fates: Uint8Array
  /** room for the longest body */
  readonly buffer: Uint32Array
  readonly axiomCount: number
  readonly edgeCount: number
  readonly gateCount: number
  readonly gateBodyCount: number
}

const AXIOM = 1
const PLAIN = 2
const GATE = 3

/**
 * Sorts rules into axioms, plain edges and gates, and indexes them from both ends. O(nodes + rules + body nodes).
 *
 * @throws {RangeError} if the arrays do not fit together or name a node outside the system
 */
export function buildProgram(system: RuleSystem): Program {
  checkSystem(system)
  const sorting = sortRules(system)
  return {
    nodeCount: system.nodeCount,
    ruleCount: system.heads.length,
    ...buildEdges(system, sorting),
    ...buildGates(system, sorting),
    ...buildAxioms(system, sorting),
  }
}

function checkSystem({ nodeCount, heads, needs, bodyOffsets, bodies }: RuleSystem): void {
  const ruleCount = heads.length
  if (needs.length !== ruleCount || bodyOffsets.length !== ruleCount + 1) {
    throw new RangeError(
      `${ruleCount} heads, ${needs.length} needs and ${bodyOffsets.length} offsets do not fit together`,
    )
  }
  if (bodyOffsets[0] !== 0 || bodyOffsets[ruleCount] !== bodies.length) {
    throw new RangeError(`the offsets do not cover the ${bodies.length} body nodes`)
  }
  for (let r = 0; r < ruleCount; r++) {
    if (bodyOffsets[r + 1] < bodyOffsets[r]) throw new RangeError(`the body of rule ${r} ends before it begins`)
    if (heads[r] >= nodeCount) throw new RangeError(`head ${heads[r]} of rule ${r} is outside the ${nodeCount} nodes`)
  }
  for (let i = 0; i < bodies.length; i++) {
    if (bodies[i] >= nodeCount) throw new RangeError(`body node ${bodies[i]} is outside the ${nodeCount} nodes`)
  }
}

function sortRules(system: RuleSystem): Sorting {
  const { needs, bodyOffsets } = system
  const ruleCount = needs.length
  const fates = new Uint8Array(ruleCount)
  let longest = 0
  for (let r = 0; r < ruleCount; r++) longest = Math.max(longest, bodyOffsets[r + 1] - bodyOffsets[r])
  const buffer = new Uint32Array(longest)
  let axiomCount = 0
  let edgeCount = 0
  let gateCount = 0
  let gateBodyCount = 0
  for (let r = 0; r < ruleCount; r++) {
    if (needs[r] === 0) {
      fates[r] = AXIOM
      axiomCount++
      continue
    }
    const size = distinctBody(system, r, buffer)
    if (needs[r] > size) continue
    if (needs[r] === 1) {
      fates[r] = PLAIN
      edgeCount += size
    } else {
      fates[r] = GATE
      gateCount++
      gateBodyCount += size
    }
  }
  return { fates, buffer, axiomCount, edgeCount, gateCount, gateBodyCount }
}

/** Bodies longer than this are searched for repeats with a set, not pair by pair. */
const SHORT = 16

/**
 * Writes the distinct body nodes of a rule other than its head to `buffer` and returns how many they are. Asked for
 * again in each pass: to keep them would take longer than to find them.
 */
function distinctBody({ heads, bodyOffsets, bodies }: RuleSystem, rule: number, buffer: Uint32Array): number {
  const start = bodyOffsets[rule]
  const end = bodyOffsets[rule + 1]
  const seen = end - start > SHORT ? new Set<number>() : null
  let size = 0
  for (let i = start; i < end; i++) {
    const v = bodies[i]
    if (v === heads[rule] || (seen === null ? holds(buffer, size, v) : seen.has(v))) continue
    seen?.add(v)
    buffer[size++] = v
  }
  return size
}

function holds(buffer: Uint32Array, size: number, node: number): boolean {
  for (let i = 0; i < size; i++) if (buffer[i] === node) return true
  return false
}

type Edges = Pick<Program, 'outOffsets' | 'outHeads' | 'outRules' | 'inOffsets' | 'inBodies'>

/**
 * Three counting sorts: by head in order of rule, from that by body (so heads ascend), from that by head again (so
 * bodies ascend). Ascending neighbours keep the kernels' random reads near each other and allow binary search.
 */
function buildEdges(system: RuleSystem, { fates, buffer, edgeCount }: Sorting): Edges {
  const { nodeCount, heads } = system
  const inOffsets = new Uint32Array(nodeCount + 1)
  const outOffsets = new Uint32Array(nodeCount + 1)
  for (let r = 0; r < fates.length; r++) {
    if (fates[r] !== PLAIN) continue
    const size = distinctBody(system, r, buffer)
    inOffsets[heads[r] + 1] += size
    for (let i = 0; i < size; i++) outOffsets[buffer[i] + 1]++
  }
  accumulate(inOffsets)
  accumulate(outOffsets)

  const inBodies = new Uint32Array(edgeCount)
  const inRules = new Uint32Array(edgeCount)
  const inNext = inOffsets.slice(0, nodeCount)
  for (let r = 0; r < fates.length; r++) {
    if (fates[r] !== PLAIN) continue
    const size = distinctBody(system, r, buffer)
    for (let i = 0; i < size; i++) {
      const at = inNext[heads[r]]++
      inBodies[at] = buffer[i]
      inRules[at] = r
    }
  }

  const outHeads = new Uint32Array(edgeCount)
  const outRules = new Uint32Array(edgeCount)
  const outNext = outOffsets.slice(0, nodeCount)
  for (let v = 0; v < nodeCount; v++) {
    for (let i = inOffsets[v]; i < inOffsets[v + 1]; i++) {
      const at = outNext[inBodies[i]]++
      outHeads[at] = v
      outRules[at] = inRules[i]
    }
  }

  inNext.set(inOffsets.subarray(0, nodeCount))
  for (let u = 0; u < nodeCount; u++) {
    for (let i = outOffsets[u]; i < outOffsets[u + 1]; i++) inBodies[inNext[outHeads[i]]++] = u
  }
  return { outOffsets, outHeads, outRules, inOffsets, inBodies }
}

type Gates = Pick<
  Program,
  'gateHeads' | 'gateNeeds' | 'gateRules' | 'gateBodyOffsets' | 'gateBodies' | 'nodeGateOffsets' | 'nodeGates'
>

function buildGates(system: RuleSystem, { fates, buffer, gateCount, gateBodyCount }: Sorting): Gates {
  const { nodeCount, heads, needs } = system
  const gateRules = new Uint32Array(gateCount)
  const nextOfHead = new Uint32Array(nodeCount + 1)
  for (let r = 0; r < fates.length; r++) if (fates[r] === GATE) nextOfHead[heads[r] + 1]++
  accumulate(nextOfHead)
  for (let r = 0; r < fates.length; r++) if (fates[r] === GATE) gateRules[nextOfHead[heads[r]]++] = r

  const gateHeads = new Uint32Array(gateCount)
  const gateNeeds = new Uint16Array(gateCount)
  const gateBodyOffsets = new Uint32Array(gateCount + 1)
  const gateBodies = new Uint32Array(gateBodyCount)
  const nodeGateOffsets = new Uint32Array(nodeCount + 1)
  let at = 0
  for (let g = 0; g < gateCount; g++) {
    const r = gateRules[g]
    gateHeads[g] = heads[r]
    gateNeeds[g] = needs[r]
    const size = distinctBody(system, r, buffer)
    for (let i = 0; i < size; i++) {
      gateBodies[at++] = buffer[i]
      nodeGateOffsets[buffer[i] + 1]++
    }
    gateBodyOffsets[g + 1] = at
  }
  accumulate(nodeGateOffsets)
  const nodeGates = new Uint32Array(gateBodyCount)
  const nodeNext = nodeGateOffsets.slice(0, nodeCount)
  for (let g = 0; g < gateCount; g++) {
    for (let i = gateBodyOffsets[g]; i < gateBodyOffsets[g + 1]; i++) nodeGates[nodeNext[gateBodies[i]]++] = g
  }
  return { gateHeads, gateNeeds, gateRules, gateBodyOffsets, gateBodies, nodeGateOffsets, nodeGates }
}

function buildAxioms({ heads }: RuleSystem, { fates, axiomCount }: Sorting): Pick<Program, 'axioms' | 'axiomRules'> {
  const axioms = new Uint32Array(axiomCount)
  const axiomRules = new Uint32Array(axiomCount)
  let at = 0
  for (let r = 0; r < fates.length; r++) {
    if (fates[r] !== AXIOM) continue
    axioms[at] = heads[r]
    axiomRules[at++] = r
  }
  return { axioms, axiomRules }
}

/** Turns counts, kept one place to the right, into offsets. */
function accumulate(counts: Uint32Array): void {
  for (let i = 1; i < counts.length; i++) counts[i] += counts[i - 1]
}
