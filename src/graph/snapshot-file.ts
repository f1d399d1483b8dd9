import { AmbitError } from '#lib/errors.ts'
import type { Program } from './program.ts'
import { hashOfWords } from './snapshot-hash.ts'

/** What one snapshot file holds: a program and what the questions R1 to R6 ask of its nodes and rules. */
export interface SnapshotContents {
  readonly program: Program
  /** per node: 1 if it is an account */
  readonly accountBit: Uint8Array
  /** per node: the capabilities that it is (R1) */
  readonly capabilityMasks: Uint32Array
  /** per node: the attacker profiles that hold it from the start (R3) */
  readonly attackerSeeds: Uint32Array
  /** per node: the losses after which its owner still holds it (R6) */
  readonly ownerSeeds: Uint32Array
  /** nodes that can be defeated outright; each is one more rule without a body, numbered after the program's own (R4) */
  readonly directNodes: Uint32Array
  /** per rule, the program's own and then the direct ones: attacker tier (R4) */
  readonly ruleTiers: Uint8Array
  /** per rule, likewise: effort within the tier (R4) */
  readonly ruleEfforts: Uint8Array
}

/** Version of the layout; a file of any other is refused. */
export const SNAPSHOT_VERSION = 1

/** "AMBITSNP" as two little-endian words. */
const MAGIC = [0x49424d41, 0x504e5354] as const

type Element = 1 | 2 | 4
/** What fixes the length of an array: a count of the sizes section, plus one for offsets; or an earlier array's length. */
type LengthRule = 'nodes' | 'nodes+1' | 'gates' | 'gates+1' | 'rules+direct' | { readonly as: string } | 'free'

/** All arrays of a snapshot, in file order: name, bytes per element, and how long each must be. */
const SECTIONS = [
  ['outOffsets', 4, 'nodes+1'],
  ['outHeads', 4, 'free'],
  ['outRules', 4, { as: 'outHeads' }],
  ['inOffsets', 4, 'nodes+1'],
  ['inBodies', 4, { as: 'outHeads' }],
  ['gateHeads', 4, 'gates'],
  ['gateNeeds', 2, 'gates'],
  ['gateRules', 4, 'gates'],
  ['gateBodyOffsets', 4, 'gates+1'],
  ['gateBodies', 4, 'free'],
  ['nodeGateOffsets', 4, 'nodes+1'],
  ['nodeGates', 4, { as: 'gateBodies' }],
  ['axioms', 4, 'free'],
  ['axiomRules', 4, { as: 'axioms' }],
  ['accountBit', 1, 'nodes'],
  ['capabilityMasks', 4, 'nodes'],
  ['attackerSeeds', 4, 'nodes'],
  ['ownerSeeds', 4, 'nodes'],
  ['directNodes', 4, 'free'],
  ['ruleTiers', 1, 'rules+direct'],
  ['ruleEfforts', 1, 'rules+direct'],
] as const satisfies readonly (readonly [string, Element, LengthRule])[]

/**
 * Layout, all little-endian 32-bit words: magic (2), version, byte length of the whole file in 2 words (low, high),
 * nodes, rules, gates; then per section its element count and digest; then the digest of all words so far. The
 * sections follow in the order of {@link SECTIONS}, each padded with zeros to a multiple of 8 bytes.
 */
const HEADER_WORDS = 8 + 2 * SECTIONS.length + 1
const HEADER_BYTES = Math.ceil(HEADER_WORDS / 2) * 8

type Arrays = Record<(typeof SECTIONS)[number][0], Uint8Array | Uint16Array | Uint32Array>

/** Returns a snapshot as one file. */
export function encodeSnapshot(contents: SnapshotContents): ArrayBuffer {
  assertLittleEndian()
  const { program, ...rest } = contents
  const arrays: Arrays = { ...program, ...rest }
  let byteLength = HEADER_BYTES
  for (const [name] of SECTIONS) byteLength += padded(arrays[name].byteLength)
  const buffer = new ArrayBuffer(byteLength)
  const header = new Uint32Array(buffer, 0, HEADER_WORDS)
  const sizes = [program.nodeCount, program.ruleCount, program.gateHeads.length]
  header.set([...MAGIC, SNAPSHOT_VERSION, byteLength >>> 0, Math.floor(byteLength / 2 ** 32), ...sizes])
  let at = HEADER_BYTES
  SECTIONS.forEach(([name], s) => {
    const array = arrays[name]
    const length = padded(array.byteLength)
    new Uint8Array(buffer, at, array.byteLength).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    header[8 + 2 * s] = array.length
    header[9 + 2 * s] = hashOfWords(new Uint32Array(buffer, at, length / 4))
    at += length
  })
  header[HEADER_WORDS - 1] = hashOfWords(header.subarray(0, HEADER_WORDS - 1))
  return buffer
}

