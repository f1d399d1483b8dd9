/** Makes what delivers messages, out of the configuration. */
import type { CheckSimChange } from '#authn/ports.ts'
import { DEFAULT_RULES, type SendRules } from '#authn/rules.ts'
import { httpGateway, type Template } from '#delivery/http-gateway.ts'
import type { Provider } from '#delivery/provider.ts'
import { simSwapCheck } from '#delivery/sim-swap.ts'
import { smppProvider } from '#delivery/smpp.ts'
import { smtpProvider } from '#delivery/smtp.ts'
import { webhookProvider } from '#delivery/webhook.ts'
import type { Clock } from '#lib/clock.ts'
import type { DelivererConfig, PushConfig, SmsConfig } from './config/delivery.ts'
import type { PeopleConfig } from './config/people.ts'
import { guardedFetch } from './guarded-fetch.ts'

/** Milliseconds for one message: below half of what the outbox keeps it for. */
const PATIENCE = 10_000

/** In the order in which they are tried. */
export function providersOf({ smtp, delivery, push, brand }: PeopleConfig, clock: Clock): Provider[] {
  return [
    ...(smtp === undefined ? [] : [mailOf(smtp, brand)]),
    ...delivery.map((each) => providerOf(each, clock)),
    ...(push === undefined ? [] : [appOf(push, clock)]),
  ]
}

const mailOf = ({ host, port, security, user, password, from }: NonNullable<PeopleConfig['smtp']>, brand: string) =>
  smtpProvider({
    name: 'smtp',
    host,
    port,
    security,
    user: user ?? null,
    password: password ?? null,
    from: { name: brand, address: from },
    authorities: null,
  })

const appOf = ({ url, secret, networks }: PushConfig, clock: Clock) =>
  webhookProvider({
    name: 'push',
    channel: 'push',
    url,
    secret,
    ask: guardedFetch({ networks, timeoutMs: PATIENCE }),
    clock,
  })

function providerOf({ name, smpp, http, webhook }: DelivererConfig, clock: Clock): Provider {
  if (smpp !== undefined) {
    const { security, user, ...rest } = smpp
    return smppProvider({ ...rest, name, tls: security === 'tls', systemId: user, authorities: null, clock })
  }
  const { networks } = (http ?? webhook)!
  const ask = guardedFetch({ networks, timeoutMs: PATIENCE })
  if (webhook !== undefined) return webhookProvider({ ...webhook, name, ask, clock })
  const { reference, body, ...rest } = http!
  return httpGateway({ ...rest, name, body: body as Template, reference: reference ?? null, ask }, clock)
}

/** Thousandths of the currency, as the limits count. */
const THOUSAND = 1000
const DAY = 86_400_000

/** Without `sms` no country is served. */
export function sendRulesOf(sms: SmsConfig | undefined): SendRules {
  const { sends } = DEFAULT_RULES
  if (sms === undefined) return sends
  const prices = Object.entries(sms.countries).map(([country, price]) => [country, Math.ceil(price * THOUSAND)])
  return {
    ...sends,
    countries: Object.fromEntries(prices) as Record<string, number>,
    cost: [{ within: DAY, most: Math.floor(sms.costPerDay * THOUSAND) }],
  }
}

/** Without an operator that can be asked nothing is known of a card, and no code goes to it. */
export function cardCheck(
  { simSwap }: PeopleConfig,
  clock: Clock,
  onTrouble: (what: string, error: unknown) => void,
): CheckSimChange {
  if (simSwap === undefined) return async () => 'unknown'
  const { url, maxAgeHours, token, client, networks } = simSwap
  const auth =
    client === undefined
      ? { token: token! }
      : { tokenUrl: client.tokenUrl, clientId: client.id, clientSecret: client.secret, scope: client.scope }
  return simSwapCheck({ settings: { url, maxAgeHours, auth }, ask: guardedFetch({ networks }), clock, onTrouble })
}
