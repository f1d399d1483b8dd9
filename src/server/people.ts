/** Makes what people sign in with, out of the configuration: stores, ceremonies, outbox, provider. */
import { createHmac } from 'node:crypto'
import type { Tools } from '#authn/ceremony.ts'
import type { AskDecisionPoint, CeremonyRecord } from '#authn/ports.ts'
import { catalogueOf, type ModelCatalogue } from '#authn/attestation.ts'
import { suspendAllBroken } from '#authn/broken-keys.ts'
import { metadataRoots, readMetadata } from '#authn/metadata.ts'
import { sweepRecoveries, type RecoveryParts } from '#authn/recover.ts'
import { DEFAULT_RECOVERY } from '#authn/recovery.ts'
import { checkRules, DEFAULT_RULES } from '#authn/rules.ts'
import { tellOverdue } from '#authn/tellings.ts'
import type { DecisionSettings } from '#decision/settings.ts'
import type { Floor } from '#authn/sign-in.ts'
import { signInDemand, type WantedAccess } from '#decision/sign-in-demand.ts'
import { notifier } from '#delivery/notify.ts'
import { openOutbox } from '#delivery/outbox.ts'
import { AmbitError } from '#lib/errors.ts'
import { accountStateStore } from '#storage/account-states.ts'
import { authenticatorStore } from '#storage/authenticators.ts'
import { belongingsStore } from '#storage/belongings.ts'
import { budgetStore } from '#storage/budgets.ts'
import { challengeStore } from '#storage/challenges.ts'
import { identifierStore } from '#storage/identifiers.ts'
import { DEFAULT_ANOMALIES } from '#risk/anomalies.ts'
import { clientSessions } from '#storage/client-sessions.ts'
import { metadataNumbers } from '#storage/metadata-numbers.ts'
import { oidcRecords } from '#storage/oidc-records.ts'
import { outboxStore } from '#storage/outbox.ts'
import { sendLimitStore } from '#storage/send-limits.ts'
import { endTimedOut } from '#storage/session-ends.ts'
import { sessionStore } from '#storage/sessions.ts'
import { pushStore } from '#storage/pushes.ts'
import { recoveryStore } from '#storage/recoveries.ts'
import { habitStore, signalStore } from '#storage/risk.ts'
import { signInStore } from '#storage/sign-ins.ts'
import { sweepPeople } from '#storage/sweep.ts'
import { tellingStore } from '#storage/tellings.ts'
import { upstreamSessionStore } from '#storage/upstream-sessions.ts'
import { usedLinkStore } from '#storage/used-links.ts'
import { openBreachedPasswords } from './breached-passwords.ts'
import { channelsOfConfig } from './config/delivery.ts'
import { recordOf } from './ceremony-record.ts'
import type { PeopleConfig } from './config/people.ts'
import type { ServerContext } from './context.ts'
import { guardedFetch } from './guarded-fetch.ts'
import { cardCheck, providersOf, sendRulesOf } from './delivery.ts'
import { deviceApproval } from './provider/approval.ts'
import { clientsOf } from './provider/clients.ts'
import { openProvider } from './provider/provider.ts'
import { keyringFrom } from './provider/signing-keys.ts'
import { tellClients } from './provider/tell-clients.ts'
import { PROVIDER_PATH } from './routes/provider.ts'
import type { PeopleParts } from './sign-in/parts.ts'
import { sharedChannels } from './sign-in/shared-channels.ts'
import type { Upstreams } from './sign-in/upstream.ts'
import { OWN_CLIENT } from './sign-in/step-up.ts'

/** Days for which an address must have been proved before it is told of changes; as in authn/recovery.ts. */
const KNOWN_FOR_MS = 7 * 86_400_000
/** Milliseconds between two looks for recoveries whose wait is over. */
const RECOVERIES_EVERY = 30_000
/** Milliseconds between two looks for what nobody has told. Ours. */
const TELLINGS_EVERY = 30_000
/** Milliseconds between two looks for sessions whose time is over, so that clients hear of them. Ours. */
const TIMED_OUT_EVERY = 10_000
/** Milliseconds between two sweeps of old rows. */
const SWEEP_EVERY = 600_000

