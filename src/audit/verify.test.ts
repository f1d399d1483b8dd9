import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonical } from './canonical.ts'
import { blockOf, genesis, linesOf, type Block, type Head } from './chain.ts'
import {
  checkpointOf,
  cutOf,
  headersDigest,
  newSigningKey,
  NO_HEADERS,
  publicKeys,
  signerOf,
  type Checkpoint,
} from './checkpoint.ts'
import { aNodeRecord } from './records.fixture.ts'
import { sealed } from './seal.ts'
import { verifyChain, type ChainRows } from './verify.ts'

const masks = { pointers: [], key: new Uint8Array(32) }
const name = { chain: 'chain_1', node: 'a', startedAt: 5 }
const jwk = newSigningKey()
const signer = signerOf(jwk)
const keys = publicKeys([jwk])

interface Log {
  blocks: Block[]
  head: Head
  checkpoints: Checkpoint[]
  cuts: string[]
}

/** A chain of blocks with so many records each, with a checkpoint after each of them and one anchor that has them all. */
function logOf(sizes: readonly number[], salt = ''): Log {
  let head: Head = { seq: 0, hash: genesis(name) }
  const log: Log = { blocks: [], head, checkpoints: [], cuts: [] }
  for (const [index, size] of sizes.entries()) {
    // times do not rise: the clock of the node was set back again and again
    const records = Array.from({ length: size }, (_, each) =>
      sealed(aNodeRecord(1000 - index * 10 + each, `n${salt}`), masks),
    )
    const { block } = blockOf(name.chain, head, records)
    head = { seq: block.lastSeq, hash: block.lastHash }
    log.blocks.push(block)
    log.checkpoints.push(checkpointOf({ chain: name.chain, number: index + 1, ...head, at: 1 }, signer))
  }
  return { ...log, head }
}

async function verdict(log: Log, anchors: readonly Checkpoint[] | null, trusted = keys) {
  const rows: ChainRows = {
    name,
    head: async () => log.head,
    async *blocks(seq) {
      yield* log.blocks.filter(({ firstSeq }) => firstSeq >= seq).toSorted((a, b) => a.firstSeq - b.firstSeq)
    },
    checkpoints: async () => log.checkpoints.map((each) => ({ number: each.number, text: canonical(each) })),
    cuts: async () => log.cuts,
  }
  return await verifyChain(rows, trusted, anchors?.map(canonical) ?? null)
}

const copy = (log: Log): Log => structuredClone(log)
const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 })
type Pick = (below: number) => number
type Edit = (log: Log, pick: Pick) => boolean

/** Changes the lines of one block's body; the labels of the block stay. */
const inLines =
  (edit: (lines: string[], pick: Pick) => boolean): Edit =>
  (log, pick) => {
    const at = pick(log.blocks.length)
    const lines = log.blocks[at]!.body!.split('\n').slice(0, -1)
    if (!edit(lines, pick)) return false
    log.blocks[at] = { ...log.blocks[at]!, body: lines.map((line) => `${line}\n`).join('') }
    return true
  }

const swap = <T>(list: T[], a: number, b: number): boolean => {
  if (a === b) return false
  ;[list[a], list[b]] = [list[b]!, list[a]!]
  return true
}

