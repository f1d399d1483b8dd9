/**
 * WebAuthn registration and sign-in. The library checks the formats and signatures; what it leaves to its caller is here: whose
 * key it is, that a challenge is answered once and by the browser that asked, what pins BE, what a counter that goes back means,
 * and which word about hardware is believed.
 */
import { randomBytes } from 'node:crypto'
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type AuthenticatorTransport,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { newId } from '#lib/ids.ts'
import { attempt, type Attempt, type Outcome, type Tools } from './ceremony.ts'
import { attested, judgedAgain, type ModelCatalogue } from './attestation.ts'
import { suspendBroken } from './broken-keys.ts'
import { openKey, type KeyMaterial } from './key-material.ts'
import type { EnrolledAuthenticator } from './stores.ts'

/** Where keys are made for and used. */
export interface RelyingParty {
  /** the host, or a suffix of it (WebAuthn L3 §5.1.2) */
  readonly id: string
  readonly name: string
  /** whole origins; nothing else may show an answer, no other port, no subdomain, no frame of somebody else's page */
  readonly origins: readonly string[]
}

export interface Passkeys {
  readonly party: RelyingParty
  readonly models: ModelCatalogue
}

/** Milliseconds that a ceremony may take: five minutes, as long as a code; the page asks for the same. */
const TTL_MS = 300_000
/** ES256, EdDSA and RS256, in the order of preference (COSE algorithm registry). */
const ALGORITHMS = [-8, -7, -257]
/** Longest name of a key. */
const NAME_LENGTH = 64
/** Account of a challenge that was begun before anybody said who is there. */
const ANYONE = '*'

/** What a page may show of a name; markup is the page's to escape. */
export function canonicalName(typed: unknown): string {
  const name =
    typeof typed === 'string'
      ? typed
          .normalize('NFC')
          .replaceAll(/[\p{C}\s]+/gu, ' ')
          .trim()
      : ''
  return [...name].slice(0, NAME_LENGTH).join('') || 'passkey'
}

/** Opaque and stable: says nothing of the person to whoever reads the authenticator (WebAuthn L3 §14.6.1). */
const userHandle = (tools: Tools, account: string): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(tools.keyring.mac('handle', account).slice(0, 60))

async function beginChallenge(tools: Tools, it: Attempt, account: string, epoch: number) {
  const challenge = randomBytes(32)
  const id = newId('ch')
  const now = tools.clock()
  await tools.challenges.begin({
    id,
    account,
    factor: 'passkey',
    purpose: it.purpose,
    browser: it.browser,
    binding: it.binding,
    epoch,
    mac: tools.keyring.mac('code', 'webauthn', it.purpose, challenge.toString('base64url')),
    checksLeft: 1,
    createdAt: now,
    expiresAt: now + TTL_MS,
  })
  return { id, challenge: new Uint8Array(challenge) }
}

/** Uses the challenge up, whatever comes of the answer. Returns it when it was ours, for this purpose, browser and action. */
async function spentChallenge(
  tools: Tools,
  it: Attempt,
  id: string,
  account: string,
  clientData: unknown,
): Promise<string | null> {
  const challenge = challengeIn(clientData)
  if (challenge === null) return null
  const macs = tools.keyring.macs('code', 'webauthn', it.purpose, challenge)
  const { purpose, browser, binding } = it
  const answer = { id, account, factor: 'passkey', purpose, browser, binding, macs } as const
  return (await tools.challenges.answer(answer, tools.clock())) === 'accepted' ? challenge : null
}

function challengeIn(clientData: unknown): string | null {
  if (typeof clientData !== 'string' || clientData.length > 10_000) return null
  try {
    const read: unknown = JSON.parse(Buffer.from(clientData, 'base64url').toString())
    return typeof read === 'object' && read !== null && 'challenge' in read && typeof read.challenge === 'string'
      ? read.challenge
      : null
  } catch {
    return null
  }
}

export interface Begun<Options> {
  readonly challenge: string
  readonly options: Options
}

