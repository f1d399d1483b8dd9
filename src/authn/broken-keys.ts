/**
 * Keys of models that were broken after they were enrolled (FIDO MDS 3.1 §3.1.4): nobody is let in by one any more. Each is suspended,
 * once, by whichever node is first; what was opened by it ends in the same step, its owner is told, and it is on record.
 */
import { judgedAgain, type ModelCatalogue } from './attestation.ts'
import type { Tools } from './ceremony.ts'
import { openKey } from './key-material.ts'
import type { EnrolledAuthenticator } from './stores.ts'

/** Keys that are looked at together. Ours. */
const AT_ONCE = 500

/** Suspends one key; false where somebody else has. */
export async function suspendBroken(tools: Tools, key: EnrolledAuthenticator): Promise<boolean> {
  const { id, account, name, kind } = key
  const now = tools.clock()
  if (!(await tools.authenticators.suspend(id, account, 'key_broken', now))) return false
  await tools.record({
    kind: 'authenticator',
    account,
    event: 'authenticator_suspended',
    factor: kind,
    authenticator: id,
    purpose: null,
    outcome: 'refused',
    reason: 'key_broken',
    session: null,
    at: now,
  })
  await tools.notify(account, { template: 'key_broken', values: { name } })
  return true
}

/** Looks at every key by what is known of its model now; returns how many were suspended. What cannot be opened stays as it is. */
export async function suspendAllBroken(tools: Tools, models: ModelCatalogue, stopped?: AbortSignal): Promise<number> {
  let suspended = 0
  for (let after = ''; stopped?.aborted !== true;) {
    const keys = await tools.authenticators.pageOf('passkey', after, AT_ONCE)
    for (const key of keys) {
      const material = await openKey(tools.keyring, key).catch((error: unknown) =>
        tools.onTrouble('a key could not be judged', error),
      )
      if (material !== undefined && judgedAgain(material, models) === null && (await suspendBroken(tools, key)))
        suspended++
    }
    const last = keys.at(-1)
    if (last === undefined) break
    after = last.id
  }
  return suspended
}