/** What somebody who writes to the store may do, once. Each says whether it changed anything. */
const EDITS: Readonly<Record<string, Edit>> = {
  'flip a character of a body': (log, pick) => {
    const at = pick(log.blocks.length)
    const body = log.blocks[at]!.body!
    const place = pick(body.length)
    const other = String.fromCharCode(body.charCodeAt(place) ^ (1 << pick(7)))
    log.blocks[at] = { ...log.blocks[at]!, body: body.slice(0, place) + other + body.slice(place + 1) }
    return true
  },
  'cut characters off the end of a body': (log, pick) => {
    const at = pick(log.blocks.length)
    const body = log.blocks[at]!.body!
    log.blocks[at] = { ...log.blocks[at]!, body: body.slice(0, body.length - 1 - pick(body.length)) }
    return true
  },
  'drop a record': inLines((lines, pick) => lines.splice(pick(lines.length), 1).length === 1),
  'double a record': inLines((lines, pick) => {
    const at = pick(lines.length)
    lines.splice(at, 0, lines[at]!)
    return true
  }),
  'insert an empty record': inLines((lines, pick) => {
    lines.splice(pick(lines.length + 1), 0, '')
    return true
  }),
  'swap two records of a block': inLines((lines, pick) => swap(lines, pick(lines.length), pick(lines.length))),
  'swap the bodies of two blocks': (log, pick) => {
    const [a, b] = [pick(log.blocks.length), pick(log.blocks.length)]
    const [one, other] = [log.blocks[a]!, log.blocks[b]!]
    log.blocks[a] = { ...one, body: other.body }
    log.blocks[b] = { ...other, body: one.body }
    return a !== b
  },
  'drop a block': (log, pick) => log.blocks.splice(pick(log.blocks.length), 1).length === 1,
  'take a body away': (log, pick) => {
    const at = pick(log.blocks.length)
    log.blocks[at] = { ...log.blocks[at]!, body: null }
    return true
  },
  'insert a block': (log, pick) => {
    const block = log.blocks[pick(log.blocks.length)]!
    const firstSeq = log.head.seq + 1
    log.blocks.push({ ...block, firstSeq, lastSeq: firstSeq + block.lastSeq - block.firstSeq })
    return true
  },
  'change a label of a block': (log, pick) => {
    const at = pick(log.blocks.length)
    const block = log.blocks[at]!
    const by = 1 + pick(3)
    const changed = [
      { ...block, firstSeq: block.firstSeq + by },
      { ...block, lastSeq: block.lastSeq + by },
      { ...block, at: block.at + by },
      { ...block, prevHash: 'f'.repeat(64) },
      { ...block, lastHash: 'f'.repeat(64) },
      { ...block, chain: 'chain_2' },
    ]
    log.blocks[at] = changed[pick(changed.length)]!
    return true
  },
  'change the head': (log, pick) => {
    log.head = pick(2) === 0 ? { ...log.head, seq: log.head.seq + 1 } : { ...log.head, hash: 'f'.repeat(64) }
    return true
  },
  'cut off the end, and say that it was always so': (log, pick) => {
    const kept = pick(log.blocks.length)
    const last = log.blocks[kept - 1]
    log.blocks.length = kept
    log.checkpoints.length = kept
    log.head = last === undefined ? { seq: 0, hash: genesis(name) } : { seq: last.lastSeq, hash: last.lastHash }
    return true
  },
  'write the whole chain anew': (log) => {
    const other = logOf(
      log.blocks.map(({ firstSeq, lastSeq }) => lastSeq - firstSeq + 1),
      'forged',
    )
    Object.assign(log, { blocks: other.blocks, head: other.head, checkpoints: log.checkpoints })
    return true
  },
  'write the whole chain anew, and drop the checkpoints': (log) => {
    const other = logOf(
      log.blocks.map(({ firstSeq, lastSeq }) => lastSeq - firstSeq + 1),
      'forged',
    )
    Object.assign(log, { blocks: other.blocks, head: other.head, checkpoints: [] })
    return true
  },
  'drop a checkpoint': (log, pick) => log.checkpoints.splice(pick(log.checkpoints.length), 1).length === 1,
  'change a checkpoint': (log, pick) => {
    const at = pick(log.checkpoints.length)
    log.checkpoints[at] = { ...log.checkpoints[at]!, at: 2 }
    return true
  },
}

test('a chain that nobody touched has no fault, however its records were grouped and whatever the clock said', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, async (each) => {
      const log = logOf(each)
      const { faults, records, anchoredThrough } = await verdict(log, log.checkpoints)
      assert.deepEqual(faults, [])
      assert.equal(
        records,
        each.reduce((sum, size) => sum + size, 0),
      )
      assert.equal(anchoredThrough, records)
    }),
    { numRuns: 30 },
  )
  assert.deepEqual((await verdict(logOf([]), null)).faults, [])
})

