/** Security event tokens of this server: one event of ours for one stream, signed, the same however often it is made. */
import { createHash } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { EVENT_URIS, isObject, type Payload } from '#signals/event-types.ts'
import { outgoingOf, SENT_EVENTS } from '#signals/outgoing.ts'
import type { Database } from '#storage/database.ts'
import type { StoredEvent } from '#storage/events.ts'
import { isSubjectExcluded, type Notice, type SsfStream } from '#storage/ssf-streams.ts'
import type { Signer } from '#server/gate/signer.ts'

export interface SetMaker {
  readonly issuer: string
  /** `aud` of the streams of an owner; fixed, so that a receiver can hold to it */
  readonly audienceOf: (owner: string) => string
  /** null where the stream is not told of it */
  readonly ofEvent: (stream: SsfStream, event: StoredEvent) => Promise<SignedSet | null>
  readonly ofNotice: (stream: SsfStream, notice: Notice) => Promise<SignedSet>
}

export interface SignedSet {
  readonly jti: string
  readonly text: string
  /** name for records */
  readonly event: string
  readonly account: string | null
}

/** Issuers whose people are accounts here, with what stands before `sub` in their ids. */
export interface Naming {
  readonly issuers: readonly { readonly issuer: string; readonly prefix: string }[]
  /** names whoever belongs to none of these */
  readonly own: string
}

export function setMaker(parts: {
  readonly issuer: string
  readonly naming: Naming
  readonly signer: Pick<Signer, 'sign'>
  readonly database: Database
}): SetMaker {
  const { issuer, naming, signer, database } = parts
  const audienceOf = (owner: string) => `${issuer}/ssf/receivers/${encodeURIComponent(owner)}`
  const sign = (claims: JWTPayload) => signer.sign('secevent+jwt', claims, 'RS256')
  return {
    issuer,
    audienceOf,
    async ofEvent(stream, event) {
      const out = outgoingOf(event)
      if (out === null || !deliveredTo(stream).includes(out.uri)) return null
      const user = nameOf(out.account, naming)
      if (await isSubjectExcluded(database, stream.id, subjectHash(user))) return null
      const { session } = out
      const subject = session === null ? user : { format: 'complex', user, session: { format: 'opaque', id: session } }
      const jti = jtiOf(stream.id, event.seq)
      const text = await sign({
        iss: issuer,
        aud: audienceOf(stream.owner),
        jti,
        iat: Math.floor(event.at / 1000),
        txn: `evt_${event.seq}`,
        sub_id: subject,
        events: { [out.uri]: out.payload },
      })
      return {
        jti,
        text,
        event: out.uri
          .slice(out.uri.lastIndexOf('/') + 1)
          .split(':')
          .at(-1)!,
        account: out.account,
      }
    },
    async ofNotice(stream, { seq, data, at }) {
      const jti = `${stream.id}.n${seq}`
      const text = await sign({
        iss: issuer,
        aud: audienceOf(stream.owner),
        jti,
        iat: Math.floor(at / 1000),
        sub_id: { format: 'opaque', id: stream.id },
        events: { [EVENT_URIS.verification]: data },
      })
      return { jti, text, event: 'verification', account: null }
    },
  }
}

/** Events that go over a stream: those that are sent, as far as they are wanted. */
export const deliveredTo = ({ wishes: { events } }: Pick<SsfStream, 'wishes'>): readonly string[] =>
  events === null ? SENT_EVENTS : SENT_EVENTS.filter((uri) => events.includes(uri))

/** What a token of a stream is called; `seq` of the event. */
export const jtiOf = (stream: string, seq: number): string => `${stream}.${seq}`

/** The event or notice of a stream that a `jti` names; null for one of another stream. */
export function placeOfJti(
  stream: string,
  jti: string,
): { readonly event: number } | { readonly notice: number } | null {
  if (!jti.startsWith(`${stream}.`)) return null
  const [, kind = '', digits = ''] = /^(n?)([1-9][0-9]{0,15})$/.exec(jti.slice(stream.length + 1)) ?? []
  const seq = Number(digits)
  if (digits === '' || !Number.isSafeInteger(seq)) return null
  return kind === 'n' ? { notice: seq } : { event: seq }
}

interface IssSub {
  readonly format: 'iss_sub'
  readonly iss: string
  readonly sub: string
}

/** An account by the name that its issuer has for it; the longest prefix that fits counts. */
function nameOf(account: string, { issuers, own }: Naming): IssSub {
  const [found] = issuers
    .filter(({ prefix }) => prefix !== '' && account.startsWith(prefix))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)
  return found === undefined
    ? { format: 'iss_sub', iss: own, sub: account }
    : { format: 'iss_sub', iss: found.issuer, sub: account.slice(found.prefix.length) }
}

/** The hash of a subject that a receiver names; null for one that is of a format which is not sent. */
export function hashOfSubject(subject: unknown): string | null {
  const user = isObject(subject) && subject['format'] === 'complex' ? subject['user'] : subject
  if (!isObject(user) || user['format'] !== 'iss_sub') return null
  const { iss, sub }: Payload = user
  return typeof iss === 'string' && typeof sub === 'string' ? subjectHash({ format: 'iss_sub', iss, sub }) : null
}

const subjectHash = ({ iss, sub }: IssSub): string =>
  createHash('sha256')
    .update(JSON.stringify([iss, sub]))
    .digest('base64url')
