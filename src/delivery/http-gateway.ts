/** SMS through the HTTP API of a provider, whose shape the configuration describes. */
import { asReference, handedOver, pointedAt, type AskHttp } from './over-http.ts'
import type { Provider, Receipt, Rendered } from './provider.ts'
import { isRecipient } from './recipient.ts'

/** JSON in which texts may have placeholders. */
export type Template = null | boolean | number | string | readonly Template[] | { readonly [key: string]: Template }

export interface HttpGatewayOptions {
  readonly name: string
  readonly url: string
  readonly method: 'POST' | 'PUT'
  readonly headers: Readonly<Record<string, string>>
  /** how the body is written; a form has texts only */
  readonly encoding: 'json' | 'form'
  readonly body: Template
  /** JSON pointer to what it calls the message, in its answer; null where there is nothing */
  readonly reference: string | null
  /** statuses that say that the recipient cannot be reached, whoever tries */
  readonly recipientRefused: readonly number[]
  /** it takes a message of one id once, so that one without an answer may be handed over again */
  readonly idempotent: boolean
  readonly ask: AskHttp
}

/** What may stand between braces in a template. `digits` is the number without its plus; `seconds` is how long it is worth sending. */
const PLACEHOLDERS: Readonly<Record<string, (message: Rendered, seconds: number) => string>> = {
  id: ({ id }) => id,
  to: ({ to }) => to,
  digits: ({ to }) => to.replace(/^\+/, ''),
  text: ({ text }) => text,
  seconds: (_message, seconds) => String(seconds),
}
const PLACEHOLDER = /\{([a-z]+)\}/g

/** Everything wrong with a template, in words; empty where it will do. */
export function templateProblems(template: Template, encoding: 'json' | 'form'): string[] {
  const found: string[] = []
  const used = new Set<string>()
  const walk = (value: Template): void => {
    if (typeof value === 'string') {
      for (const [, name = ''] of value.matchAll(PLACEHOLDER)) {
        used.add(name)
        if (!Object.hasOwn(PLACEHOLDERS, name)) found.push(`\`{${name}}\` stands for nothing`)
      }
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk)
  }
  walk(template)
  if (!used.has('to') && !used.has('digits')) found.push('it does not say to whom: `{to}` or `{digits}` is missing')
  if (!used.has('text')) found.push('it does not say what: `{text}` is missing')
  const isFlat =
    typeof template === 'object' &&
    template !== null &&
    Object.values(template).every((each) => typeof each === 'string')
  if (encoding === 'form' && !isFlat) found.push('a form has names with texts, and nothing deeper')
  return found
}

export function httpGateway(options: HttpGatewayOptions, clock: () => number): Provider {
  const { name, url, method, headers, encoding, body, reference, recipientRefused, idempotent, ask } = options
  const type = encoding === 'json' ? 'application/json' : 'application/x-www-form-urlencoded'
  return {
    name,
    channel: 'sms',
    idempotent,
    async hand(message) {
      if (!isRecipient('sms', message.to)) return { outcome: 'refused', lasting: true, why: 'recipient' }
      const filled = fill(body, message, Math.max(1, Math.floor((message.expiresAt - clock()) / 1000)))
      const text =
        encoding === 'json' ? JSON.stringify(filled) : new URLSearchParams(filled as Record<string, string>).toString()
      return handedOver(
        () => ask(url, { method, headers: { ...headers, 'content-type': type }, body: text }),
        recipientRefused,
        (answer) => (reference === null ? null : asReference(pointedAt(parsed(answer), reference))),
      )
    },
    close: async () => {},
  }
}

/** Values go into texts, after which the whole is written as JSON or a form: none of them can become anything but a value. */
function fill(template: Template, message: Rendered, seconds: number): Template {
  if (typeof template === 'string')
    return template.replaceAll(PLACEHOLDER, (_whole, key: string) => PLACEHOLDERS[key]!(message, seconds))
  if (Array.isArray(template)) return template.map((each: Template) => fill(each, message, seconds))
  if (typeof template !== 'object' || template === null) return template
  return Object.fromEntries(
    Object.entries(template).map(([key, each]) => [key, fill(each as Template, message, seconds)]),
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Where a receipt of this gateway says what. */
export interface ReceiptShape {
  /** JSON pointers into the receipt; a form is an object of its fields */
  readonly reference: string
  readonly status: string
  /** words of `status` that are final; all others are on the way */
  readonly delivered: readonly string[]
  readonly failed: readonly string[]
}

/** What a receipt says; `unreadable` where it is none of this shape, null for a state on the way. */
export function receiptFrom(value: unknown, shape: ReceiptShape): Receipt | null | 'unreadable' {
  const reference = asReference(pointedAt(value, shape.reference))
  const status = pointedAt(value, shape.status)
  if (reference === null || (typeof status !== 'string' && typeof status !== 'number')) return 'unreadable'
  if (shape.delivered.includes(String(status))) return { reference, delivered: true }
  return shape.failed.includes(String(status)) ? { reference, delivered: false } : null
}
