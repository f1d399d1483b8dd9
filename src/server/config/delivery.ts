/** The part of the configuration that says who delivers messages beside the mail server, and where SMS may go. */
import { Type, type Static } from 'typebox'
import { getCountries } from 'libphonenumber-js/max'
import { isPointer } from '#delivery/over-http.ts'
import { templateProblems, type Template } from '#delivery/http-gateway.ts'
import type { ShapeProblem } from '#policy/shape.ts'
import { Closed, list, text, whole, words } from './fields.ts'
import { networkOf } from './networks.ts'

const Url = (description: string) => text(description, { pattern: '^https?://[^#\\s]+$' })
const networks = list('private networks that it may be in, and be asked in without TLS; all others are refused')

const Smpp = Type.Object(
  {
    host: text('SMS centre'),
    port: whole(1, 65_535, 3550, 'its port; 2775 is usual without TLS'),
    security: words(['tls', 'none'] as const, {
      default: 'tls',
      description: '`none` for this machine or a line of your own: who listens reads every code',
    }),
    user: text('`system_id` there'),
    password: text('password there; better `${env:NAME}` or `file:PATH`'),
    systemType: Type.String({ maxLength: 12, default: '', description: '`system_type`, where it asks for one' }),
    from: text('sender: a number, a short code, or up to eleven letters', {
      pattern: '^(?:\\+?[0-9]{3,15}|[A-Za-z0-9 .&_-]{1,11})$',
    }),
  },
  { ...Closed, description: 'SMS through an SMS centre (SMPP 3.4)' },
)

const Receipts = Type.Object(
  {
    token: text('what it sends as Bearer token, or as password of HTTP Basic, to `POST /delivery/receipts/NAME`', {
      pattern: '^[\\x21-\\x7e]{16,256}$',
    }),
    reference: text('JSON pointer to what it calls the message'),
    status: text('JSON pointer to what became of it'),
    delivered: Type.Array(text('a status'), { minItems: 1, description: 'statuses of a message that arrived' }),
    failed: Type.Array(text('a status'), { minItems: 1, description: 'statuses of one that will not' }),
  },
  { ...Closed, description: 'receipts that it sends here, as JSON or as a form' },
)

const Http = Type.Object(
  {
    url: Url('where messages are sent to'),
    method: words(['POST', 'PUT'] as const, { default: 'POST', description: 'how' }),
    headers: Type.Record(Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' }), text('its value'), {
      default: {},
      description: 'headers, such as `Authorization`; better `${env:NAME}` or `file:PATH` for what is secret',
    }),
    encoding: words(['json', 'form'] as const, { default: 'json', description: 'how the body is written' }),
    body: Type.Unknown({
      description:
        'the body: any JSON, in whose texts stand `{to}`, `{digits}` (without `+`), `{text}`, `{id}`, `{seconds}`',
    }),
    reference: Type.Optional(text('JSON pointer, in its answer, to what it calls the message')),
    recipientRefused: Type.Array(Type.Integer({ minimum: 400, maximum: 499 }), {
      default: [],
      description: 'statuses that say that nobody can reach this recipient; after any other the next provider is tried',
    }),
    idempotent: Type.Boolean({
      default: false,
      description: 'it takes one `{id}` once, so that a code without an answer may be sent again',
    }),
    receipts: Type.Optional(Receipts),
    networks,
  },
  { ...Closed, description: 'SMS through an HTTP API' },
)

const Webhook = Type.Object(
  {
    channel: words(['sms', 'mail'] as const, { description: 'what it delivers' }),
    url: Url('server of yours that delivers messages'),
    secret: text('key of the signature, `whsec_` and base64; better `${env:NAME}` or `file:PATH`', {
      pattern: '^whsec_[A-Za-z0-9+/]{32,}={0,2}$',
    }),
    networks,
  },
  { ...Closed, description: 'messages to a server of yours, signed like webhooks; it takes each `webhook-id` once' },
)

const Deliverer = Type.Object(
  {
    name: text('its name in logs, audit and paths', { pattern: '^[a-z0-9-]{1,64}$' }),
    smpp: Type.Optional(Smpp),
    http: Type.Optional(Http),
    webhook: Type.Optional(Webhook),
  },
  { ...Closed },
)

export const DELIVERY = Type.Array(Deliverer, {
  default: [],
  description:
    'who delivers, beside `smtp`, in the order in which they are tried; each has one of `smpp`, `http`, `webhook`',
})

export const SMS = Type.Object(
  {
    countries: Type.Record(Type.String({ pattern: '^[A-Z]{2}$' }), Type.Number({ minimum: 0.001, maximum: 100 }), {
      description:
        'countries whose mobiles are sent codes (ISO 3166-1), each with what a message costs, in your currency',
    }),
    costPerDay: Type.Number({
      minimum: 0.01,
      maximum: 1_000_000,
      description: 'most that all codes of a day may cost',
    }),
  },
  { ...Closed, description: 'where codes by SMS may go, and what they may cost; beyond that none is sent' },
)

