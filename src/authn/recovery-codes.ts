/** Saved recovery codes (SP 800-63B-4 §4.2.1.1): made together, shown once, each good once. They let in; they never elevate. */
import { randomBytes } from 'node:crypto'
import { newId } from '#lib/ids.ts'
import { attempt, type Attempt, type Outcome, type Tools } from './ceremony.ts'
import type { ChangedIn, EnrolledAuthenticator } from './stores.ts'

/** Crockford's base 32: no letter is taken for another when it is read from paper. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const BITS_PER_LETTER = 5

/** One code of at least so many bits: groups of four letters. */
export function newRecoveryCode(bits: number): string {
  const length = Math.ceil(bits / BITS_PER_LETTER)
  const letters = Array.from(randomBytes(length), (byte) => LETTERS[byte % LETTERS.length]!)
  return letters.join('').replaceAll(/(.{4})(?=.)/g, '$1-')
}

/** One form of a typed code: capitals, no separators, look-alikes mended; null for what cannot be one. */
export function canonicalRecoveryCode(typed: unknown, bits: number): string | null {
  if (typeof typed !== 'string' || typed.length > 200) return null
  const letters = typed
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
  return letters.length === Math.ceil(bits / BITS_PER_LETTER) &&
    [...letters].every((letter) => LETTERS.includes(letter))
    ? letters
    : null
}

/**
 * Replaces all codes of the account by new ones and returns those, to be shown once; none where the session is over in which this is done.
 * The caller has asked for a step-up.
 */
export async function replaceRecoveryCodes(
  tools: Tools,
  {
    account,
    boundAtAal,
    session,
  }: Pick<EnrolledAuthenticator, 'account' | 'boundAtAal'> & { readonly session: ChangedIn },
): Promise<string[]> {
  const { count, bits } = tools.rules.recoveryCodes
  const codes = Array.from({ length: count }, () => newRecoveryCode(bits))
  const now = tools.clock()
  const enrolled = codes.map(
    (code) =>
      ({
        id: newId('au'),
        account,
        kind: 'recovery_code',
        name: 'recovery code',
        state: 'active',
        channel: null,
        boundAtAal,
        material: '',
        lookup: tools.keyring.mac('recovery_code', account, canonicalRecoveryCode(code, bits)!),
        counter: 0,
        addedAt: now,
        expiresAt: null,
        usedAt: null,
      }) as const,
  )
  return (await tools.authenticators.replace(account, 'recovery_code', enrolled, session)) ? codes : []
}

/** Uses a code up. At a step-up it is refused unseen: a code on paper proves nothing about a session in somebody's hands. */
export function answerRecoveryCode(tools: Tools, it: Attempt & { typed: unknown }): Promise<Outcome> {
  const code = canonicalRecoveryCode(it.typed, tools.rules.recoveryCodes.bits)
  const macs = code === null || it.purpose === 'step_up' ? [] : tools.keyring.macs('recovery_code', it.account, code)
  const find = (mac: string) => tools.authenticators.findBy('recovery_code', mac)
  const instead = async () => {
    for (const mac of macs) await find(mac)
  }
  return attempt(tools, 'recovery_code', { ...it, instead }, async () => {
    for (const mac of macs) {
      const found = await find(mac)
      if (found === null || found.account !== it.account) continue
      if (!(await tools.authenticators.useOnce(found.id, it.account, tools.clock()))) continue
      await tools.notify(it.account, { template: 'recovery_code_used', values: {} })
      const { id, boundAtAal } = found
      return { authenticator: id, channel: null, userVerified: false, keyClass: null, fips140Level: null, boundAtAal }
    }
    return null
  })
}