for (const [what, edit] of Object.entries(EDITS)) {
  test(`whoever writes to the store is found out: ${what}`, async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.infiniteStream(fc.nat()), async (each, randoms) => {
        const log = logOf(each)
        const anchor = copy(log).checkpoints
        fc.pre(edit(log, (below) => randoms.next().value! % below))
        const { faults } = await verdict(log, anchor)
        assert.ok(faults.length > 0)
      }),
      { numRuns: 60 },
    )
  })
}

test('the place of a change is named', async () => {
  const log = logOf([3, 3])
  const places = async (edit: (body: string) => string) => {
    const other = copy(log)
    other.blocks[1] = { ...other.blocks[1]!, body: edit(other.blocks[1]!.body!) }
    return (await verdict(other, log.checkpoints)).faults.map(({ is, seq }) => `${is} ${seq}`)
  }
  const line = (seq: number) => log.blocks[1]!.body!.split('\n').find((each) => each.startsWith(`${seq} `))!
  assert.deepEqual(await places((body) => body.replace(line(5), line(5).replace('"started"', '"stopped"'))), [
    'changed 5',
  ])
  assert.deepEqual(await places((body) => body.replace(`${line(5)}\n`, '')), ['missing 5'])
  assert.deepEqual(await places((body) => body.replace(`${line(5)}\n`, `${line(5)}\n${line(5)}\n`)), ['out_of_order 5'])
  const short = copy(log)
  short.blocks.pop()
  assert.deepEqual(
    (await verdict(short, null)).faults.map(({ is, seq }) => `${is} ${seq}`),
    ['truncated 4', 'truncated 4'],
  )
})

test('without an anchor an end that was cut off with all its traces goes unseen, with one it does not', async () => {
  const log = logOf([2, 2])
  const short = { ...logOf([2]), cuts: [] }
  assert.deepEqual((await verdict(short, null)).faults, [])
  const { faults } = await verdict(short, log.checkpoints)
  assert.ok(faults.some(({ is, seq }) => is === 'truncated' && seq === 3))
})

test('checkpoints of a key that is not trusted are no checkpoints', async () => {
  const log = logOf([2])
  const { faults } = await verdict(log, log.checkpoints, publicKeys([newSigningKey()]))
  assert.deepEqual([...new Set(faults.map(({ is }) => is))], ['checkpoint'])
  const [checkpoint] = log.checkpoints
  const spelled = { ...checkpoint!, signature: checkpoint!.signature.slice(0, -1) + 'x' }
  assert.notDeepEqual((await verdict({ ...log, checkpoints: [spelled] }, null)).faults, [])
})

test('bodies that retention took leave a chain that verifies, and headers that cannot be changed', async () => {
  const log = logOf([2, 3, 2])
  const headers = log.blocks.slice(0, 2).reduce(headersDigest, NO_HEADERS)
  const { lastSeq: through, lastHash: hash } = log.blocks[1]!
  log.cuts = [canonical(cutOf({ chain: name.chain, through, hash, headers, at: 1 }, signer))]
  log.blocks = log.blocks.map((block) => (block.lastSeq <= through ? { ...block, body: null } : block))
  const good = await verdict(log, log.checkpoints)
  assert.deepEqual([good.faults, good.cutThrough, good.records], [[], 5, 7])
  for (const change of [{ at: 4 }, { prevHash: '0'.repeat(64) }, { lastHash: '0'.repeat(64) }, { lastSeq: 1 }]) {
    const other = copy(log)
    other.blocks[0] = { ...other.blocks[0]!, ...change }
    assert.notDeepEqual((await verdict(other, null)).faults, [], JSON.stringify(change))
  }
  assert.notDeepEqual((await verdict({ ...log, cuts: [] }, null)).faults, [])
  assert.notDeepEqual((await verdict({ ...log, blocks: log.blocks.slice(1) }, null)).faults, [])
  const more = copy(log)
  more.blocks[2] = { ...more.blocks[2]!, body: null }
  assert.notDeepEqual((await verdict(more, null)).faults, [])
})

test('a body is read back line for line', () => {
  const { body } = logOf([3]).blocks[0]!
  assert.deepEqual(
    linesOf(body!).map((line) => line?.seq),
    [1, 2, 3],
  )
  assert.deepEqual(linesOf('1 x\n'), [null])
})
