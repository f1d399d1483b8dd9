import { DatabaseSync } from 'node:sqlite'
import { DirectedGraph } from 'graphology'
import type { SnapshotContents } from '#graph/snapshot-file.ts'
import { accountsOf } from './store.ts'
import { timed, timeOf } from './timing.ts'
import type { Measured } from './timing.ts'

/**
 * What others answer: which accounts reach each of 32 classes over plain edges, by 32 searches backwards. Neither can
 * say "password *and* factor", so the gates are left out; compare with R1 over plain edges. Loading is not timed.
 */
type Rival = (contents: SnapshotContents) => Promise<Omit<Measured, 'peakMb'>>

/** graphology: one breadth-first search per class over `inNeighbors`. */
export const runGraphology: Rival = async (contents) => {
  const { program, capabilityMasks, accountBit } = contents
  const graph = new DirectedGraph()
  for (let u = 0; u < program.nodeCount; u++) graph.addNode(u)
  for (let u = 0; u < program.nodeCount; u++) {
    for (let i = program.outOffsets[u]!; i < program.outOffsets[u + 1]!; i++) graph.mergeEdge(u, program.outHeads[i]!)
  }
  const time = await timed(() => {
    let pairs = 0
    for (let lane = 0; lane < 32; lane++) {
      const seen = new Set<string>()
      const queue: string[] = []
      for (let u = 0; u < program.nodeCount; u++) {
        if (((capabilityMasks[u]! >>> lane) & 1) === 1) queue.push(String(u))
      }
      for (const u of queue) seen.add(u)
      for (let at = 0; at < queue.length; at++) {
        graph.forEachInNeighbor(queue[at]!, (body) => {
          if (seen.has(body)) return
          seen.add(body)
          queue.push(body)
        })
      }
      for (const u of queue) pairs += accountBit[Number(u)]!
    }
    return pairs
  })
  return { ...timeOf(time), checksum: [time.value] }
}

/** SQLite, in memory, indexed both ways: one recursive query per class. */
export const runSqlite: Rival = async (contents) => {
  const { program, capabilityMasks } = contents
  const database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE edge (head INTEGER, body INTEGER, PRIMARY KEY (head, body)) WITHOUT ROWID')
  database.exec('CREATE TABLE class (lane INTEGER, node INTEGER, PRIMARY KEY (lane, node)) WITHOUT ROWID')
  database.exec('CREATE TABLE account (node INTEGER PRIMARY KEY)')
  database.exec('BEGIN')
  const addEdge = database.prepare('INSERT OR IGNORE INTO edge VALUES (?, ?)')
  const addClass = database.prepare('INSERT INTO class VALUES (?, ?)')
  const addAccount = database.prepare('INSERT INTO account VALUES (?)')
  for (let u = 0; u < program.nodeCount; u++) {
    for (let i = program.inOffsets[u]!; i < program.inOffsets[u + 1]!; i++) addEdge.run(u, program.inBodies[i]!)
    for (let lane = 0; lane < 32; lane++) if (((capabilityMasks[u]! >>> lane) & 1) === 1) addClass.run(lane, u)
  }
  for (const account of accountsOf(contents)) addAccount.run(account)
  database.exec('COMMIT')
  const query = database.prepare(`
    WITH RECURSIVE reach(node) AS (
      SELECT node FROM class WHERE lane = ?
      UNION SELECT edge.body FROM reach JOIN edge ON edge.head = reach.node)
    SELECT count(*) AS pairs FROM reach JOIN account USING (node)`)
  const time = await timed(() => {
    let pairs = 0
    for (let lane = 0; lane < 32; lane++) pairs += Number(query.get(lane)?.['pairs'])
    return pairs
  })
  return { ...timeOf(time), checksum: [time.value] }
}
