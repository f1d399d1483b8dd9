/** What is done and killed, and how the same is tried again; shared by the process that dies and the test that looks after it. */
import { catalogueOf } from '#authn/attestation.ts'
import { answerOtp } from '#authn/app-code.ts'
import { keyringOf } from '#authn/keyring.ts'
import { answerRecoveryCode } from '#authn/recovery-codes.ts'
import { answerCode } from '#authn/sent-code.ts'
import { finishSignIn, type Passkeys } from '#authn/passkeys.ts'
import { ORIGIN, RP_ID } from '#authn/software-key.fixture.ts'
import { attemptOf, toolsOver, type TestTools } from '#authn/tools.fixture.ts'
import { adapterOver } from '#server/provider/adapter.ts'
import type { Database } from '#storage/database.ts'
import { clientSessions } from '#storage/client-sessions.ts'
import { oidcRecords } from '#storage/oidc-records.ts'

/** Something that is good once; `now` is the time at which it is. */
export type Item =
  | { readonly kind: 'totp' | 'hotp'; readonly typed: string; readonly now: number }
  | { readonly kind: 'recovery_code'; readonly typed: string; readonly now: number }
  | { readonly kind: 'sent_code'; readonly challenge: string; readonly typed: string; readonly now: number }
  | {
      readonly kind: 'passkey'
      readonly challenge: string
      readonly response: unknown
      readonly key: string
      readonly counter: number
      readonly now: number
    }
  | { readonly kind: 'refresh_token'; readonly id: string; readonly now: number }

/** What the process says: before it tries, and when it was told that it is done. */
export type Said =
  | { readonly ready: true }
  | { readonly trying: Item }
  | { readonly did: Item }
  | { readonly guessed: number }
  /** a message was promised: a notice, or a code */
  | { readonly promised: string; readonly once: boolean }
  /** a message reached the provider */
  | { readonly handed: string }
  | { readonly now: number }

export const TO = 'ada@example.org'
/** Who is guessed at. */
export const EVE = 'idp:eve'
export const PASSKEYS: Passkeys = {
  party: { id: RP_ID, name: 'Example', origins: [ORIGIN] },
  models: catalogueOf([], 0),
}
export const keyring = keyringOf([{ id: 'k1', secret: new Uint8Array(32).fill(7) }])

/** Tools whose budgets count and never end, so that what is counted can be held against what was acknowledged. */
export function countingTools(database: Database, now: number): TestTools {
  const tools = toolsOver(database)
  const ever = [{ within: 1e13, most: 1e9 }]
  const sends = { perRecipient: ever, perAccount: ever, perPrefix: ever, perCountry: ever, inAll: ever }
  const rules = {
    ...tools.rules,
    budget: { perHour: 1e9, perDay: 1e9, inARow: 1e9 },
    sends: { ...tools.rules.sends, ...sends },
  }
  return Object.assign(tools, { rules, keyring, now })
}

/** Submits it; true where it is accepted. */
export async function submit(tools: TestTools, database: Database, it: Item): Promise<boolean> {
  tools.now = it.now
  switch (it.kind) {
    case 'totp':
    case 'hotp':
      return (await answerOtp(tools, { ...attemptOf(), factor: it.kind, typed: it.typed })).accepted
    case 'recovery_code':
      return (await answerRecoveryCode(tools, { ...attemptOf(), typed: it.typed })).accepted
    case 'sent_code': {
      const { challenge, typed } = it
      return (
        await answerCode(tools, { ...attemptOf(), factor: 'email_code', to: TO, boundAtAal: 2, challenge, typed })
      ).accepted
    }
    case 'passkey': {
      const { challenge, response } = it
      const done = await finishSignIn(tools, PASSKEYS, { ...attemptOf(), account: null, challenge, response })
      return done?.outcome.accepted ?? false
    }
    case 'refresh_token': {
      const adapter = new (adapterOver({
        records: oidcRecords(database),
        clients: clientSessions(database),
        keyring: tools.keyring,
        clock: tools.clock,
        isAlive: async () => true,
        isTokenRequest: () => true,
        givenAt: () => undefined,
      }))('RefreshToken')
      const found = await adapter.find(it.id)
      if (found === undefined || found.consumed !== undefined) return false
      return adapter.consume(it.id).then(
        () => true,
        () => false,
      )
    }
  }
}
