/** What sends: a mail server, an SMS centre, a gateway, a webhook. Each is one file; this is their seam. */
import type { Message } from '#authn/ports.ts'

export type DeliveryChannel = Message['channel']

/** A message as it goes out. */
export interface Rendered {
  /** stays the same however often it is tried */
  readonly id: string
  /** canonical address; exactly one recipient */
  readonly to: string
  readonly subject: string
  readonly text: string
  /** null where the channel has only text */
  readonly html: string | null
  /** BCP 47 */
  readonly language: string
  /** milliseconds since 1970 after which it is pointless */
  readonly expiresAt: number
  /** what a machine reads, for webhooks: never a code */
  readonly template: string
  /** what an app shows of a push, one line each; null for everything else */
  readonly data: Readonly<Record<string, string>> | null
}

/** What became of an attempt. */
export type Handed =
  /** the provider has it; `reference` is what it calls it, for its receipt */
  | { readonly outcome: 'taken'; readonly reference: string | null }
  /** it certainly has not: it said so, or could not be reached; `lasting` where trying again is pointless */
  | { readonly outcome: 'refused'; readonly lasting: boolean; readonly why: string }
  /** nobody knows: the connection broke after the message went out */
  | { readonly outcome: 'unclear'; readonly why: string }

export interface Receipt {
  readonly reference: string
  readonly delivered: boolean
}

export interface Provider {
  readonly name: string
  readonly channel: DeliveryChannel
  /** whether it takes a message of one id once, however often it is handed over */
  readonly idempotent: boolean
  /** never rejects; `why` is a word of ours or a status, never what the other side wrote */
  readonly hand: (message: Rendered) => Promise<Handed>
  /** hears of receipts from now on; a receipt whose listener rejects is told again, where the other side can */
  readonly listen?: (heard: (receipt: Receipt) => Promise<void>) => void
  readonly close: () => Promise<void>
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error'
