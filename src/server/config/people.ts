/** The part of the configuration for people who sign in here: without it Ambit only decides. */
import { Type, type Static } from 'typebox'
import { FACTOR_NAMES } from '#authn/factors.ts'
import type { DecisionSettingsFile } from '#decision/settings.ts'
import type { ShapeProblem } from '#policy/shape.ts'
import { beyondDeliveryShape, DELIVERY, PUSH, SMS } from './delivery.ts'
import { networkOf } from './networks.ts'
import type { IssuerConfig } from './gate.ts'
import { Closed, KEY, list, text, whole, words } from './fields.ts'

const Access = Type.Object(
  {
    action: text('action, as in requests to the decision point'),
    resource: Type.Object(
      { type: text('its type'), id: text('its id in the inventory') },
      { ...Closed, description: 'the thing' },
    ),
  },
  { ...Closed, description: 'what people come for, so that a sign-in asks for as much as that access will' },
)

const Client = Type.Object(
  {
    id: text('`client_id`'),
    secret: Type.Optional(text('client secret; a public client has none')),
    name: Type.Optional(text('what people are told it is called')),
    devices: Type.Boolean({
      default: false,
      description: 'whether it may be let in on devices that show a code (RFC 8628)',
    }),
    postLogoutRedirectUris: list('whole addresses to which people may be sent once they are signed out'),
    backchannelLogoutUri: Type.Optional(
      text('where it is told that somebody signed out (OpenID Connect Back-Channel Logout 1.0)', {
        pattern: '^https?://[^\\s#]+$',
      }),
    ),
    redirectUris: list('whole addresses to which people are sent back; nothing else is'),
    access: Type.Optional(Access),
  },
  { ...Closed },
)

const Smtp = Type.Object(
  {
    host: text('mail server'),
    port: whole(1, 65_535, 587, 'its port'),
    security: words(['tls', 'starttls', 'none'] as const, {
      default: 'starttls',
      description: '`none` for this machine only',
    }),
    user: Type.Optional(text('user name there')),
    password: Type.Optional(text('password there; better `${env:NAME}` or `file:PATH`')),
    from: text('address of the sender'),
  },
  { ...Closed, description: 'the mail server that codes and notices go out through' },
)

const SimSwap = Type.Object(
  {
    url: text('base address of the API; `/check` is added', { pattern: '^https?://[^?#\\s]+$' }),
    maxAgeHours: whole(1, 2400, 240, 'hours within which a change of the card speaks against the number'),
    token: Type.Optional(text('bearer token there; better `${env:NAME}` or `file:PATH`')),
    client: Type.Optional(
      Type.Object(
        {
          tokenUrl: text('where tokens are given', { pattern: '^https?://[^?#\\s]+$' }),
          id: text('client id there'),
          secret: text('client secret; better `${env:NAME}` or `file:PATH`'),
          scope: text('scope that is asked for', { default: 'sim-swap:check' }),
        },
        { ...Closed, description: 'OAuth client credentials, instead of `token`' },
      ),
    ),
    networks: list('private networks that it may be in; all others are refused'),
  },
  { ...Closed, description: 'a check of the card of a phone number before a code goes to it (CAMARA SIM Swap)' },
)

const UpstreamConfig = Type.Object(
  {
    id: text('letters and digits; its redirect URI is `publicUrl` and `/upstream/ID`', {
      pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
    }),
    issuer: text('one of `issuers` that has a `client`; `decisions.issuers` says what it proves'),
    name: text('what people are told it is called'),
  },
  { ...Closed },
)

/** Factors that can be switched on here. A pass is issued to somebody. */
const SWITCHED = FACTOR_NAMES.filter((each) => !['enrolment_pass', 'upstream'].includes(each))

