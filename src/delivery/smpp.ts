/** SMS through an SMS centre, by SMPP 3.4 (smpp.org). One message is one submit, so that there is one answer and one receipt. */
import type { Pdu } from 'smpp'
import type { Clock } from '#lib/clock.ts'
import type { Handed, Provider, Receipt } from './provider.ts'
import { isRecipient } from './recipient.ts'
import { smppLink, type LinkTimes, type SmppAccess, type SmppLink } from './smpp-link.ts'
import { smsText } from './sms-text.ts'

export interface SmppOptions extends SmppAccess {
  readonly name: string
  /** what stands as the sender: a number, a short code, or up to eleven letters */
  readonly from: string
  readonly clock: Clock
  readonly times?: LinkTimes
}

/** Statuses of SMPP 3.4 §5.1.3 that are about the recipient: nobody else will do better. */
const LASTING: ReadonlyMap<number, string> = new Map([
  [0x0b, 'invalid_destination'], // ESME_RINVDSTADR
  [0x50, 'invalid_destination_ton'], // ESME_RINVDSTTON
  [0x51, 'invalid_destination_npi'], // ESME_RINVDSTNPI
])
/** ESME_RMSGQFULL and ESME_RTHROTTLED: wait before the next one. */
const THROTTLED: readonly number[] = [0x14, 0x58]
/** Milliseconds for which a centre that has too much is left alone, doubled each time. Ours. */
const FIRST_HOLD = 1000
const LONGEST_HOLD = 60_000

/** Final receipt states, by `stat:` of the text (SMPP 3.4 Appendix B) and by the number in `message_state` (§5.2.28). */
const STATES: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ['DELIVRD', true],
  ['EXPIRED', false],
  ['DELETED', false],
  ['UNDELIV', false],
  ['REJECTD', false],
  [2, true],
  [3, false],
  [4, false],
  [5, false],
  [8, false],
])

const INTERNATIONAL = { ton: 1, npi: 1 } as const
const ALPHANUMERIC = { ton: 5, npi: 0 } as const
const SHORT_CODE = { ton: 3, npi: 0 } as const

export function smppProvider(options: SmppOptions): Provider {
  const { name, from, clock } = options
  const sender = from.startsWith('+') ? INTERNATIONAL : /^[0-9]+$/.test(from) ? SHORT_CODE : ALPHANUMERIC
  let onReceipt: ((receipt: Receipt) => Promise<void>) | null = null
  let link: SmppLink | null = null
  const linked = () =>
    (link ??= smppLink(
      options,
      async (pdu) => {
        const receipt = receiptOf(pdu)
        if (receipt !== null) await onReceipt?.(receipt)
      },
      options.times,
    ))
  let holds = 0
  let heldUntil = -Infinity
  return {
    name,
    channel: 'sms',
    // a centre keeps no ids of ours
    idempotent: false,
    listen(heard) {
      onReceipt = heard
      linked()
    },
    async hand({ to, text, expiresAt }) {
      if (!isRecipient('sms', to)) return { outcome: 'refused', lasting: true, why: 'recipient' }
      if (clock() < heldUntil) return { outcome: 'refused', lasting: false, why: 'throttled' }
      const { dataCoding, bytes, isLong } = smsText(text)
      const submitted = await linked().submit({
        source_addr: from.replace(/^\+/, ''),
        source_addr_ton: sender.ton,
        source_addr_npi: sender.npi,
        destination_addr: to.slice(1),
        dest_addr_ton: INTERNATIONAL.ton,
        dest_addr_npi: INTERNATIONAL.npi,
        data_coding: dataCoding,
        ...(isLong ? { message_payload: bytes } : { short_message: bytes }),
        // the centre drops what it could not deliver by then
        validity_period: periodOf(expiresAt - clock()),
        registered_delivery: 1,
      })
      if (submitted.is === 'unbound') return { outcome: 'refused', lasting: false, why: 'unbound' }
      if (submitted.is === 'unanswered') return { outcome: 'unclear', why: submitted.why }
      if (THROTTLED.includes(submitted.status)) {
        heldUntil = clock() + Math.min(LONGEST_HOLD, FIRST_HOLD * 2 ** holds++)
        return { outcome: 'refused', lasting: false, why: 'throttled' }
      }
      holds = 0
      return handedOf(submitted)
    },
    close: async () => link?.close(),
  }
}

function handedOf({ status, messageId }: { readonly status: number; readonly messageId: string | null }): Handed {
  if (status === 0) return { outcome: 'taken', reference: messageId }
  const lasting = LASTING.get(status)
  if (lasting !== undefined) return { outcome: 'refused', lasting: true, why: lasting }
  return { outcome: 'refused', lasting: false, why: `smpp_${status.toString(16)}` }
}

/** Relative time, at least a second (SMPP 3.4 §7.1.1): `YYMMDDhhmmsstnnp`. */
function periodOf(ms: number): string {
  const seconds = Math.max(1, Math.floor(ms / 1000))
  const parts = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ]
  return `0000${parts.map((part) => String(part).padStart(2, '0')).join('')}000R`
}

/** What a `deliver_sm` says of a message of ours; null for a message from somebody, or a state on the way. */
function receiptOf(pdu: Pdu): Receipt | null {
  // SMPP 3.4 §5.2.12: bits 5 to 2 are 0001 for a receipt
  if ((Number(pdu['esm_class']) & 0x3c) !== 0x04) return null
  const text = textOf(pdu['short_message'])
  const reference = textOf(pdu['receipted_message_id']) || (/\bid:(\S{1,64})/i.exec(text)?.[1] ?? '')
  const state = pdu['message_state'] ?? /\bstat:([A-Z]{1,10})/i.exec(text)?.[1]?.toUpperCase()
  const delivered = STATES.get(state)
  return reference === '' || delivered === undefined ? null : { reference, delivered }
}

function textOf(field: unknown): string {
  const text: unknown = typeof field === 'object' && field !== null ? Reflect.get(field, 'message') : field
  return typeof text === 'string' ? text : Buffer.isBuffer(text) ? text.toString('latin1') : ''
}