export interface People {
  readonly parts: PeopleParts
  readonly stop: () => Promise<void>
}

/** @throws {AmbitError} `config_invalid` where people are to sign in under no public name, or keys are bad */
export async function openPeople(
  context: ServerContext,
  people: PeopleConfig,
  {
    worths,
    issuers,
    recoveriesMoved,
  }: {
    readonly worths: PeopleParts['worths']
    readonly issuers: DecisionSettings['issuers']
    /** hears each time that all recoveries were looked at */
    readonly recoveriesMoved: () => void
  },
): Promise<People> {
  const { database, clock, log, config } = context
  const origin = config.publicUrl
  if (origin === undefined) {
    throw new AmbitError(
      'config_invalid',
      '`people` needs `publicUrl`: the address under which browsers know this server',
    )
  }
  const keyring = keyringFrom(people)
  const onTrouble = (what: string, error: unknown) => log.error({ err: error }, what)
  const record = async (it: CeremonyRecord) => void (await context.audit.append(recordOf(it)))
  const challenges = challengeStore(database)
  const sendLimits = sendLimitStore(database)
  const pushes = pushStore(database)
  const outbox = openOutbox({
    store: outboxStore(database),
    keyring,
    providers: providersOf(people, clock),
    brand: people.brand,
    clock,
    async record({ did, channel: by, message, why }) {
      const channel = by === 'mail' ? ('email' as const) : by
      const what = { did, channel, message, account: null, why: [...why] }
      await context.audit.append({ kind: 'delivery', at: clock(), by: BY_NODE, ...what })
    },
    isWanted: async (id) => (await challenges.waits(id, clock())) || pushes.waits(id, clock()),
    onFate: (prefix, fate) => sendLimits.note(prefix, fate, clock()),
    onTrouble,
  })
  const identifiers = identifierStore(database, clock)
  const tools: Tools = {
    clock,
    keyring,
    rules: checkRules({ ...DEFAULT_RULES, sends: sendRulesOf(people.sms) }),
    accounts: accountStateStore(database),
    authenticators: authenticatorStore(database, clock),
    budgets: budgetStore(database),
    challenges,
    sessions: sessionStore(database),
    sendLimits,
    tellings: tellingStore(database),
    ask: askOver(context, people),
    checkSimChange: cardCheck(people, clock, onTrouble),
    send: outbox.send,
    notify: notifier({
      identifiers,
      keyring,
      send: outbox.send,
      clock,
      channels: channelsOfConfig(people),
      origin,
      language: 'en',
      knownFor: KNOWN_FOR_MS,
      onTrouble,
    }),
    record,
    onTrouble,
  }
  const channelsOf = (account: string) => sharedChannels(context.live(), account)
  const models = await modelsOf(context, people)
  const stopping = new AbortController()
  const judging = suspendAllBroken(tools, models, { stopped: stopping.signal }).then(
    (count) => count > 0 && log.warn({ count }, 'passkeys of models that were reported broken were suspended'),
  )
  const breached = people.breachedPasswords === undefined ? null : await openBreachedPasswords(people.breachedPasswords)
  if (breached === null && people.factors.includes('password'))
    log.warn({}, 'new passwords are held against no list of breached ones; see `people.breachedPasswords`')
  const signing = context.gate.ownKeys
  if (signing === null) throw new Error('the gate has no keys of our provider')
  const clients = clientSessions(database)
  const withKeys = () =>
    openProvider({
      issuer: `${origin}${PROVIDER_PATH}`,
      clients: clientsOf(people, origin),
      jwks: { keys: signing.current().map(({ jwk }) => jwk) } as never,
      cookieKeys: people.keys.map(({ secret }) =>
        createHmac('sha256', Buffer.from(secret, 'base64')).update('cookies').digest('base64url'),
      ),
      records: oidcRecords(database),
      clientSessions: clients,
      keyring,
      brand: people.brand,
      approve: deviceApproval(context, `${origin}${PROVIDER_PATH}`),
      sessions: tools.sessions,
      accounts: tools.accounts,
      clock,
      worths,
      channelsOf,
      async claimsOf(account) {
        const standing = context.world()?.account(account)
        return standing === undefined || !standing.enabled ? null : { preferred_username: account }
      },
      resources: people.resources,
      dpopNonces: config.gate.dpopNonces,
      own: new Set([OWN_CLIENT]),
      fetch: guardedFetch({ networks: people.clientNetworks }),
      interactionPath: (uid) => `${origin}/interaction/${uid}`,
      onError: (what, error) => log.warn({ err: error }, what),
    })
  // the library reads its keys once; everything else that it knows is in the store
  let provider = withKeys()
  signing.onChange(() => (provider = withKeys()))
  const signOuts = await tellClients(context, {
    provider: () => provider,
    clients: people.clients.filter(({ backchannelLogoutUri: told }) => told !== undefined).map(({ id }) => id),
    sessions: clients,
  })
  const recovery: RecoveryParts = {
    tools,
    store: recoveryStore(database),
    rules: DEFAULT_RECOVERY,
    impactOf: (account) => context.world()?.account(account)?.whole.impact ?? 'high',
  }
  const moving = setInterval(
    () =>
      void sweepRecoveries(recovery).then(recoveriesMoved, (error: unknown) =>
        onTrouble('recoveries could not be moved on', error),
      ),
    RECOVERIES_EVERY,
  )
  moving.unref()
  const telling = setInterval(
    () =>
      void tellOverdue(tools).catch((error: unknown) => onTrouble('what was left to tell could not be told', error)),
    TELLINGS_EVERY,
  )
  telling.unref()
  const ending = setInterval(
    () =>
      void endAllTimedOut(database, clock).catch((error: unknown) =>
        onTrouble('sessions whose time is over could not be ended', error),
      ),
    TIMED_OUT_EVERY,
  )
  ending.unref()
  const sweeping = setInterval(
    () =>
      void sweepPeople(database, clock()).catch((error: unknown) => onTrouble('old rows could not be deleted', error)),
    SWEEP_EVERY,
  )
  sweeping.unref()
  return {
    parts: {
      get provider() {
        return provider
      },
      tools,
      passkeys: {
        party: { id: new URL(origin).hostname, name: people.brand, origins: [origin] },
        models,
      },
      identifiers,
      belongings: belongingsStore(database, clock),
      signIns: signInStore(database),
      isBreached: breached?.isBreached ?? (async () => false),
      worths,
      channelsOf,
      floorOf: (account) => floorOf(context, account),
      demandOf: (account, access) => demandOf(context, account, access),
      useException: (id) => context.exceptions.use(id),
      accessOf: wantedFrom(people),
      weakestOf: (account) => context.live()?.account(account)?.effective ?? null,
      rankOf(account) {
        const standing = context.world()?.account(account)
        if (standing === undefined || !standing.enabled || standing.kind !== 'human') return null
        return { impact: standing.whole.impact, canProve: standing.canProve }
      },
      recovery,
      pushes,
      appToken: people.push?.token ?? null,
      links: usedLinkStore(database),
      watch: { habits: habitStore(database), signals: signalStore(database), rules: DEFAULT_ANOMALIES },
      brand: people.brand,
      origin,
      binding: { isOffered: people.deviceBinding && isSecureOrigin(origin), seconds: people.boundCookieSeconds },
      factors: people.factors,
      delivery: people.delivery,
      outbox,
      upstreams: upstreamsOf(context, people, issuers),
    },
    async stop() {
      stopping.abort()
      await judging
      clearInterval(ending)
      clearInterval(sweeping)
      clearInterval(moving)
      clearInterval(telling)
      await signOuts.stop()
      await breached?.close()
      await outbox.stop()
    },
  }
}

