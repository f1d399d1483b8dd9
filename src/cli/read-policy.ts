import { readFile } from 'node:fs/promises'
import { AmbitError } from '#lib/errors.ts'
import { loadWithFile, type PolicyText } from '#policy/load.ts'
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
  const { own, base } = await policyTextOf(path)
  return loadWithFile(own, base)
}

/**
 * The text of a policy, and that of the built-in one.
 *
 * @throws {AmbitError} `input_unreadable`
 */
export async function policyTextOf(path: string): Promise<{ readonly own: PolicyText; readonly base: string }> {
  const base = await readFile(DEFAULT_POLICY, 'utf8')
  if (path === 'default') return { own: { text: base, file: 'the default policy' }, base }
  return { own: { text: await readText(path, 'policy'), file: path }, base }
}

/**
 * The text of a file.
 *
 * @param what  what the file is called in messages
 * @throws {AmbitError} `input_unreadable`
 */
export async function readText(path: string, what = 'file'): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new AmbitError('input_unreadable', `cannot read the ${what} \`${path}\` (${why}); check the path`, { path })
  })
}
