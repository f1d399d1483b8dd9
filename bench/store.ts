import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { buildProgram } from '#graph/program.ts'
import { decodeSnapshot, encodeSnapshot } from '#graph/snapshot-file.ts'
import type { SnapshotContents } from '#graph/snapshot-file.ts'
import type { Enterprise } from './generate.ts'

/** Bytes per system call: below the 2 GiB that one call may move. */
const PIECE = 2 ** 28

/** Tier and effort of every rule that is not a direct defeat: one step at tier 0. */
const STEP_EFFORT = 1

/** Returns a generated enterprise as snapshot contents. */
export function contentsOf(enterprise: Enterprise): SnapshotContents {
  const { system, directTiers, directEfforts, ...marks } = enterprise
  const ruleTiers = new Uint8Array(system.heads.length + directTiers.length)
  const ruleEfforts = new Uint8Array(ruleTiers.length).fill(STEP_EFFORT)
  ruleTiers.set(directTiers, system.heads.length)
  ruleEfforts.set(directEfforts, system.heads.length)
  return { program: buildProgram(system), ...marks, ruleTiers, ruleEfforts }
}

/** Writes a snapshot and returns its length in bytes. */
export function writeSnapshot(path: string, contents: SnapshotContents): number {
  const bytes = new Uint8Array(encodeSnapshot(contents))
  const file = openSync(path, 'w')
  for (let at = 0; at < bytes.length; at += PIECE) writeSync(file, bytes, at, Math.min(PIECE, bytes.length - at))
  closeSync(file)
  return bytes.length
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