/** The configuration was held against the list of issuers, so that each is there. */
function upstreamsOf(
  { gate, database, clock }: ServerContext,
  { upstreams }: PeopleConfig,
  issuers: Upstreams['issuers'],
): Upstreams {
  const list = upstreams.flatMap(({ id, issuer: named, name }) => {
    const issuer = gate.issuers.find(({ trusted }) => trusted.issuer === named)
    return issuer === undefined ? [] : [{ id, name, issuer }]
  })
  return { list, issuers, flow: { gate, database, clock }, sessions: upstreamSessionStore(database) }
}

/** Without metadata no maker is pinned, and no key is held to be in hardware. */
async function modelsOf(
  { surroundings, database, clock, log }: ServerContext,
  { metadata }: PeopleConfig,
): Promise<ModelCatalogue> {
  if (metadata === undefined) return catalogueOf([], 0)
  const before = { numbers: metadataNumbers(database), now: clock() }
  const read = await readMetadata(await surroundings.readText(metadata), metadataRoots(), before)
  log.info({ models: read.models, number: read.no }, 'FIDO metadata was read')
  return read
}

/** Browsers bind sessions over TLS only, and on their own machine (W3C DBSC, § Send request). */
const isSecureOrigin = (origin: string): boolean =>
  origin.startsWith('https:') || ['localhost', '127.0.0.1', '[::1]'].includes(new URL(origin).hostname)

