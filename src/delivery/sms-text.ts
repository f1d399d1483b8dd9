/** The text of an SMS as bytes: the seven bits that every phone has where they do, sixteen where they do not. */
import smpp from 'smpp'

export interface SmsText {
  /** SMPP 3.4 §5.2.19: 0 is the centre's own alphabet, GSM 03.38 everywhere; 8 is UCS-2 */
  readonly dataCoding: 0 | 8
  readonly bytes: Buffer
  /** more than one message holds, so that the centre has to cut it */
  readonly isLong: boolean
}

/** Most of one message: 160 septets or 140 octets (3GPP TS 23.040 §9.2.3.24). */
const SEPTETS = 160
const OCTETS = 140

/** The library marks seven bits as code 1, which centres read as IA5 and show `@` as something else; so the bytes are made here. */
export function smsText(text: string): SmsText {
  const { ASCII, UCS2 } = smpp.encodings
  if (ASCII.match(text)) {
    const bytes = ASCII.encode(text)
    return { dataCoding: 0, bytes, isLong: bytes.length > SEPTETS }
  }
  const bytes = UCS2.encode(text)
  return { dataCoding: 8, bytes, isLong: bytes.length > OCTETS }
}
