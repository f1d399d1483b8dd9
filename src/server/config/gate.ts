/** The parts of the configuration that the doors of the decision point read: whose tokens count, and what lies behind the proxies. */
import { Type, type Static } from 'typebox'
import { namesHost } from '#authn/audience.ts'
import { SIGNATURE_ALGORITHMS } from '#authn/issuer.ts'
import { faultOfRule, isHost, type GateRule } from '#server/forward-auth/rules.ts'
import { networkOf } from './networks.ts'
import type { ShapeProblem } from '#policy/shape.ts'
import { Closed, list, text, whole, words } from './fields.ts'

const Client = Type.Object(
  {
    id: text('our client id there'),
    secret: Type.Optional(text('client secret; better `${env:NAME}` or `file:PATH`')),
    key: Type.Optional(text('private JWK with `alg` and `kid`, as JSON, for `private_key_jwt`; better `file:PATH`')),
  },
  { ...Closed, description: 'Ambit as a client of this issuer: to ask about tokens, and to send browsers there' },
)

const Issuer = Type.Object(
  {
    issuer: text('`iss` of its tokens, character by character', { pattern: '^https?://[^?#\\s]+$' }),
    jwks: Type.Optional(
      text('URL of its keys, where its metadata is not to be asked', { pattern: '^https?://[^\\s]+$' }),
    ),
    algorithms: Type.Array(words(SIGNATURE_ALGORITHMS, { description: 'an algorithm' }), {
      default: ['ES256', 'PS256', 'RS256', 'EdDSA'],
      minItems: 1,
      description: 'signature algorithms that it uses',
    }),
    audiences: list('`aud` of access tokens that are taken'),
    accessTokens: words(['typ', 'audience'], {
      default: 'typ',
      description:
        'how access tokens are told from ID tokens: by `typ: at+jwt` (RFC 9068), or by `aud` alone where it sends none',
    }),
    subject: Type.Object(
      {
        claim: text('claim that names the account', { default: 'sub' }),
        prefix: Type.String({
          maxLength: 256,
          default: '',
          description: 'what stands before it in the ids of the inventory',
        }),
      },
      { ...Closed, default: {}, description: 'which account of the inventory a token is of' },
    ),
    contexts: Type.Array(
      Type.Object(
        { id: text('id of the context', { pattern: '^c[0-9]{1,2}$' }), acr: text('what it stands for') },
        Closed,
      ),
      { default: [], description: 'authentication contexts of a Microsoft Entra tenant, strongest first' },
    ),
    vouches: Type.Boolean({
      default: false,
      description: 'whether its `urn:ambit:` claims on keys and sessions count',
    }),
    skewSeconds: whole(0, 300, 30, 'seconds by which its clock may differ'),
    introspection: words(['never', 'opaque', 'all'], {
      default: 'never',
      description: 'which tokens it is asked about (RFC 7662): none, those that are no JWT, or all',
    }),
    client: Type.Optional(Client),
  },
  Closed,
)

const Rule = Type.Object(
  {
    hosts: Type.Array(text('`app.example.com`, or `*.example.com` for one label more'), { minItems: 1 }),
    paths: Type.Array(text('`/orders/{id}/**`'), { default: ['/**'], description: 'patterns of paths' }),
    methods: list('methods; any when empty', '^[A-Z]{1,32}$'),
    resource: Type.Object(
      { type: text('type of the resource'), id: text('id of the resource; may use `{name}`') },
      Closed,
    ),
    action: Type.Optional(text('action; the method in lower case when absent')),
    dpopNonces: Type.Optional(Type.Boolean({ description: 'as `gate.dpopNonces`, for this rule' })),
    audiences: Type.Optional(
      Type.Array(text('an audience'), {
        description:
          '`aud` of the access tokens that are taken here; those of the address that is called when absent, none when empty',
      }),
    ),
  },
  Closed,
)

export const ISSUERS = Type.Array(Issuer, { default: [], description: 'issuers whose tokens are taken, and no others' })

export const GATE = Type.Object(
  {
    rules: Type.Array(Rule, {
      default: [],
      description: 'what is accessed at which address; the first that fits counts, and where none fits nobody may',
    }),
    http: words(['refused', 'allowed'], {
      default: 'refused',
      description: 'whether addresses without TLS are let through',
    }),
    networks: list('private networks that issuers may be in, and be asked in without TLS; all others are refused'),
    certificateHeader: Type.Optional(
      words(['client-cert', 'x-client-cert'], {
        description:
          'header in which the proxies pass on the certificate of the client (RFC 9440, or escaped PEM), and overwrite what clients send',
      }),
    ),
    dpopNonces: Type.Boolean({
      default: false,
      description:
        'whether DPoP proofs must hold a nonce of ours, which clients are told, here (RFC 9449 §9) and where our provider gives tokens (§8)',
    }),
    cookieDomain: Type.Optional(
      text('domain of the session cookie, which all hosts behind the proxies and this server share', {
        pattern: '^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])$',
      }),
    ),
    signIn: Type.Optional(text('issuer where browsers sign in; the first with a client when absent')),
    sessionMinutes: whole(1, 1440, 720, 'minutes after which a browser has to sign in again in any case'),
    rememberedTokens: whole(0, 1_000_000, 10_000, 'verified tokens that are remembered'),
  },
  { ...Closed, default: {}, description: 'forward-auth for proxies' },
)