/** Begins a registration. The caller has asked for a step-up at the level of the strongest authenticator. */
export async function beginRegistration(
  tools: Tools,
  { party }: Passkeys,
  it: Attempt & { readonly displayName: string; readonly attest: boolean },
): Promise<Begun<PublicKeyCredentialCreationOptionsJSON>> {
  const { epoch } = await tools.accounts.stateOf(it.account)
  const { id, challenge } = await beginChallenge(tools, it, it.account, epoch)
  const options = await generateRegistrationOptions({
    rpName: party.name,
    rpID: party.id,
    userName: it.displayName,
    userID: userHandle(tools, it.account),
    challenge,
    timeout: TTL_MS,
    attestationType: it.attest ? 'direct' : 'none',
    excludeCredentials: await keysOf(tools, it.account),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })
  return { challenge: id, options }
}

/** Finishes a registration. The proof it gives is worth what the session that asked for it was: `boundAtAal` caps it. */
export function finishRegistration(
  tools: Tools,
  { party, models }: Passkeys,
  it: Attempt & {
    readonly challenge: string
    readonly response: unknown
    readonly name: unknown
    readonly boundAtAal: number
  },
): Promise<Outcome> {
  return attempt(tools, 'passkey', it, async () => {
    const response = it.response as RegistrationResponseJSON
    const expectedChallenge = await spentChallenge(
      tools,
      it,
      it.challenge,
      it.account,
      response?.response?.clientDataJSON,
    )
    if (expectedChallenge === null) return null
    const verified = await verifyRegistrationResponse({
      response,
      expectedChallenge,
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }).catch(() => ({ verified: false }) as const)
    if (!verified.verified || isCrossOrigin(response.response.clientDataJSON)) return null
    const { credential, aaguid, attestationObject, credentialDeviceType, credentialBackedUp, userVerified } =
      verified.registrationInfo
    const backupEligible = credentialDeviceType === 'multiDevice'
    if (credentialBackedUp && !backupEligible) return null // BS without BE cannot be (WebAuthn L3 §6.1.3)
    const { attestation, keyClass, fips140Level } = await attested(
      { attestationObject, aaguid, backupEligible },
      models,
      tools.clock(),
    )
    if (keyClass === null) return null
    const id = newId('au')
    const material: KeyMaterial = {
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      transports: credential.transports ?? [],
      backupEligible,
      backedUp: credentialBackedUp,
      userVerifiedAtBirth: userVerified,
      keyClass,
      fips140Level,
      aaguid,
      attestation,
    }
    const key = {
      id,
      account: it.account,
      kind: 'passkey',
      name: canonicalName(it.name),
      state: 'active',
      channel: null,
      boundAtAal: it.boundAtAal,
      material: await tools.keyring.seal(`authenticator ${id}`, JSON.stringify(material)),
      lookup: credential.id, // unique for its kind: a key that belongs to somebody is nobody else's
      counter: credential.counter,
      addedAt: tools.clock(),
      expiresAt: null,
      usedAt: null,
    } as const
    if (!(await tools.authenticators.enrol(key, it.session))) return null
    await tools.notify(it.account, {
      template: 'authenticator_added',
      values: { name: canonicalName(it.name), kind: 'passkey' },
    })
    return { authenticator: id, channel: null, userVerified, keyClass, fips140Level, boundAtAal: it.boundAtAal }
  })
}

/**
 * Begins a sign-in. Without an account the browser offers what it has (conditional UI): the key says who is there. With one, an
 * account that is not there gets options that look like any other.
 */
export async function beginSignIn(
  tools: Tools,
  { party }: Passkeys,
  it: Omit<Attempt, 'account'> & { readonly account: string | null },
): Promise<Begun<PublicKeyCredentialRequestOptionsJSON>> {
  const account = it.account ?? ANYONE
  const { epoch } = await tools.accounts.stateOf(account)
  const { id, challenge } = await beginChallenge(tools, { ...it, account }, account, epoch)
  const options = await generateAuthenticationOptions({
    rpID: party.id,
    challenge,
    timeout: TTL_MS,
    userVerification: 'required',
    // to a stranger never a list of keys: it would tell whether an account is there, and how it signs in
    allowCredentials: it.session === null || it.account === null ? [] : await keysOf(tools, it.account),
  })
  return { challenge: id, options }
}

async function keysOf(tools: Tools, account: string): Promise<{ id: string }[]> {
  const own = await tools.authenticators.listOf(account)
  return own
    .filter(({ kind, state }) => kind === 'passkey' && state === 'active')
    .map(({ lookup }) => ({ id: lookup! }))
}

