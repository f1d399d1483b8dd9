/** Passwords, where a profile allows them (SP 800-63B-4 §3.1.1): long, checked against known breaches, without rules of composition. */
import { hash, verify, type Algorithm } from '@node-rs/argon2'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import { attempt, type Attempt, type Outcome, type Tools } from './ceremony.ts'
import type { Keyring } from './keyring.ts'
import type { ChangedIn, EnrolledAuthenticator } from './stores.ts'

/** argon2id with 19 MiB, two passes, one lane: the least that OWASP's password storage sheet recommends. */
const ARGON2ID: Algorithm.Argon2id = 2 // a const enum, which has no value when types are stripped
const ARGON2 = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
/** Hashes computed at once; more wait, so that a flood of sign-ins cannot take all memory and every core. */
const AT_ONCE = 4
/** Hashes that wait; more are refused. */
const WAITING = 200

/** Whether a password is known from breaches; rejects where that cannot be told, and the password is not taken then. */
export type IsBreached = (password: string) => Promise<boolean>

let running = 0
const queue: (() => void)[] = []

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (queue.length >= WAITING)
      throw new AmbitError('overloaded', 'too many passwords are being checked; try again in a moment')
    await new Promise<void>((resolve) => queue.push(resolve))
  }
  running++
  try {
    return await work()
  } finally {
    running--
    queue.shift()?.()
  }
}

/** NFKC, so that one password typed on two keyboards is one (SP 800-63B-4 §3.1.1.2); null for what cannot be one. */
export function canonicalPassword(typed: unknown, longest: number): string | null {
  if (typeof typed !== 'string' || typed.length > 4 * longest) return null
  const password = typed.normalize('NFKC')
  return password.length > 0 && [...password].length <= longest ? password : null
}

/** Why a password is not taken, as a sentence's code; null where it is good. */
export async function passwordProblem(
  tools: Tools,
  typed: unknown,
  isBreached: IsBreached,
  ownWords: readonly string[],
): Promise<'not_a_password' | 'too_short' | 'too_long' | 'breached' | 'own_name' | null> {
  const { minLength, maxLength } = tools.rules.passwords
  if (typeof typed === 'string' && [...typed.normalize('NFKC')].length > maxLength) return 'too_long'
  const password = canonicalPassword(typed, maxLength)
  if (password === null) return 'not_a_password'
  if ([...password].length < minLength) return 'too_short'
  const plain = password.toLowerCase()
  if (ownWords.some((word) => word.length >= 4 && plain.replaceAll(word.toLowerCase(), '').length < minLength / 2))
    return 'own_name'
  const known = await isBreached(password).catch((error: unknown) => {
    tools.onTrouble('a password could not be held against the breached ones', error)
    throw new AmbitError('overloaded', 'new passwords cannot be checked at the moment; try again in a moment')
  })
  return known ? 'breached' : null
}

export interface NewPassword extends Pick<EnrolledAuthenticator, 'account' | 'boundAtAal'> {
  readonly typed: string
  readonly session: ChangedIn
}

/**
 * Sets the only password of the account; false where the session is over in which this is done. The caller has asked for a step-up and
 * checked {@link passwordProblem}.
 */
export async function setPassword(
  tools: Tools,
  { account, typed, boundAtAal, session }: NewPassword,
): Promise<boolean> {
  const canonical = canonicalPassword(typed, tools.rules.passwords.maxLength)
  if (canonical === null) throw new AmbitError('input_invalid', 'this is not a password; type one')
  const id = newId('au')
  const hashed = await inTurn(() => hash(canonical, ARGON2))
  const material = await tools.keyring.seal(`authenticator ${id}`, hashed)
  const password = {
    id,
    account,
    kind: 'password',
    name: 'password',
    state: 'active',
    channel: null,
    boundAtAal,
    material,
    lookup: null,
    counter: 0,
    addedAt: tools.clock(),
    expiresAt: null,
    usedAt: null,
  } as const
  return tools.authenticators.replace(account, 'password', [password], session)
}

/** Where the hash that nobody has is sealed, as an authenticator's own is. */
const NOBODYS = 'authenticator nobody'
/** The sealed hash of a password nobody has, so that an account without one is as much work as one with: it is opened, too. */
const sealedNobodys = new WeakMap<Keyring, Promise<string>>()
function nobodysMaterial(keyring: Keyring): Promise<string> {
  let sealed = sealedNobodys.get(keyring)
  if (sealed === undefined) {
    sealed = inTurn(() => hash(newId('nobody'), ARGON2)).then((hashed) => keyring.seal(NOBODYS, hashed))
    sealedNobodys.set(keyring, sealed)
    // a failure is not kept
    sealed.catch(() => sealedNobodys.delete(keyring))
  }
  return sealed
}

export function answerPassword(tools: Tools, it: Attempt & { typed: unknown }): Promise<Outcome> {
  const password = canonicalPassword(it.typed, tools.rules.passwords.maxLength) ?? ''
  const compared = async (hashed: string): Promise<boolean> => inTurn(() => verify(hashed, password))
  const own = async () =>
    (await tools.authenticators.listOf(it.account)).find(({ kind, state }) => kind === 'password' && state === 'active')
  const nobodys = async () =>
    void (await compared(await tools.keyring.open(NOBODYS, await nobodysMaterial(tools.keyring))))
  const instead = async () => {
    await own()
    await nobodys()
  }
  return attempt(tools, 'password', { ...it, instead }, async () => {
    const found = await own()
    if (found === undefined) {
      await nobodys()
      return null
    }
    if (!(await compared(await tools.keyring.open(`authenticator ${found.id}`, found.material)))) return null
    if (!(await tools.authenticators.touch(found.id, it.account, tools.clock()))) return null
    const { id, boundAtAal } = found
    return { authenticator: id, channel: null, userVerified: false, keyClass: null, fips140Level: null, boundAtAal }
  })
}