export type IssuerConfig = Static<typeof Issuer>
export type GateConfig = Static<typeof GATE>

/** A rule with nothing left open. */
export const ruleOf = (
  rule: GateConfig['rules'][number],
  { dpopNonces }: Pick<GateConfig, 'dpopNonces'>,
): GateRule => ({
  ...rule,
  action: rule.action ?? null,
  audiences: rule.audiences ?? null,
  dpopNonces: rule.dpopNonces ?? dpopNonces,
})

interface Doors {
  readonly issuers: readonly IssuerConfig[]
  readonly gate: GateConfig
  readonly people?: { readonly resources: Readonly<Record<string, unknown>> }
}

const knownAudiences = ({ issuers, people }: Doors): string[] => [
  ...new Set([...issuers.flatMap(({ audiences }) => audiences), ...Object.keys(people?.resources ?? {})]),
]

/** Audiences that are no rule's: no rule names them, and none that names nothing is at their address. */
export function audiencesNowhere(doors: Doors): string[] {
  const { rules } = doors.gate
  const known = knownAudiences(doors)
  if (rules.length === 0) return []
  return known.filter((audience) => {
    const host = namesHost(audience) ? new URL(audience).hostname : null
    const isAt = (rule: (typeof rules)[number]) =>
      host === null ? known.length === 1 : rule.hosts.some((each) => isHost(each, host))
    return !rules.some((rule) => rule.audiences?.includes(audience) ?? isAt(rule))
  })
}

/** What is wrong with who takes tokens for what. */
function faultsOfAudiences(doors: Doors): ShapeProblem[] {
  const known = knownAudiences(doors)
  const unknown = doors.gate.rules.flatMap(({ audiences = [] }, i) =>
    audiences.flatMap((audience, j): ShapeProblem[] =>
      known.includes(audience)
        ? []
        : [
            {
              path: ['gate', 'rules', i, 'audiences', j],
              message: `nobody's tokens for \`${audience}\` are taken`,
              remedy: 'name one of `issuers[].audiences` or `people.resources`',
            },
          ],
    ),
  )
  const placeless = audiencesNowhere(doors).filter((audience) => !namesHost(audience))
  return [
    ...unknown,
    ...placeless.map((audience): ShapeProblem => ({
      path: ['gate', 'rules'],
      message: `\`${audience}\` does not say at which host its tokens are taken, and there are other audiences`,
      remedy: 'name it in `audiences` of the rules whose application it is, and of no others',
    })),
  ]
}

/** What a schema cannot say of these parts. */
export function beyondGateShape(
  issuers: readonly IssuerConfig[],
  gate: GateConfig,
  { publicUrl, people }: { readonly publicUrl?: string; readonly people?: Doors['people'] },
): ShapeProblem[] {
  const found = faultsOfAudiences({ issuers, gate, ...(people === undefined ? {} : { people }) })
  const say = (path: ShapeProblem['path'], message: string, remedy: string) => found.push({ path, message, remedy })
  for (const [i, { issuer, audiences, accessTokens, client, introspection }] of issuers.entries()) {
    const at = ['issuers', i] as const
    if (issuers.findIndex((other) => other.issuer === issuer) < i)
      say([...at, 'issuer'], `\`${issuer}\` stands twice`, 'keep one')
    if (accessTokens === 'audience' && client !== undefined && audiences.includes(client.id)) {
      say(
        [...at, 'audiences'],
        'the client id is an audience of access tokens too, so they look like ID tokens',
        'give the interface an audience of its own',
      )
    }
    if (introspection !== 'never' && client?.secret === undefined && client?.key === undefined) {
      say([...at, 'introspection'], 'the issuer answers clients only', 'set `client` with a secret or a key')
    }
  }
  if (issuers.filter(({ introspection }) => introspection !== 'never').length > 1) {
    say(
      ['issuers'],
      'several issuers are asked about tokens that do not say whose they are',
      'set `introspection` for one of them',
    )
  }
  for (const [i, rule] of gate.rules.entries()) {
    const fault = faultOfRule(ruleOf(rule, gate))
    if (fault !== null) say(['gate', 'rules', i], fault, 'see docs/forward-auth.md')
  }
  for (const [i, network] of gate.networks.entries()) {
    if (networkOf(network) === null)
      say(['gate', 'networks', i], `\`${network}\` is no network`, 'write it like 10.0.0.0/8')
  }
  if (gate.rules.length > 0 && publicUrl === undefined) {
    say(['gate', 'rules'], 'browsers that have to prove more are sent to this server', 'set `publicUrl`')
  }
  if (
    gate.signIn !== undefined &&
    !issuers.some(({ issuer, client }) => issuer === gate.signIn && client !== undefined)
  ) {
    say(
      ['gate', 'signIn'],
      `\`${gate.signIn}\` is no issuer with a client`,
      'name one of `issuers` that has a `client`',
    )
  }
  return found
}
