import { readFile } from 'node:fs/promises'
import { AmbitError } from '#lib/errors.ts'
import { loadWithFile } from '#policy/load.ts'
import type { ReadPolicy } from '#policy/parse.ts'
import type { Policy } from '#policy/policy.ts'

/** Where the policy is kept that holds when none is named. */
const DEFAULT_POLICY = new URL('../policy/default.yaml', import.meta.url)

/**
 * Reads a policy file, or the default policy where none is named.
 *
 * @throws {AmbitError} `input_unreadable` or `policy_invalid`
 */
export async function readPolicyFile(path = 'default'): Promise<Policy> {
  return (await readPolicyWithFile(path)).policy
}

/** As {@link readPolicyFile}, with the file beside it; `default` names the built-in policy. */
export async function readPolicyWithFile(path: string): Promise<ReadPolicy> {
  const base = await readFile(DEFAULT_POLICY, 'utf8')
  if (path === 'default') return loadWithFile({ text: base, file: 'the default policy' }, base)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new AmbitError('input_unreadable', `cannot read the policy \`${path}\` (${why}); check the path`, { path })
  })
  return loadWithFile({ text, file: path }, base)
}
