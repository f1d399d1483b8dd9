/** A policy from text to stamped policy: reads, hashes and resolves it, with the default policy at hand. */
import type { Policy } from './policy.ts'
import { readPolicy, type ReadPolicy } from './parse.ts'

export interface PolicyText {
  readonly text: string
  readonly file: string
}

/** Returns `sha256:` and the hash of the text's UTF-8 bytes, in hexadecimal. */
export async function hashOf(text: string): Promise<string> {
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return `sha256:${[...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/**
 * Returns the policy of a file. The hash is that of the file's bytes; where the file extends the default, that of both
 * (`own`, a zero byte, `base`), since either may change what is decided.
 * @throws {AmbitError} `policy_invalid`
 */
export async function loadPolicy(own: PolicyText, base: string): Promise<Policy> {
  return (await loadWithFile(own, base)).policy
}

/** As {@link loadPolicy}, with the file beside it. */
export async function loadWithFile({ text, file }: PolicyText, base: string): Promise<ReadPolicy> {
  const read = readPolicy(text, { file, base })
  const hash = await hashOf(read.file.extends === undefined ? text : `${text}\0${base}`)
  return { ...read, policy: { ...read.policy, hash } }
}
