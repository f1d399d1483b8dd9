/** A process that proves, guesses and sends one after the other, says what it was told, and is killed while it does. */
import { generateSync } from 'otplib'
import { answerOtp, confirmOtp, enrolOtp } from '#authn/app-code.ts'
import { beginRegistration, beginSignIn, finishRegistration } from '#authn/passkeys.ts'
import { replaceRecoveryCodes } from '#authn/recovery-codes.ts'
import { beginCode } from '#authn/sent-code.ts'
import { assertWith, newSoftwareKey, register } from '#authn/software-key.fixture.ts'
import { attemptOf } from '#authn/tools.fixture.ts'
import { openOutbox } from '#delivery/outbox.ts'
import { adapterOver } from '#server/provider/adapter.ts'
import { openDatabase } from '#storage/database.ts'
import { clientSessions } from '#storage/client-sessions.ts'
import { oidcRecords } from '#storage/oidc-records.ts'
import { outboxStore } from '#storage/outbox.ts'
import { countingTools, EVE, keyring, PASSKEYS, submit, TO, type Item, type Said } from './steps.fixture.ts'

const [, , url = '', start = ''] = process.argv
const say = (said: Said) => void process.send?.(said)
const database = await openDatabase(url)
const tools = countingTools(database, Number(start))
let now = tools.now
const outbox = openOutbox({
  store: outboxStore(database),
  keyring,
  providers: [
    {
      name: 'parent',
      channel: 'mail',
      idempotent: false,
      hand: async ({ id }) => (say({ handed: id }), { outcome: 'taken', reference: id }),
      close: async () => {},
    },
  ],
  brand: 'Example',
  clock: () => now,
  record: async () => {},
  isWanted: async () => true,
  onFate: async () => {},
  onTrouble: () => {},
})
const codes = new Map<string, string>()
Object.assign(tools, {
  send: async (message: Parameters<typeof outbox.send>[0]) => {
    codes.set(message.id, message.values['code'] ?? '')
    // the store is tried, not how long codes are good for
    await outbox.send({ ...message, expiresAt: now + 1e12 })
  },
})

async function enrolledOtp(account: string, strategy: 'totp' | 'hotp') {
  const about = { account, label: account, issuer: 'Ambit', name: strategy, boundAtAal: 2, strategy }
  const { id, secret } = await enrolOtp(tools, about)
  const typed =
    strategy === 'totp' ? generateSync({ secret, epoch: now / 1000 }) : generateSync({ strategy, secret, counter: 0 })
  await confirmOtp(tools, { ...attemptOf({ purpose: 'enrol', account }), id, typed })
  return secret
}
// what an earlier life enrolled is put away, so that every code is of this one
for (const { id, kind, account } of await tools.authenticators.listOf('idp:ada'))
  if (kind !== 'passkey') await tools.authenticators.setState(id, account, ['active', 'pending'], 'removed')
const secrets = { totp: await enrolledOtp('idp:ada', 'totp'), hotp: await enrolledOtp('idp:ada', 'hotp') }
if ((await tools.authenticators.listOf(EVE)).length === 0) await enrolledOtp(EVE, 'totp')
const key = newSoftwareKey()
key.counter = 1
const enrolling = attemptOf({ purpose: 'enrol' })
const begun = await beginRegistration(tools, PASSKEYS, { ...enrolling, displayName: 'ada', attest: false })
const shown = { challenge: begun.challenge, response: register(key, begun.options), name: 'key', boundAtAal: 2 }
await finishRegistration(tools, PASSKEYS, { ...enrolling, ...shown })
const refresh = new (adapterOver({
  records: oidcRecords(database),
  clients: clientSessions(database),
  keyring: tools.keyring,
  clock: () => now,
  isAlive: async () => true,
  isTokenRequest: () => true,
  givenAt: () => undefined,
}))('RefreshToken')
say({ ready: true })

let recovery: string[] = []
let counter = 1
let guesses = 0

async function tried(item: Item): Promise<void> {
  say({ trying: item })
  if (await submit(tools, database, item)) say({ did: item })
}

for (;;) {
  now = tools.now = now + 30_000
  say({ now })
  await tried({ kind: 'totp', typed: generateSync({ secret: secrets.totp, epoch: now / 1000 }), now })
  const typed = generateSync({ strategy: 'hotp', secret: secrets.hotp, counter })
  await tried({ kind: 'hotp', typed, now })
  counter++
  const about = { ...attemptOf(), factor: 'email_code', to: TO, language: 'en', forWhat: 'the shop' } as const
  const { challenge, sent } = beginCode(tools, about)
  if ((await sent) === 'queued') {
    say({ promised: challenge, once: true })
    await tried({ kind: 'sent_code', challenge, typed: codes.get(challenge)!, now })
  }
  const notice = `notice ${now}`
  await tools.send({
    id: notice,
    channel: 'mail',
    to: TO,
    template: 'authenticator_added',
    values: { name: 'key' },
    language: 'en',
    expiresAt: now,
  })
  say({ promised: notice, once: false })
  if (recovery.length === 0)
    recovery = await replaceRecoveryCodes(tools, { account: 'idp:ada', boundAtAal: 2, session: null })
  await tried({ kind: 'recovery_code', typed: recovery.pop()!, now })
  const it = { ...attemptOf(), account: null }
  const asked = await beginSignIn(tools, PASSKEYS, it)
  const response = assertWith(key, asked.options)
  const counted = { key: response.id, counter: key.counter }
  await tried({ kind: 'passkey', challenge: asked.challenge, response, ...counted, now })
  await refresh.upsert(`token ${now}`, { grantId: `grant ${now}` }, 1e9)
  await tried({ kind: 'refresh_token', id: `token ${now}`, now })
  await answerOtp(tools, { ...attemptOf({ account: EVE }), factor: 'totp', typed: '000000' })
  say({ guessed: ++guesses })
}
