/** Changes of how people sign in and get back in: stronger authenticators, recoveries dropped or hardened. */
import { STRENGTHS, type ChangeKind, type Strength } from '#contract/vocabulary.ts'
import type { Edit } from '#contract/plan.ts'
import type { Way } from '#analysis/ways-in.ts'
import type { Fact, FactOf, Formula } from '#model/facts.ts'
import type { Assessment } from './assess.ts'

/** The two authenticators that a plan gives, and what each makes of a sign-in. */
export const LEVELS = [
  { level: 'passkey', strength: 'phishing_resistant', single: 'give_passkey', policy: 'require_passkeys' },
  { level: 'key', strength: 'hardware', single: 'give_hardware_key', policy: 'require_hardware_keys' },
] as const satisfies readonly { level: string; strength: Strength; single: ChangeKind; policy: ChangeKind }[]
export type Level = (typeof LEVELS)[number]['level']

/** Own sign-ins of an account that a new authenticator would replace: not those that trust another account. */
export function ownSignIns({ ways, inventory }: Assessment, account: string): Way[] {
  return (ways.get(account) ?? []).filter(
    ({ fact, purpose, yields, alternatives }) =>
      fact !== null &&
      purpose === 'sign_in' &&
      yields === null &&
      alternatives !== null &&
      !alternatives.flat().some((leaf) => inventory.kindOf(leaf) === 'account'),
  )
}

/** Whether an account's best sign-in proves less than a level, as far as is known. */
export function isBelow({ worths }: Assessment, account: string, strength: Strength): boolean {
  const nominal = worths.nominal(account)
  return STRENGTHS.indexOf(nominal?.strength ?? nominal?.atLeast ?? 'none') < STRENGTHS.indexOf(strength)
}

/** What only the holder knows. It stays in the condition: whoever may stop the new factor being asked does not know it. */
const KNOWN = new Set(['password', 'pin'])

/** Edits that give an account an authenticator and ask for it at every sign-in of its own. */
export function strengthenEdits(assessment: Assessment, account: FactOf<'account'>, level: Level): Edit[] {
  const { facts, any } = level === 'passkey' ? passkeyOf(account) : keysOf(account)
  return [
    ...facts.map(add),
    ...ownSignIns(assessment, account.id).map((way) => setRequires(way, stronger(assessment, way, any))),
  ]
}

/** Edits that let a recovery ask for a key that lies in a safe. */
export function hardenEdits(assessment: Assessment, account: FactOf<'account'>, way: Way): Edit[] {
  const { spare } = keysOf(account)
  return [...spare.map(add), setRequires(way, stronger(assessment, way, [spareId(account.id)]))]
}

export const dropEdit = (way: Way): Edit => ({ remove: { fact: 'wayIn', id: way.id } })

const setRequires = (way: Way, requires: Formula): Edit => ({ set: { fact: 'wayIn', id: way.id }, to: { requires } })
const add = (fact: Fact): Edit => ({ add: fact as unknown as Extract<Edit, { add: unknown }>['add'] })

/** Any of the new authenticators, beside what the holder knows if that was asked for in every case. */
function stronger({ inventory }: Assessment, way: Way, any: readonly string[]): Formula {
  const alternatives = way.alternatives ?? []
  const known = (alternatives[0] ?? []).filter((leaf) => {
    const fact = inventory.get(leaf)?.fact
    return fact?.fact === 'authenticator' && KNOWN.has(fact.kind) && alternatives.every((each) => each.includes(leaf))
  })
  const fresh: Formula = any.length === 1 ? any[0]! : { any: [...any] }
  return known.length === 0 ? fresh : { all: [...known, fresh] }
}

const spareId = (account: string): string => `${account}/plan-spare-key`

/** A passkey of the organisation's own sync fabric, on the holder's device. */
function passkeyOf({ id, subject }: FactOf<'account'>): { facts: Fact[]; any: string[] } {
  const [device, fabric, passkey] = [`${id}/plan-device`, `${id}/plan-sync`, `${id}/plan-passkey`]
  return {
    facts: [
      {
        fact: 'channel',
        id: device,
        kind: 'device',
        managed: true,
        ...(subject === undefined ? {} : { person: subject }),
      },
      { fact: 'channel', id: fabric, kind: 'sync_fabric', managed: true },
      {
        fact: 'authenticator',
        id: passkey,
        kind: 'passkey',
        of: [id],
        on: [device, fabric],
        synced: true,
        userVerification: true,
        boundAtAal: 2,
        maxFailures: 10,
      },
    ],
    any: [passkey],
  }
}

/** Two keys in hardware: one at hand, a spare one in a safe, so that to lose one is not to be locked out. */
function keysOf({ id, subject }: FactOf<'account'>): { facts: Fact[]; spare: Fact[]; any: string[] } {
  const [ring, safe, key, spare] = [`${id}/plan-key-ring`, `${id}/plan-safe`, `${id}/plan-key`, spareId(id)]
  const common = {
    fact: 'authenticator' as const,
    kind: 'security_key' as const,
    of: [id],
    synced: false,
    attestation: 'verified' as const,
    keyProtection: 'secure_element' as const,
    fips140Level: 2,
    userVerification: true,
    boundAtAal: 3,
    maxFailures: 10,
  }
  const held: Fact = {
    fact: 'channel',
    id: ring,
    kind: 'hardware_key',
    ...(subject === undefined ? {} : { person: subject }),
  }
  const stored: Fact[] = [
    { fact: 'channel', id: safe, kind: 'other', name: 'a safe' },
    { ...common, id: spare, on: [safe] },
  ]
  return { facts: [held, { ...common, id: key, on: [ring] }, ...stored], spare: stored, any: [key, spare] }
}
