/** What an HTTP exchange says of a message that was handed over in it. */
import type { Handed } from './provider.ts'

/** Asks another server. Rejects where no answer came, with `unsent: true` where nothing went out. */
export type AskHttp = (
  url: string,
  question: {
    readonly method: 'POST' | 'PUT' | 'GET'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  },
) => Promise<{ readonly status: number; readonly body: string }>

/** Statuses with which a server, or a proxy before it, does not say whether it did it (RFC 9110 §15.6). */
const UNCLEAR: readonly number[] = [500, 502, 504]

/** Hands over, and reads the answer. `lasting` are statuses that are about the recipient. */
export async function handedOver(
  ask: () => ReturnType<AskHttp>,
  lasting: readonly number[],
  referenceOf: (body: string) => string | null,
): Promise<Handed> {
  try {
    const { status, body } = await ask()
    if (status >= 200 && status < 300) return { outcome: 'taken', reference: referenceOf(body) }
    const why = `http_${status}`
    if (UNCLEAR.includes(status)) return { outcome: 'unclear', why }
    return { outcome: 'refused', lasting: lasting.includes(status), why }
  } catch (error) {
    const unsent = error instanceof Error && 'unsent' in error && error.unsent === true
    return unsent
      ? { outcome: 'refused', lasting: false, why: 'unreachable' }
      : { outcome: 'unclear', why: 'no_answer' }
  }
}

/** A reference as it is kept: something printable of at most 256 characters; null for anything else. */
export const asReference = (value: unknown): string | null =>
  (typeof value === 'string' || typeof value === 'number') && /^[\x21-\x7e]{1,256}$/.test(String(value))
    ? String(value)
    : null

/** What a JSON pointer (RFC 6901) leads to; undefined where it leads nowhere. Own members only. */
export function pointedAt(value: unknown, pointer: string): unknown {
  let at: unknown = value
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = Reflect.get(at, name)
  }
  return at
}
export const isPointer = (text: string): boolean => /^(?:\/(?:[^~]|~[01])*)*$/.test(text)
