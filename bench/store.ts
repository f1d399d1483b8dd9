import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { orderSystem } from '#graph/order.ts'
import { buildProgram } from '#graph/program.ts'
import { decodeSnapshot, encodeSnapshot } from '#graph/snapshot-file.ts'
import type { SnapshotContents } from '#graph/snapshot-file.ts'
import { release } from '#lib/release.ts'
import type { Enterprise } from './generate.ts'

/** Bytes per system call: below the 2 GiB that one call may move. */
const PIECE = 2 ** 28

/** Tier and effort of every rule that is not a direct defeat: one step at tier 0. */
const STEP_EFFORT = 1

/** A snapshot, and for each of its nodes the one that the generator gave that number. */
export interface Numbered {
  readonly contents: SnapshotContents
  readonly nodes: Uint32Array
}

/** Returns a generated enterprise as snapshot contents, in the order of {@link orderSystem}, and lets its rules go. */
export function contentsOf(enterprise: Enterprise): Numbered {
  const { nodes, system, marks, directTiers, directEfforts } = ordered(enterprise)
  const ruleTiers = new Uint8Array(system.heads.length + directTiers.length)
  const ruleEfforts = new Uint8Array(ruleTiers.length).fill(STEP_EFFORT)
  ruleTiers.set(directTiers, system.heads.length)
  ruleEfforts.set(directEfforts, system.heads.length)
  return { contents: { program: buildProgram(system), ...marks, ruleTiers, ruleEfforts }, nodes }
}

function ordered({ system: before, directTiers, directEfforts, directNodes, ...perNode }: Enterprise) {
  const { system, nodes, rules } = orderSystem(before)
  release(before.heads, before.needs, before.bodyOffsets, before.bodies, rules)
  const numbers = new Uint32Array(nodes.length)
  for (let v = 0; v < nodes.length; v++) numbers[nodes[v]!] = v
  const marks = {
    accountBit: perNode.accountBit.map((_, v) => perNode.accountBit[nodes[v]!]!),
    capabilityMasks: perNode.capabilityMasks.map((_, v) => perNode.capabilityMasks[nodes[v]!]!),
    attackerSeeds: perNode.attackerSeeds.map((_, v) => perNode.attackerSeeds[nodes[v]!]!),
    ownerSeeds: perNode.ownerSeeds.map((_, v) => perNode.ownerSeeds[nodes[v]!]!),
    directNodes: directNodes.map((v) => numbers[v]!),
  }
  return { nodes, system, marks, directTiers, directEfforts }
}

/** Writes a snapshot, and its nodes to a file beside it; returns the length of the snapshot in bytes. */
export function writeSnapshot(path: string, { contents, nodes }: Numbered): number {
  write(nodesPath(path), new Uint8Array(nodes.buffer))
  return write(path, new Uint8Array(encodeSnapshot(contents)))
}

function write(path: string, bytes: Uint8Array): number {
  const file = openSync(path, 'w')
  for (let at = 0; at < bytes.length; at += PIECE) writeSync(file, bytes, at, Math.min(PIECE, bytes.length - at))
  closeSync(file)
  return bytes.length
}

/** Where the nodes of a snapshot lie: what the generator called each. */
export function nodesPath(path: string): string {
  return `${path}.nodes`
}

/** Reads a file into memory that worker threads can share. */
export function readShared(path: string): SharedArrayBuffer {
  const file = openSync(path, 'r')
  const { size } = fstatSync(file)
  const buffer = new SharedArrayBuffer(size)
  const bytes = new Uint8Array(buffer)
  for (let at = 0; at < size;) at += readSync(file, bytes, at, Math.min(PIECE, size - at), at)
  closeSync(file)
  return buffer
}

/** Reads, per node of a snapshot, the one that the generator gave that number. */
export function readNodes(path: string): Uint32Array {
  return new Uint32Array(readShared(nodesPath(path)))
}

/** Reads and checks a snapshot. */
export function readSnapshot(path: string): SnapshotContents {
  return decodeSnapshot(readShared(path))
}

/** Returns all accounts of a snapshot, ascending. */
export function accountsOf({ accountBit }: SnapshotContents): Uint32Array {
  const accounts = new Uint32Array(accountBit.reduce((sum, bit) => sum + bit, 0))
  let count = 0
  for (let u = 0; u < accountBit.length; u++) if (accountBit[u] === 1) accounts[count++] = u
  return accounts
}