/**
 * Returns what a file holds, as views into `buffer`, which the caller must not change afterwards.
 *
 * Every bit but the padding of the header is covered by a digest, and the lengths must fit together; what is *in* the
 * arrays is trusted, as a file is written by {@link encodeSnapshot} alone.
 *
 * @throws {AmbitError} `snapshot_invalid`, with `detail.section`, if the file is cut off, changed or of another version
 */
export function decodeSnapshot(buffer: ArrayBufferLike): SnapshotContents {
  assertLittleEndian()
  const header = headerOf(buffer)
  const [nodeCount, ruleCount, gateCount] = [header[5], header[6], header[7]]
  const arrays: Partial<Arrays> = {}
  let at = HEADER_BYTES
  SECTIONS.forEach(([name, element], s) => {
    const length = header[8 + 2 * s]
    const bytes = padded(length * element)
    if (at + bytes > buffer.byteLength) refuse(name, 'is cut off')
    if (hashOfWords(new Uint32Array(buffer, at, bytes / 4)) !== header[9 + 2 * s]) refuse(name, 'was changed')
    arrays[name] = viewOf(buffer, at, length, element)
    at += bytes
  })
  if (at !== buffer.byteLength) refuse('header', 'does not account for the length of the file')
  checkLengths(arrays as Arrays, { nodeCount, ruleCount, gateCount })
  const { accountBit, capabilityMasks, attackerSeeds, ownerSeeds, directNodes, ruleTiers, ruleEfforts, ...program } =
    arrays
  const rest = { accountBit, capabilityMasks, attackerSeeds, ownerSeeds, directNodes, ruleTiers, ruleEfforts }
  return { program: { nodeCount, ruleCount, ...program }, ...rest } as SnapshotContents
}

/** The program of the weakest way in: the same rules, and one without a body for each node that is defeated outright. */
export function withDirectRules({ program, directNodes }: SnapshotContents): Program {
  const { axioms, axiomRules, ruleCount } = program
  const heads = new Uint32Array(axioms.length + directNodes.length)
  const rules = new Uint32Array(heads.length)
  heads.set(axioms)
  heads.set(directNodes, axioms.length)
  rules.set(axiomRules)
  for (let i = 0; i < directNodes.length; i++) rules[axioms.length + i] = ruleCount + i
  return { ...program, ruleCount: ruleCount + directNodes.length, axioms: heads, axiomRules: rules }
}

function headerOf(buffer: ArrayBufferLike): Uint32Array {
  if (buffer.byteLength < HEADER_BYTES) refuse('header', 'is cut off')
  const header = new Uint32Array(buffer, 0, HEADER_WORDS)
  if (header[0] !== MAGIC[0] || header[1] !== MAGIC[1]) refuse('header', 'does not begin like a snapshot')
  if (header[2] !== SNAPSHOT_VERSION) refuse('header', `is of version ${header[2]}, not ${SNAPSHOT_VERSION}`)
  if (hashOfWords(header.subarray(0, HEADER_WORDS - 1)) !== header[HEADER_WORDS - 1]) refuse('header', 'was changed')
  if (header[3] + header[4] * 2 ** 32 !== buffer.byteLength) refuse('header', 'states another length than the file has')
  return header
}

function checkLengths(
  arrays: Arrays,
  { nodeCount, ruleCount, gateCount }: { nodeCount: number; ruleCount: number; gateCount: number },
): void {
  const expected = (rule: LengthRule): number | undefined => {
    if (typeof rule === 'object') return arrays[rule.as as keyof Arrays].length
    switch (rule) {
      case 'nodes':
        return nodeCount
      case 'nodes+1':
        return nodeCount + 1
      case 'gates':
        return gateCount
      case 'gates+1':
        return gateCount + 1
      case 'rules+direct':
        return ruleCount + arrays.directNodes.length
      case 'free':
        return undefined
    }
  }
  for (const [name, , rule] of SECTIONS) {
    const length = expected(rule)
    if (length !== undefined && arrays[name].length !== length) refuse(name, `does not have ${length} elements`)
  }
}

function viewOf(buffer: ArrayBufferLike, at: number, length: number, element: Element) {
  if (element === 1) return new Uint8Array(buffer, at, length)
  return element === 2 ? new Uint16Array(buffer, at, length) : new Uint32Array(buffer, at, length)
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

function refuse(section: string, complaint: string): never {
  const advice = 'write the snapshot again from its inventory'
  throw new AmbitError('snapshot_invalid', `section \`${section}\` of the snapshot ${complaint}; ${advice}`, {
    section,
  })
}

/** Typed arrays are stored as they lie in memory. All platforms that Node supports but s390x are little-endian. */
function assertLittleEndian(): void {
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) {
    throw new AmbitError('snapshot_invalid', 'snapshots need a little-endian machine; analyse the inventory directly')
  }
}