export const PUSH = Type.Object(
  {
    url: Url('server of the phone app, which is handed each request'),
    secret: text('key of the signature, `whsec_` and base64; better `${env:NAME}` or `file:PATH`', {
      pattern: '^whsec_[A-Za-z0-9+/]{32,}={0,2}$',
    }),
    token: text('what it sends as Bearer token to `POST /delivery/push/answers`', {
      pattern: '^[\\x21-\\x7e]{32,256}$',
    }),
    networks,
  },
  { ...Closed, description: 'a phone app into which people type a number that the page shows' },
)
export type PushConfig = Static<typeof PUSH>

export type DelivererConfig = Static<typeof Deliverer>
export type SmsConfig = Static<typeof SMS>

interface DeliveryPart {
  readonly factors: readonly string[]
  readonly delivery: readonly DelivererConfig[]
  readonly smtp?: object
  readonly sms?: SmsConfig
  readonly simSwap?: object
  readonly push?: PushConfig
}

/** Channels that something sends by. */
export const channelsOfConfig = ({ smtp, delivery }: Pick<DeliveryPart, 'smtp' | 'delivery'>): ('mail' | 'sms')[] => {
  const own = delivery.map(({ webhook }) => webhook?.channel ?? ('sms' as const))
  return (['mail', 'sms'] as const).filter((each) => own.includes(each) || (each === 'mail' && smtp !== undefined))
}

/** What a schema cannot say of this part. Paths are below `people`. */
export function beyondDeliveryShape(people: DeliveryPart): ShapeProblem[] {
  const found: ShapeProblem[] = []
  const say = (path: ShapeProblem['path'], message: string, remedy: string) =>
    found.push({ path: ['people', ...path], message, remedy })
  const { factors, delivery, sms, simSwap, push } = people
  const channels = channelsOfConfig(people)
  for (const [i, { name, smpp, http, webhook }] of delivery.entries()) {
    const at = ['delivery', i]
    if (delivery.findIndex((other) => other.name === name) < i || ['smtp', 'push'].includes(name))
      say([...at, 'name'], `\`${name}\` is taken`, 'give each its own name')
    if ([smpp, http, webhook].filter((each) => each !== undefined).length !== 1)
      say(at, 'it has not one way to deliver', 'set one of `smpp`, `http`, `webhook`')
    for (const part of [http, webhook]) {
      for (const network of part?.networks ?? [])
        if (networkOf(network) === null) say(at, `\`${network}\` is no network`, 'write it like 10.0.0.0/8')
    }
    if (http === undefined) continue
    const where = [...at, 'http']
    for (const header of Object.keys(http.headers))
      if (!/^[A-Za-z0-9-]{1,64}$/.test(header))
        say([...where, 'headers'], `\`${header}\` is no name of a header`, 'write it like Authorization')
    for (const problem of templateProblems(http.body as Template, http.encoding))
      say([...where, 'body'], problem, 'see docs/people.md on gateways')
    const pointers = { reference: http.reference, ...http.receipts }
    for (const key of ['reference', 'status'] as const) {
      const pointer = key in pointers ? pointers[key as 'reference'] : undefined
      if (pointer !== undefined && !isPointer(pointer))
        say(where, `\`${pointer}\` is no JSON pointer`, 'write it like /messages/0/id')
    }
    if (http.receipts !== undefined && http.reference === undefined)
      say([...where, 'receipts'], 'receipts name messages that its answers do not', 'set `reference`')
  }
  for (const country of Object.keys(sms?.countries ?? {})) {
    if (!(getCountries() as string[]).includes(country))
      say(['sms', 'countries'], `\`${country}\` is no country that has numbers`, 'write codes of ISO 3166-1 such as DE')
  }
  if (factors.includes('email_code') && !channels.includes('mail'))
    say(['factors'], 'nothing sends mail', 'set `smtp`, or leave `email_code` out')
  for (const [i, network] of (push?.networks ?? []).entries())
    if (networkOf(network) === null)
      say(['push', 'networks', i], `\`${network}\` is no network`, 'write it like 10.0.0.0/8')
  if (factors.includes('push') && push === undefined)
    say(['factors'], 'there is no app that a push goes to', 'set `push`, or leave `push` out of `factors`')
  if (!factors.includes('sms_code')) return found
  if (!channels.includes('sms'))
    say(['factors'], 'nothing sends SMS', 'set `delivery`, or leave `sms_code` out of `factors`')
  if (sms === undefined || Object.keys(sms.countries).length === 0)
    say(['factors'], 'no country is named that codes may go to', 'set `sms.countries` with what a message costs')
  if (simSwap === undefined)
    say(
      ['factors'],
      'nobody says whether the card of a number was changed, and without that no code goes to it',
      'set `simSwap`',
    )
  return found
}
