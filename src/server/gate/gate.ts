/** Makes the parts that the doors of the decision point share, out of the configuration. */
import type { JWK, JWTPayload } from 'jose'
import { replaysInMemory } from '#authn/proof.ts'
import type { Clock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
import { stepUpTries, type StepUpTries } from '#decision/step-up-tries.ts'
import { GATE_SESSIONS_CHANGED, takeProof } from '#storage/gate.ts'
import type { IssuerConfig } from '#server/config/gate.ts'
import type { ServerContext } from '../context.ts'
import { guardedFetch, type GuardedFetch } from '../guarded-fetch.ts'
import type { SigningKeys } from '#server/provider/signing-keys.ts'
import { PROVIDER_KEYS_CHANGED } from '#storage/provider-keys.ts'
import { ownIssuer, sessionIn, type OwnIssuer } from '#server/provider/own-issuer.ts'
import { browserSessions, type BrowserSessions } from './browser-sessions.ts'
import type { OwnClient } from './client-authentication.ts'
import { proofNonces, type ProofNonces } from './proof-nonces.ts'
import { followProviders, type Providers } from './providers.ts'
import { followRevocations } from './revocations.ts'
import { sessionTokens, type SessionIssuer, type SessionTokens } from './session-tokens.ts'
import { openSigner, type Signer } from './signer.ts'

export interface Gate {
  readonly clock: Clock
  readonly issuers: readonly SessionIssuer[]
  readonly providers: Providers
  readonly fetch: GuardedFetch
  readonly tokens: SessionTokens
  readonly browsers: BrowserSessions
  /** whether the session of these claims (`sid`), or the token itself (`jti`), ended before its time */
  readonly isOver: (issuer: string, claims: JWTPayload) => Promise<boolean>
  readonly stop: () => void
  /** what our own provider signs with; null where nobody signs in here */
  readonly ownKeys: SigningKeys | null
  readonly signer: Signer
  readonly nonces: ProofNonces
  readonly tries: StepUpTries
  /** where browsers sign in; null where no issuer has a client */
  readonly signIn: SessionIssuer | null
}

/** DPoP proofs that one node remembers, at 200 bytes each; ours. */
const PROOFS = 500_000
/** Milliseconds between two looks whether another key signs by now; much less than it is known before. */
const TURN_EVERY = 60_000
/** Counts of step-ups kept; ours. */
const TRIES = 10_000

export async function openGate({
  config,
  database,
  clock,
  log,
  changes,
}: Pick<ServerContext, 'config' | 'database' | 'clock' | 'log' | 'changes'>): Promise<Gate> {
  const own = await ownIssuer({ config, database, clock })
  const listed = config.issuers.map(issuerOf)
  const isListed = own === null || listed.some(({ trusted }) => trusted.issuer === own.trusted.issuer)
  const issuers: SessionIssuer[] = isListed
    ? listed
    : [...listed, { trusted: own.trusted, introspection: 'never', client: null }]
  const fetch = guardedFetch({ networks: config.gate.networks })
  const followed = followProviders(
    config.issuers.map(({ issuer, jwks = null }) => ({ issuer, jwks })),
    fetch,
    {
      clock,
      onTrouble: (issuer, error) => log.warn({ issuer, err: error }, 'keys or metadata of an issuer cannot be fetched'),
    },
  )
  const providers: Providers = own === null ? followed : withKeysOf(own, followed)
  const seconds = () => Math.floor(clock() / 1000)
  // one node alone uses SQLite; several share a PostgreSQL, and a proof must not be good once on each
  const replays =
    database.dialect === 'sqlite'
      ? replaysInMemory(PROOFS, seconds)
      : { take: async (proof: string, until: number) => await takeProof(database, proof, until, seconds()) }
  const revocations = await followRevocations(database, changes, clock)
  /** Cut off, or of a session of ours that has ended, which the store knows best. */
  const isOver = async (issuer: string, claims: JWTPayload): Promise<boolean> => {
    if (revocations.isCut(issuer, claims)) return true
    const session = issuer === own?.trusted.issuer ? sessionIn(claims) : null
    return own !== null && session !== null && !(await own.isAlive(session))
  }
  const visited = async (issuer: string, claims: JWTPayload): Promise<void> => {
    const session = issuer === own?.trusted.issuer ? sessionIn(claims) : null
    if (own !== null && session !== null) await own.visited(session)
  }
  const tokens = sessionTokens({
    issuers,
    providers,
    fetch,
    replays,
    clock,
    remembered: config.gate.rememberedTokens,
    isRevoked: async ({ issuer: { issuer }, claims }) =>
      // our own tokens all name their session
      (await isOver(issuer, claims)) || (issuer === own?.trusted.issuer && sessionIn(claims) === null),
  })
  const browsers = browserSessions(
    database,
    issuers.map(({ trusted }) => trusted),
    { clock, minutes: config.gate.sessionMinutes, isOver, visited },
  )
  changes.on(GATE_SESSIONS_CHANGED, ({ key }) => browsers.ended(key))
  // a token that was found good under a key that is gone is looked at again
  own?.signing.onChange(() => tokens.forget(({ issuer: { issuer } }) => issuer === own.trusted.issuer))
  const turn = async () => {
    await own?.signing
      .refresh()
      .catch((error: unknown) => log.error({ err: error }, 'the signing keys of the provider cannot be read'))
  }
  changes.on(PROVIDER_KEYS_CHANGED, turn)
  const turning = setInterval(() => void turn(), TURN_EVERY)
  turning.unref()
  const ourSigner = await openSigner(database, clock)
  const clients = issuers.filter(({ client }) => client !== null)
  const named = config.gate.signIn
  return {
    clock,
    issuers,
    providers,
    fetch,
    tokens,
    browsers,
    isOver,
    stop() {
      revocations.stop()
      clearInterval(turning)
    },
    ownKeys: own?.signing ?? null,
    signer: ourSigner,
    nonces: proofNonces(ourSigner, clock),
    tries: stepUpTries(TRIES),
    signIn: (named === undefined ? clients[0] : clients.find(({ trusted }) => trusted.issuer === named)) ?? null,
  }
}

/** Our own keys are at hand, even while nothing listens yet. */
const withKeysOf = ({ trusted, keys, signing }: OwnIssuer, others: Providers): Providers => ({
  ...others,
  current: async (issuer) => (issuer === trusted.issuer ? keys() : others.current(issuer)),
  async renewed(issuer) {
    if (issuer !== trusted.issuer) return others.renewed(issuer)
    // another node may have made one a moment ago
    await signing.refresh()
    return keys()
  },
})

function issuerOf(config: IssuerConfig): SessionIssuer {
  const { issuer, algorithms, audiences, accessTokens, subject, contexts, vouches, skewSeconds, introspection } = config
  const client = clientOf(config)
  const clientIds = client === null ? [] : [client.id]
  const trusted = {
    issuer,
    algorithms,
    audiences,
    clientIds,
    accessTokens,
    subject,
    contexts,
    vouches,
    skew: skewSeconds,
  }
  return { trusted, introspection, client }
}

function clientOf({ issuer, client }: IssuerConfig): OwnClient | null {
  if (client === undefined) return null
  const { id, secret = null, key = null } = client
  if (key === null) return { id, secret, key: null }
  try {
    return { id, secret: null, key: JSON.parse(key) as JWK }
  } catch {
    throw new AmbitError('config_invalid', `the client key for \`${issuer}\` is no JSON; write a private JWK`)
  }
}
