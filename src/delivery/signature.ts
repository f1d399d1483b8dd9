/**
 * The signature on what we send to others, after Standard Webhooks 1.0 (standardwebhooks.com, "Signature scheme"): `webhook-id`,
 * `webhook-timestamp`, `webhook-signature: v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
 */
import { createHmac } from 'node:crypto'

/** Headers that let the receiver know that the body is ours and new. `secret` as in the configuration, base64 after `whsec_`. */
export function signed(id: string, seconds: number, body: string, secret: string): Record<string, string> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` }
}