export const PEOPLE = Type.Object(
  {
    brand: text('name of the organisation, on every page'),
    keys: Type.Array(KEY, {
      minItems: 1,
      description: 'keys of codes and sealed secrets, newest first; keep them safe and apart from the store',
    }),
    clients: Type.Array(Client, { default: [], description: 'OpenID clients' }),
    clientNetworks: list('private networks that clients may be told in of signing out; all others are refused'),
    resources: Type.Record(
      Type.String(),
      Type.Object({ scope: text('scopes, separated by spaces'), access: Type.Optional(Access) }, Closed),
      {
        default: {},
        description: 'APIs that access tokens are for, by their address (RFC 8707)',
      },
    ),
    factors: Type.Array(words(SWITCHED, { description: 'a factor' }), {
      default: ['passkey', 'password', 'totp', 'recovery_code'],
      description: 'ways to sign in that are switched on; which of them an account may use follows from its reach',
    }),
    deviceBinding: Type.Boolean({
      default: true,
      description: 'whether a session is bound to a key of its browser where that offers it (W3C DBSC)',
    }),
    boundCookieSeconds: whole(
      60,
      3600,
      600,
      'seconds for which a bound session goes on without a new proof of the key: for as long a thief of all cookies may use it',
    ),
    upstreams: Type.Array(UpstreamConfig, {
      default: [],
      description:
        'other OpenID providers at which people may sign in, once they linked themselves there to an account here',
    }),
    breachedPasswords: Type.Optional(
      text(
        'path of a list of passwords known from breaches: SHA-1 hashes in order, as Have I Been Pwned offers it; none of them is taken as a new password',
      ),
    ),
    metadata: Type.Optional(
      text('path of the FIDO metadata list (`blob.jwt`); without it no passkey counts as held in hardware'),
    ),
    smtp: Type.Optional(Smtp),
    delivery: DELIVERY,
    sms: Type.Optional(SMS),
    simSwap: Type.Optional(SimSwap),
    push: Type.Optional(PUSH),
  },
  { ...Closed, description: 'people sign in here: pages, authenticators and an OpenID provider at `/oidc`' },
)
export type PeopleConfig = Static<typeof PEOPLE>

/** What a schema cannot say of this part. */
export function beyondPeopleShape(
  people: PeopleConfig | undefined,
  others: { readonly issuers: readonly IssuerConfig[]; readonly decisions?: DecisionSettingsFile },
): ShapeProblem[] {
  if (people === undefined) return []
  const found = [...beyondDeliveryShape(people), ...upstreamProblems(people, others)]
  const check = people.simSwap
  for (const [path, networks] of [
    [['clientNetworks'], people.clientNetworks],
    [['simSwap', 'networks'], check?.networks ?? []],
  ] as const) {
    for (const [i, network] of networks.entries()) {
      if (networkOf(network) !== null) continue
      const message = `\`${network}\` is no network`
      found.push({ path: ['people', ...path, i], message, remedy: 'write it like 10.0.0.0/8' })
    }
  }
  if (check !== undefined && (check.token === undefined) === (check.client === undefined)) {
    const message = 'the operator is asked with a token or as a client, and with one of them only'
    found.push({ path: ['people', 'simSwap'], message, remedy: 'set either `token` or `client`' })
  }
  return found
}

function upstreamProblems(
  { upstreams }: PeopleConfig,
  { issuers, decisions }: Parameters<typeof beyondPeopleShape>[1],
): ShapeProblem[] {
  const found: ShapeProblem[] = []
  for (const [i, { id, issuer }] of upstreams.entries()) {
    const say = (key: string, message: string, remedy: string) =>
      found.push({ path: ['people', 'upstreams', i, key], message, remedy })
    if (upstreams.findIndex((other) => other.id === id) < i) say('id', `\`${id}\` is taken`, 'give each its own')
    if (upstreams.findIndex((other) => other.issuer === issuer) < i)
      say('issuer', `\`${issuer}\` stands twice`, 'keep one')
    if (!issuers.some((each) => each.issuer === issuer && each.client !== undefined))
      say('issuer', `\`${issuer}\` is no issuer with a client`, 'name one of `issuers` that has a `client`')
    else if (decisions?.issuers?.[issuer] === undefined)
      say(
        'issuer',
        `nothing says what \`${issuer}\` proves, so that it proves nothing`,
        'add it to `decisions.issuers`',
      )
  }
  return found
}
