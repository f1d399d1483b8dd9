/**
 * Messages handed to a server of one's own, which delivers them as it likes, signed like every other webhook. The id of a message is
 * the id of the webhook, so whoever keeps to Standard Webhooks takes each once, however often it comes.
 */
import type { Clock } from '#lib/clock.ts'
import { handedOver, type AskHttp } from './over-http.ts'
import type { DeliveryChannel, Provider } from './provider.ts'
import { isRecipient } from './recipient.ts'
import { signed } from './signature.ts'

export interface WebhookOptions {
  readonly name: string
  readonly channel: DeliveryChannel
  readonly url: string
  readonly secret: string
  readonly ask: AskHttp
  readonly clock: Clock
}

export function webhookProvider({ name, channel, url, secret, ask, clock }: WebhookOptions): Provider {
  return {
    name,
    channel,
    idempotent: true,
    async hand({ id, to, subject, text, language, template, expiresAt, data: values }) {
      if (!isRecipient(channel, to)) return { outcome: 'refused', lasting: true, why: 'recipient' }
      const now = clock()
      const said = { id, channel, to, subject, text, language, template, expiresAt: new Date(expiresAt).toISOString() }
      const data = values === null ? said : { ...said, ...values }
      const body = JSON.stringify({ type: 'message', timestamp: new Date(now).toISOString(), data })
      const headers = { ...signed(id, Math.floor(now / 1000), body, secret), 'content-type': 'application/json' }
      // 410 is the receiver's word for "gone" (Standard Webhooks, "Deliverability")
      return handedOver(
        () => ask(url, { method: 'POST', headers, body }),
        [410],
        () => id,
      )
    },
    close: async () => {},
  }
}