export type PasskeyOutcome = { readonly account: string; readonly outcome: Outcome } | null

/** Finishes a sign-in or step-up; null where no account could be found for the key. */
export async function finishSignIn(
  tools: Tools,
  passkeys: Passkeys,
  it: Omit<Attempt, 'account'> & {
    readonly account: string | null
    readonly challenge: string
    readonly response: unknown
  },
): Promise<PasskeyOutcome> {
  const response = it.response as AuthenticationResponseJSON
  const begunFor = it.account ?? ANYONE
  const expected = await spentChallenge(
    tools,
    { ...it, account: begunFor },
    it.challenge,
    begunFor,
    response?.response?.clientDataJSON,
  )
  const key = typeof response?.id === 'string' ? await tools.authenticators.findBy('passkey', response.id) : null
  const account = key?.account ?? it.account
  if (account === null) return null
  const outcome = await attempt(tools, 'passkey', { ...it, account }, async () => {
    if (expected === null || key === null || key.state !== 'active') return null
    if (it.account !== null && key.account !== it.account) return null // another person's key proves another person
    return compare(tools, passkeys, key, response, expected)
  })
  return { account, outcome }
}

async function compare(
  tools: Tools,
  { party, models }: Passkeys,
  key: EnrolledAuthenticator,
  response: AuthenticationResponseJSON,
  expectedChallenge: string,
) {
  const handle = response.response.userHandle
  if (handle !== undefined && handle !== null) {
    const handles = tools.keyring
      .macs('handle', key.account)
      .map((mac) => Buffer.from(mac.slice(0, 60)).toString('base64url'))
    if (!handles.includes(handle)) return null
  }
  const material = await openKey(tools.keyring, key)
  const verified = await verifyAuthenticationResponse({
    response,
    expectedChallenge,
    expectedOrigin: [...party.origins],
    expectedRPID: party.id,
    // compared below, where a counter that went back ends the key instead of one answer
    credential: {
      id: key.lookup!,
      publicKey: Buffer.from(material.publicKey, 'base64url'),
      counter: 0,
      transports: [...material.transports] as AuthenticatorTransport[],
    },
    requireUserVerification: true,
  }).catch(() => null)
  // a bad signature is not thrown but said
  if (verified === null || !verified.verified || isCrossOrigin(response.response.clientDataJSON)) return null
  const { newCounter, userVerified, credentialDeviceType, credentialBackedUp } = verified.authenticationInfo
  const backupEligible = credentialDeviceType === 'multiDevice'
  if (backupEligible !== material.backupEligible || (credentialBackedUp && !backupEligible))
    return suspended(tools, key, 'key_changed')
  const facts = judgedAgain(material, models)
  if (facts === null) {
    await suspendBroken(tools, key)
    return null
  }
  const now = tools.clock()
  const counts = newCounter > 0 || key.counter > 0
  if (counts && !(await tools.authenticators.useCounter(key.id, key.account, newCounter, now))) {
    const after = await tools.authenticators.findBy('passkey', key.lookup!)
    // somebody has a copy, unless it was only put away meanwhile (WebAuthn L3 §6.1.1)
    return after?.state === 'active' && newCounter <= after.counter ? suspended(tools, key, 'key_cloned') : null
  }
  if (!counts && !(await tools.authenticators.touch(key.id, key.account, now))) return null
  return { authenticator: key.id, channel: null, userVerified, ...facts, boundAtAal: key.boundAtAal }
}

async function suspended(
  tools: Tools,
  key: EnrolledAuthenticator,
  template: 'key_changed' | 'key_cloned',
): Promise<null> {
  await tools.authenticators.setState(key.id, key.account, ['active'], 'suspended')
  await tools.notify(key.account, { template, values: { name: key.name, kind: key.kind } })
  return null
}

/** A ceremony inside a frame of another origin is refused: nobody could see whom he answers (WebAuthn L3 §5.8.1). */
function isCrossOrigin(clientData: string): boolean {
  const read: unknown = JSON.parse(Buffer.from(clientData, 'base64url').toString())
  if (typeof read !== 'object' || read === null) return true
  return ('crossOrigin' in read && read.crossOrigin !== false) || 'topOrigin' in read
}
