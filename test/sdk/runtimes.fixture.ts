/** For tests: other runtimes that this machine has, on the path or in the folder that `AMBIT_RUNTIMES` names (`.ci/run` fills it). */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const FOLDERS = [
  ...(process.env['AMBIT_RUNTIMES'] === undefined ? [] : [join(process.env['AMBIT_RUNTIMES'], 'node_modules/.bin')]),
  ...(process.env['PATH'] ?? '').split(delimiter),
]

/** Path of a program; null where it is not there. */
export const programAt = (name: string): string | null =>
  FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null

export const skipWithout = (name: string) => ({
  skip: programAt(name) === null ? `no ${name} on this machine; see AMBIT_RUNTIMES in CONTRIBUTING.md` : false,
})

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a program to its end, without blocking the servers of the test. */
export function ran(program: string, args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, NO_COLOR: '1' }, timeout: 300_000 })
    let [out, err] = ['', '']
    child.stdout.on('data', (piece) => (out += String(piece)))
    child.stderr.on('data', (piece) => (err += String(piece)))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}
