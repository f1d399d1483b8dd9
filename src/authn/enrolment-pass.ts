/**
 * A pass lets one person enrol one kind of authenticator, once, and nothing else. Whoever issues it must outrank the reach of
 * the account; above a threshold a second person must agree before it is worth anything.
 */
import { newId } from '#lib/ids.ts'
import { attempt, type Attempt, type Outcome, type Tools } from './ceremony.ts'
import type { FactorName } from './factors.ts'
import { canonicalRecoveryCode, newRecoveryCode } from './recovery-codes.ts'

/** Entropy of a pass: as a saved recovery code, and more than the 40 bits of SP 800-63B-4 §4.1.2.2. */
const BITS = 80
/** An hour, or as long as the issuer says within a day. */
const LONGEST_MS = 86_400_000

export interface PassRequest {
  readonly account: string
  readonly enrols: Extract<FactorName, 'passkey' | 'totp' | 'upstream'>
  readonly issuedBy: string
  /** what relayed the request: two people behind one client are one */
  readonly client: string
  /** whether the issuer's own reach is at least the account's; without it there is no pass */
  readonly outranks: boolean
  /** whether a second person has to agree */
  readonly needsSecond: boolean
  /** AAL at which the issuer was authenticated: what is enrolled is worth no more */
  readonly issuerAal: number
  /** milliseconds */
  readonly validFor: number
}

export interface IssuedPass {
  readonly id: string
  /** shown once, to the issuer, who hands it over in person */
  readonly code: string
  readonly state: 'pending' | 'active'
}

interface PassMaterial {
  readonly enrols: PassRequest['enrols']
  readonly issuedBy: string
  readonly client: string
}

/** Null where the issuer may not. An issuer never issues to himself. */
export async function issuePass(tools: Tools, it: PassRequest): Promise<IssuedPass | null> {
  if (!it.outranks || it.issuedBy === it.account || !(it.validFor > 0 && it.validFor <= LONGEST_MS)) return null
  const now = tools.clock()
  const id = newId('au')
  const code = newRecoveryCode(BITS)
  const material: PassMaterial = { enrols: it.enrols, issuedBy: it.issuedBy, client: it.client }
  const state = it.needsSecond ? 'pending' : 'active'
  await tools.authenticators.enrol({
    id,
    account: it.account,
    kind: 'enrolment_pass',
    name: it.enrols === 'upstream' ? 'pass for a link' : `pass for a ${it.enrols}`,
    state,
    channel: null,
    boundAtAal: it.issuerAal,
    material: await tools.keyring.seal(`authenticator ${id}`, JSON.stringify(material)),
    lookup: tools.keyring.mac('pass', it.account, canonicalRecoveryCode(code, BITS)!),
    counter: 0,
    addedAt: now,
    expiresAt: now + it.validFor,
    usedAt: null,
  })
  await tools.notify(it.account, { template: 'pass_issued', values: {} })
  return { id, code, state }
}

/** The second person agrees: another than issuer and account, who outranks it too. */
export async function approvePass(
  tools: Tools,
  account: string,
  id: string,
  by: string,
  client: string,
  outranks: boolean,
): Promise<boolean> {
  if (!outranks || by === account) return false
  const pass = (await tools.authenticators.listOf(account)).find(
    (each) => each.id === id && each.kind === 'enrolment_pass',
  )
  if (pass === undefined || pass.state !== 'pending') return false
  const { issuedBy, client: first } = JSON.parse(
    await tools.keyring.open(`authenticator ${id}`, pass.material),
  ) as PassMaterial
  return by !== issuedBy && client !== first && tools.authenticators.setState(id, account, ['pending'], 'active')
}

export type PassOutcome = { readonly outcome: Outcome; readonly enrols: PassRequest['enrols'] | null }

/** Uses a pass up. It signs nobody in: it answers only where something is to be enrolled. */
export async function answerPass(tools: Tools, it: Attempt & { readonly typed: unknown }): Promise<PassOutcome> {
  let enrols: PassRequest['enrols'] | null = null
  const outcome = await attempt(tools, 'enrolment_pass', it, async () => {
    const code = canonicalRecoveryCode(it.typed, BITS)
    if (code === null || it.purpose !== 'enrol') return null
    for (const mac of tools.keyring.macs('pass', it.account, code)) {
      const found = await tools.authenticators.findBy('enrolment_pass', mac)
      if (found === null || found.account !== it.account) continue
      const material = JSON.parse(await tools.keyring.open(`authenticator ${found.id}`, found.material)) as PassMaterial
      if (!(await tools.authenticators.useOnce(found.id, it.account, tools.clock()))) continue
      enrols = material.enrols
      const { id, boundAtAal } = found
      return { authenticator: id, channel: null, userVerified: false, keyClass: null, fips140Level: null, boundAtAal }
    }
    return null
  })
  return { outcome, enrols: outcome.accepted ? enrols : null }
}
