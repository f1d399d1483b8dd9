/** The part of the configuration that says whose security events are taken (SSF 1.0), and about whom each sender may speak. */
import { Type, type Static } from 'typebox'
import { SIGNATURE_ALGORITHMS } from '#authn/issuer.ts'
import type { ShapeProblem } from '#policy/shape.ts'
import { Closed, KEY, list, text, whole, words } from './fields.ts'
import { networkOf } from './networks.ts'

const Prefix = Type.String({
  maxLength: 256,
  default: '',
  description: 'what stands before it in the ids of the inventory',
})
const Domain = text('domain, in lower case', { pattern: '^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])$' })

const Subjects = Type.Object(
  {
    issuers: Type.Array(
      Type.Object({ issuer: text('`iss` of the subject, character by character'), prefix: Prefix }, Closed),
      {
        default: [],
        description: 'issuers whose people, sessions and tokens it may speak of: `sub` with the prefix is the account',
      },
    ),
    accounts: Type.Array(Type.Object({ domain: Domain, prefix: Prefix }, Closed), {
      default: [],
      description: 'domains of `acct:` addresses; the address with the prefix is the account',
    }),
    mail: Type.Array(Type.Object({ domain: Domain, prefix: Type.Optional(Prefix) }, Closed), {
      default: [],
      description:
        'domains of mail addresses: who proved the address here is meant, and with a prefix the account of that name too',
    }),
    phones: Type.Boolean({ default: false, description: 'phone numbers: who proved the number here is meant' }),
    opaque: Type.Optional(
      Type.Object(
        { prefix: Prefix },
        { ...Closed, description: 'ids without an issuer; with the prefix, the account' },
      ),
    ),
    tenants: list('tenants that a subject may name; any other is refused'),
  },
  { ...Closed, description: 'whom it may speak of, and nobody else' },
)

const Sender = Type.Object(
  {
    name: text('what the stream is called in addresses, logs and metrics', { pattern: '^[a-z0-9][a-z0-9-]{0,51}$' }),
    issuer: text('`iss` of its events, character by character', { pattern: '^https?://[^?#\\s]+$' }),
    jwks: Type.Optional(
      text('URL of its keys, where `/.well-known/ssf-configuration` is not to be asked', {
        pattern: '^https?://[^\\s]+$',
      }),
    ),
    audiences: Type.Array(text('audience'), { minItems: 1, description: 'what it writes in `aud` for this server' }),
    algorithms: Type.Array(words(SIGNATURE_ALGORITHMS, { description: 'an algorithm' }), {
      default: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      minItems: 1,
      description: 'signature algorithms that it uses',
    }),
    skewSeconds: whole(0, 300, 60, 'seconds by which its clock may be ahead'),
    maxAgeDays: whole(1, 60, 7, 'days after which an event is too old to be taken; as long each is known again'),
    subjects: Subjects,
    devices: Type.Boolean({ default: false, description: 'whether it may speak of devices' }),
    pushToken: Type.Optional(
      text('bearer token that it pushes with, 32 characters or more; without it pushes are refused', {
        pattern: '^[A-Za-z0-9\\-._~+/]{32,}=*$',
      }),
    ),
    poll: Type.Optional(
      Type.Object(
        {
          url: text('where its events are fetched (RFC 8936)', { pattern: '^https?://[^\\s]+$' }),
          token: text('bearer token there; better `${env:NAME}` or `file:PATH`'),
        },
        { ...Closed, description: 'fetches the events instead of waiting for them' },
      ),
    ),
    manage: Type.Optional(
      Type.Object(
        {
          streamId: text('`stream_id` there'),
          token: text('bearer token for its management interface; better `${env:NAME}` or `file:PATH`'),
        },
        { ...Closed, description: 'lets this server ask for a verification of the stream' },
      ),
    ),
  },
  Closed,
)

const Transmit = Type.Object(
  {
    networks: list('private networks that receivers may be in, and be pushed to without TLS; all others are refused'),
    tries: whole(
      1,
      100,
      20,
      'times a push is tried, with longer and longer waits between, before the stream is paused',
    ),
    keys: Type.Array(KEY, {
      default: [],
      description:
        'keys that `authorization_header` of a stream is sealed with, newest first, before those of `people.keys`; without any none is taken',
    }),
    mostStreams: whole(1, 1000, 10, 'streams of one receiver'),
    verificationSeconds: whole(1, 86_400, 60, 'seconds between two verifications that a receiver may ask for'),
  },
  {
    ...Closed,
    description: 'sends security events to others, who make their streams with a token; see docs/signals.md',
  },
)

export const SIGNALS = Type.Object(
  {
    transmit: Type.Optional(Transmit),
    from: Type.Array(Sender, { default: [], description: 'senders whose events are taken, and no others' }),
    networks: list('private networks that senders may be in, and be asked in without TLS; all others are refused'),
  },
  { ...Closed, default: {}, description: 'security events of others (OpenID Shared Signals Framework, CAEP, RISC)' },
)

export type SignalsConfig = Static<typeof SIGNALS>
export type SenderConfig = SignalsConfig['from'][number]

/** What a schema cannot say of this part. */
export function beyondSignalsShape(
  { from, networks, transmit }: SignalsConfig,
  { publicUrl }: { readonly publicUrl?: string },
): ShapeProblem[] {
  const found: ShapeProblem[] = []
  const say = (path: ShapeProblem['path'], message: string, remedy: string) => found.push({ path, message, remedy })
  for (const [i, network] of networks.entries()) {
    if (networkOf(network) === null)
      say(['signals', 'networks', i], `\`${network}\` is no network`, 'write it like 10.0.0.0/8')
  }
  for (const [i, network] of (transmit?.networks ?? []).entries()) {
    if (networkOf(network) === null)
      say(['signals', 'transmit', 'networks', i], `\`${network}\` is no network`, 'write it like 10.0.0.0/8')
  }
  if (transmit !== undefined && publicUrl === undefined)
    say(['signals', 'transmit'], 'receivers know this server by its public name', 'set `publicUrl`')
  for (const [i, sender] of from.entries()) {
    const at = ['signals', 'from', i] as const
    if (from.findIndex(({ name }) => name === sender.name) < i)
      say([...at, 'name'], `\`${sender.name}\` is taken`, 'give each sender its own name')
    if (from.findIndex(({ issuer }) => issuer === sender.issuer) < i)
      say([...at, 'issuer'], `\`${sender.issuer}\` stands twice`, 'keep one, with all its audiences')
    if (sender.pushToken === undefined && sender.poll === undefined)
      say([...at], 'nothing can come in from this sender', 'set `pushToken` or `poll`')
  }
  return found
}
