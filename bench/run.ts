import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Checksum } from './stages.ts'
import type { Measured } from './timing.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Where snapshots and the built native program lie; never committed. */
export const BUILD = here('build')
/** Where results are written; never committed. */
export const OUT = here('out')

/** Runs one stage in a child process. @throws {Error} with what the child said, if it fails */
export function runStage<T = Measured>(name: string, ...args: readonly (string | number)[]): T {
  return run(process.execPath, [here('stage.ts'), name, ...args.map(String)]) as T
}

/** Runs one stage of the native program. */
export function runNative(path: string, stage: string, repeats: number): { cpuMs: number; checksum: Checksum } {
  return run(`${BUILD}/kernels`, [path, stage, String(repeats)]) as { cpuMs: number; checksum: Checksum }
}

function run(command: string, args: readonly string[]): unknown {
  const child = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (child.status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${child.stderr || child.error}`)
  return JSON.parse(child.stdout)
}

/** Builds the native program unless it is newer than its sources; false where there is no g++. */
export function buildNative(): boolean {
  mkdirSync(BUILD, { recursive: true })
  const sources = ['native/kernels.cpp', 'native/reach.hpp', 'native/sizes.hpp'].map(here)
  const binary = `${BUILD}/kernels`
  const age = (path: string): number => statSync(path).mtimeMs
  if (existsSync(binary) && sources.every((source) => age(source) < age(binary))) return true
  const flags = ['-O3', '-march=native', '-std=c++20', '-o', binary, sources[0]!]
  const { status, error, stderr } = spawnSync('g++', flags, { encoding: 'utf8' })
  if (error !== undefined) return false
  if (status !== 0) throw new Error(`g++ ${flags.join(' ')} failed: ${stderr}`)
  return true
}
