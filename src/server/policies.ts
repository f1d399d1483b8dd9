/** The policies that the server decides by, as their files have them, and what facts become under them. */
import { parseAccessPolicy, type AccessPolicy } from '#decision/access-policy.ts'
import { worldsUnder } from '#decision/build-world.ts'
import type { DecisionSettings } from '#decision/settings.ts'
import type { Clock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
import { loadPolicy } from '#policy/load.ts'
import type { Policy } from '#policy/policy.ts'
import { threadAnalyst, type ThreadAnalyst } from './analysis/thread-analyst.ts'
import type { ThreadStart } from './analysis/messages.ts'
import type { AuditSink, Log } from './context.ts'
import type { Basis, Snapshots } from './snapshots.ts'
import type { Surroundings } from './surroundings.ts'

export interface Policies {
  readonly policy: Policy
  readonly access: readonly AccessPolicy[]
  /** text of `policy`, which threads read for themselves */
  readonly text: ThreadStart
}

/** A basis that facts can be analysed on, with the policies it was made of. */
export interface PolicyBasis extends Basis {
  readonly policies: Policies
  readonly analyst: ThreadAnalyst
}

/** @throws {AmbitError} `input_unreadable` or `policy_invalid`, with the file and the place */
export async function readPolicies(
  paths: { readonly policy: string; readonly accessPolicies: readonly string[] },
  { policyText, readText }: Pick<Surroundings, 'policyText' | 'readText'>,
): Promise<Policies> {
  const text = await policyText(paths.policy)
  const policy = await loadPolicy(text.own, text.base)
  const access = await Promise.all(
    paths.accessPolicies.map(async (path) => parseAccessPolicy(await readText(path), path)),
  )
  return { policy, access, text }
}

/** Whether two readings of the files say the same. */
export const samePolicies = (one: Policies, other: Policies): boolean =>
  one.policy.hash === other.policy.hash &&
  JSON.stringify(one.access.map(({ text }) => text)) === JSON.stringify(other.access.map(({ text }) => text))

export const basisOf = (policies: Policies, settings: DecisionSettings): PolicyBasis => ({
  policies,
  analyst: threadAnalyst(policies.policy, policies.text),
  build: worldsUnder(settings, policies.access),
})

/** The basis in use, and the files read again. */
export interface PolicyFiles {
  readonly basis: () => PolicyBasis
  /**
   * Reads the files again and decides by them once they are known to bear the facts that there are.
   *
   * @throws {AmbitError} `input_unreadable`, `policy_invalid` or `input_invalid`; what was in force stays in force then
   */
  readonly reload: () => Promise<void>
  readonly close: () => Promise<void>
}

export function openPolicyFiles({
  first,
  read,
  standOn,
  audit,
  clock,
  log,
  node,
}: {
  readonly first: PolicyBasis
  readonly read: () => Promise<PolicyBasis>
  readonly standOn: Snapshots['standOn']
  readonly audit: AuditSink
  readonly clock: Clock
  readonly log: Log
  /** name of this node, which is who reads the files */
  readonly node: string
}): PolicyFiles {
  let basis = first
  let last: Promise<void> = Promise.resolve()

  async function reload(): Promise<void> {
    const next = await read()
    if (samePolicies(next.policies, basis.policies)) {
      await next.analyst.close()
      return
    }
    const before = basis
    const written = (did: 'activated' | 'refused', why: readonly string[]) =>
      audit.append({
        kind: 'policy',
        at: clock(),
        by: { type: 'node', id: node },
        did,
        policy: next.policies.policy.hash,
        previous: before.policies.policy.hash,
        why: [...why],
      })
    try {
      // what cannot be written down does not happen
      await standOn(next, async () => void (await written('activated', [])))
      basis = next
    } catch (error) {
      await next.analyst.close()
      await written('refused', [error instanceof AmbitError ? error.code : 'internal']).catch(() => {})
      throw error
    }
    log.info({ policy: next.policies.policy.hash }, 'another policy is in force')
    await before.analyst.close()
  }

  return {
    basis: () => basis,
    reload: () => {
      const done = last.then(reload)
      last = done.catch(() => {})
      return done
    },
    close: () => basis.analyst.close(),
  }
}
