/**
 * Keys whose models turn out to be worth less after they were enrolled. Those that were broken (FIDO MDS 3.1 §3.1.4) let nobody in any
 * more: each is suspended, once, by whichever node is first; what was opened by it ends in the same step, its owner is told, and it is on
 * record. What rests on more than a key is worth by now ends too.
 */
import { setTimeout } from 'node:timers/promises'
import { judgedAgain, type ModelCatalogue } from './attestation.ts'
import type { Tools } from './ceremony.ts'
import type { KeyFacts } from './enrolled-proof.ts'
import { openKey } from './key-material.ts'
import type { Proof } from './session.ts'
import type { EnrolledAuthenticator } from './stores.ts'
import { tell, toNotify, toRecord } from './tellings.ts'

/** Keys that are looked at together. Ours. */
const AT_ONCE = 500
/** Milliseconds before a store that did not answer is asked again. Ours. */
const AGAIN_MS = 60_000

/** Suspends one key; false where somebody else has. Where that cannot be told now, it is later. */
export async function suspendBroken(tools: Tools, key: EnrolledAuthenticator): Promise<boolean> {
  const { id, account, name, kind } = key
  const now = tools.clock()
  const tellings = [
    toRecord({
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
    }),
    toNotify(account, { template: 'key_broken', values: { name, kind } }),
  ]
  if (!(await tools.authenticators.suspend(id, account, 'key_broken', tellings, now))) return false
  await tell(tools, tellings).catch((error: unknown) =>
    tools.onTrouble('that a broken key was suspended could not be told; it is tried again', error),
  )
  return true
}

/**
 * Looks at every key by what is known of its model now; returns how many were suspended. Sessions that rest on more than a key is worth by
 * now are ended. What cannot be opened stays as it is. Where the store does not answer it is asked again after `pauseMs`, until it does.
 */
export async function suspendAllBroken(
  tools: Tools,
  models: ModelCatalogue,
  { stopped, pauseMs = AGAIN_MS }: { readonly stopped?: AbortSignal; readonly pauseMs?: number } = {},
): Promise<number> {
  let suspended = 0
  for (let after = ''; stopped?.aborted !== true;) {
    try {
      const keys = await tools.authenticators.pageOf('passkey', after, AT_ONCE)
      for (const key of keys) if (await judge(tools, key, models)) suspended++
      const last = keys.at(-1)
      if (last === undefined) break
      after = last.id
    } catch (error) {
      tools.onTrouble('passkeys could not be held against the FIDO metadata; it is tried again', error)
      await setTimeout(pauseMs, undefined, { ref: false, ...(stopped && { signal: stopped }) }).catch(() => {})
    }
  }
  return suspended
}

/** What follows for a key from what is known of its model now; true where it was suspended. One that cannot be opened stays as it is. */
async function judge(tools: Tools, key: EnrolledAuthenticator, models: ModelCatalogue): Promise<boolean> {
  const material = await openKey(tools.keyring, key).catch((error: unknown) => {
    tools.onTrouble('a key could not be judged', error)
    return null
  })
  if (material === null) return false
  const facts = judgedAgain(material, models)
  if (facts === null) return suspendBroken(tools, key)
  const hasFallen = facts.keyClass !== material.keyClass || facts.fips140Level < material.fips140Level
  if (hasFallen) await endOverrated(tools, key, facts)
  return false
}

/** Sessions that rest on more than the key is worth now end: whoever has it signs in with it anew, for what it is worth. */
const endOverrated = ({ sessions, clock }: Tools, { id, account }: EnrolledAuthenticator, facts: KeyFacts) =>
  sessions.endResting(account, (proof) => proof.authenticator === id && isMore(proof, facts), 'key_worth_less', clock())

/** Whether a proof says more of its key than these facts: a class only ever falls from hardware. */
const isMore = ({ keyClass, fips140Level }: Proof, facts: KeyFacts): boolean =>
  keyClass === 'hardware' && (facts.keyClass !== 'hardware' || (fips140Level ?? 0) > facts.fips140Level)
