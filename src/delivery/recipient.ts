/** One message has one recipient. Libraries and gateways read lists out of commas, semicolons and line breaks (CVE-2023-7028). */
import { canonical } from '#authn/identifiers.ts'
import { isDevice } from '#authn/push.ts'
import type { Message } from '#authn/ports.ts'

/** Whether `to` is one address of the channel in the one form that is compared; whatever else it is, nothing is sent. */
export function isRecipient(channel: Message['channel'], to: unknown): to is string {
  if (typeof to !== 'string') return false
  if (channel === 'webhook') return URL.canParse(to) && new URL(to).href === to && /^https?:/.test(to)
  if (channel === 'push') return isDevice(to)
  return canonical(channel === 'mail' ? 'mail' : 'phone', to) === to
}
