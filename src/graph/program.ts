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

/** What becomes of each rule: counts of the first pass, so that the second can fill arrays of the right size. */
interface Sorting {
  /** per rule: 0 for a rule that can never fire, {@link AXIOM}, {@link PLAIN} or {@link GATE} */
  readonly fates: Uint8Array
  /** the rules' bodies with repeated nodes and the head taken out, at the rule's old offset */
  readonly bodies: Uint32Array
  /** per rule: how many nodes of {@link bodies} are left */
  readonly sizes: Uint32Array
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

function sortRules({ nodeCount, heads, needs, bodyOffsets, bodies }: RuleSystem): Sorting {
  const ruleCount = heads.length
  const fates = new Uint8Array(ruleCount)
  const sizes = new Uint32Array(ruleCount)
  const distinct = new Uint32Array(bodies.length)
  const lastRule = new Uint32Array(nodeCount) // rule + 1 that saw the node last: finds repeats in long bodies
  let axiomCount = 0
  let edgeCount = 0
  let gateCount = 0
  let gateBodyCount = 0
  for (let r = 0; r < ruleCount; r++) {
    const start = bodyOffsets[r]
    const end = bodyOffsets[r + 1]
    const head = heads[r]
    const need = needs[r]
    if (need === 0) {
      fates[r] = AXIOM
      axiomCount++
      continue
    }
    let size = 0
    if (end - start === 1) {
      if (bodies[start] !== head) distinct[start + size++] = bodies[start]
    } else {
      for (let i = start; i < end; i++) {
        const v = bodies[i]
        if (v === head || lastRule[v] === r + 1) continue
        lastRule[v] = r + 1
        distinct[start + size++] = v
      }
    }
    if (need > size) continue // stays DEAD
    sizes[r] = size
    if (need === 1) {
      fates[r] = PLAIN
      edgeCount += size
    } else {
      fates[r] = GATE
      gateCount++
      gateBodyCount += size
    }
  }
  return { fates, bodies: distinct, sizes, axiomCount, edgeCount, gateCount, gateBodyCount }
}

type Edges = Pick<Program, 'outOffsets' | 'outHeads' | 'outRules' | 'inOffsets' | 'inBodies'>

/**
 * Three counting sorts: by head in order of rule, from that by body (so heads ascend), from that by head again (so
 * bodies ascend). Ascending neighbours keep the kernels' random reads near each other and allow binary search.
 */
function buildEdges({ nodeCount, heads, bodyOffsets }: RuleSystem, sorting: Sorting): Edges {
  const { fates, bodies, sizes, edgeCount } = sorting
  const inOffsets = new Uint32Array(nodeCount + 1)
  const outOffsets = new Uint32Array(nodeCount + 1)
  for (let r = 0; r < fates.length; r++) {
    if (fates[r] !== PLAIN) continue
    const start = bodyOffsets[r]
    const size = sizes[r]
    inOffsets[heads[r] + 1] += size
    for (let i = start; i < start + size; i++) outOffsets[bodies[i] + 1]++
  }
  accumulate(inOffsets)
  accumulate(outOffsets)

  const inBodies = new Uint32Array(edgeCount)
  const inRules = new Uint32Array(edgeCount)
  const inNext = inOffsets.slice(0, nodeCount)
  for (let r = 0; r < fates.length; r++) {
    if (fates[r] !== PLAIN) continue
    const start = bodyOffsets[r]
    const size = sizes[r]
    for (let i = start; i < start + size; i++) {
      const at = inNext[heads[r]]++
      inBodies[at] = bodies[i]
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

function buildGates({ nodeCount, heads, needs, bodyOffsets }: RuleSystem, sorting: Sorting): Gates {
  const { fates, bodies, sizes, gateCount, gateBodyCount } = sorting
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
    const start = bodyOffsets[r]
    for (let i = start; i < start + sizes[r]; i++) {
      gateBodies[at++] = bodies[i]
      nodeGateOffsets[bodies[i] + 1]++
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
