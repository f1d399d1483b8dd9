import { readFile } from 'node:fs/promises'
import { AmbitError } from '#lib/errors.ts'
import { loadPolicy } from '#policy/load.ts'
import type { Policy } from '#policy/policy.ts'

/** Where the policy is kept that holds when none is named. */
export const DEFAULT_POLICY = new URL('../policy/default.yaml', import.meta.url)

/**
 * Reads a policy file, or the default policy where none is named.
 *
 * @throws {AmbitError} `input_unreadable` or `policy_invalid`
 */
export async function readPolicyFile(path?: string): Promise<Policy> {
  const base = await readFile(DEFAULT_POLICY, 'utf8')
  if (path === undefined) return loadPolicy({ text: base, file: 'the default policy' }, base)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new AmbitError('input_unreadable', `cannot read the policy \`${path}\` (${why}); check the path`, { path })
  })
  return loadPolicy({ text, file: path }, base)
}