async function endAllTimedOut(database: ServerContext['database'], clock: ServerContext['clock']): Promise<void> {
  while ((await endTimedOut(database, clock())) > 0);
}

const BY_NODE = { type: 'node', id: 'ambit' } as const

/** What the reach of an account asks of every session of it; null for an account that is not there, or without a snapshot. */
function floorOf({ world }: ServerContext, account: string): Floor | null {
  const standing = world()?.account(account)
  if (standing === undefined || !standing.enabled || standing.kind !== 'human') return null
  const { strength, codes, session, codeSession, phishingResistant, hardwareBacked } = standing.floor.requirement
  return {
    strength: hardwareBacked
      ? 'hardware'
      : phishingResistant && strength !== 'hardware'
        ? 'phishing_resistant'
        : strength,
    codes,
    session,
    codeSession: codeSession ?? {},
    exception: null,
  }
}

/** What people come to a client for: what the API stands for that it asks a token for, else what the client does. */
const wantedFrom =
  ({ clients, resources }: PeopleConfig): PeopleParts['accessOf'] =>
  (client, resource) =>
    (resource !== null && Object.hasOwn(resources, resource) ? resources[resource]!.access : undefined) ??
    clients.find(({ id }) => id === client)?.access ??
    null

/**
 * What a sign-in for an access has to show now, with the exceptions that stand and what the risk adds. Rejects where that cannot be found
 * out, which is a refusal everywhere.
 */
async function demandOf(context: ServerContext, account: string, access: WantedAccess | null): Promise<Floor | null> {
  const world = context.world()
  if (world === null) return null
  const { risk, exceptions } = await context.circumstances({ subject: { type: 'token', id: account }, session: null })
  return signInDemand(world, account, access, { at: Math.floor(context.clock() / 1000), risk, exceptions })
}

/** A code is good enough only where what it is for says so; whoever is not known is not asked anything. */
function askOver(context: ServerContext, { factors }: PeopleConfig): AskDecisionPoint {
  return async ({ account, factor, purpose, access, code }) => {
    // whatever the pages offer; recovery and enrolment have means of their own
    const isToSignIn = purpose === 'sign_in' || purpose === 'step_up'
    if (isToSignIn && factor !== 'upstream' && !factors.includes(factor))
      return { granted: false, reason: 'switched_off', text: 'nobody signs in with this here' }
    const demand = await demandOf(context, account, access)
    if (demand === null) return { granted: false, reason: 'account_unknown', text: 'nothing is known of this account' }
    // a pass is issued by a person who outranks the account, for one enrolment; everything else obeys the reach, recovery too
    if (purpose !== 'enrol' && code && demand.codes === 'refused') {
      return {
        granted: false,
        reason: 'code_beyond_reach',
        text: 'what this account reaches is worth more than a code protects',
      }
    }
    return { granted: true }
  }
}
