/**
 * Asks the decision point about a request, and says what to answer where it is not permitted. The adapters of the frameworks
 * are a few lines around this.
 */
import type { Answer, Question } from './answer.ts'
import type { Client } from './client.ts'
import { stepUpChallenge, tokenChallenge } from './step-up.ts'

/** A request, as every framework can show it. */
export interface Shown {
  readonly method: string
  /** whole address, as the API knows it of itself; null where it does not */
  readonly url: string | null
  /** value of a header, null where there is none; a header that came twice counts as none */
  readonly header: (name: string) => string | null
}

/** What a request asks for; null for what needs no decision. */
export type Ask<R> = (request: R) => Pick<Question, 'action' | 'resource' | 'context'> | null

export interface GuardOptions<R> {
  readonly client: Client
  readonly ask: Ask<R>
  /** who is asking, if the application has found out already; else Ambit takes it from the token */
  readonly subject?: (request: R) => Question['subject'] | null
  /**
   * Access token of the person, for an application that keeps it in a session of its own because browsers send none; null where nobody
   * is signed in. Without this it is taken from `Authorization`.
   */
  readonly token?: (request: R) => string | null
  /** `aud` of the tokens that are for this API, its resource indicator (RFC 8707); a token for another API opens nothing here */
  readonly audience?: string
}

export type Guarded = { readonly permitted: true; readonly answer: Answer | null } | Refused

/** What to answer where a request may not go on. */
export interface Refused {
  readonly permitted: false
  readonly status: 401 | 403
  readonly headers: Readonly<Record<string, string>>
  readonly body: { readonly error: string; readonly message: string; readonly evaluation_id?: string }
  /** null where nobody was asked: no token came, or something of ours broke */
  readonly answer: Answer | null
}

/** Never rejects: an application that forgets to catch must not let anybody in. */
export async function guard<R>(options: GuardOptions<R>, request: R, shown: Shown): Promise<Guarded> {
  try {
    const asked = options.ask(request)
    if (asked === null) return { permitted: true, answer: null }
    const token = tokenOf(options.token === undefined ? shown.header('authorization') : kept(options.token(request)))
    if (token === null) return noToken()
    const proof = token.scheme === 'DPoP' ? shown.header('dpop') : null
    if (proof !== null && shown.url === null) return noOrigin()
    const subject = options.subject?.(request) ?? { type: 'token', id: subjectIn(token.value) ?? 'unknown' }
    const session = {
      access_token: token.value,
      ...(options.audience === undefined ? {} : { audience: options.audience }),
      ...(proof !== null && shown.url !== null
        ? { dpop_proof: proof, method: shown.method, url: shown.url.replace(/[?#].*$/, '') }
        : {}),
    }
    const answer = await options.client.evaluate({ ...asked, subject, session })
    return answer.outcome === 'permit' ? { permitted: true, answer } : refused(answer, token.scheme)
  } catch {
    return refused(null, 'Bearer')
  }
}

const kept = (token: string | null): string | null => (token === null ? null : `Bearer ${token}`)

function refused(answer: Answer | null, scheme: 'Bearer' | 'DPoP'): Guarded {
  const id = answer?.evaluationId ?? null
  const body = {
    error: answer?.stepUp ? 'insufficient_user_authentication' : (answer?.reason ?? 'denied'),
    message: answer?.reasonUser ?? 'Access cannot be checked at the moment. Try again in a little while.',
    ...(id === null ? {} : { evaluation_id: id }),
  }
  if (answer?.stepUp == null) return { permitted: false, status: 403, headers: {}, body, answer }
  return {
    permitted: false,
    status: 401,
    headers: { 'www-authenticate': stepUpChallenge(answer.stepUp, scheme) },
    body,
    answer,
  }
}

const noToken = (): Guarded => ({
  permitted: false,
  status: 401,
  headers: { 'www-authenticate': tokenChallenge() },
  body: { error: 'unauthenticated', message: 'Sign in first.' },
  answer: null,
})

/** A proof is for one address (RFC 9449 §4.3, check 9), and nobody said which one this API has. */
const noOrigin = (): Guarded => ({
  permitted: false,
  status: 403,
  headers: {},
  body: {
    error: 'origin_missing',
    message: 'The API has to be told its own address, `origin`, to check proofs of keys.',
  },
  answer: null,
})

function tokenOf(header: string | null): { readonly scheme: 'Bearer' | 'DPoP'; readonly value: string } | null {
  const [, scheme, value] = /^(Bearer|DPoP) +([A-Za-z0-9._~+/=-]+)$/i.exec(header ?? '') ?? []
  if (scheme === undefined || value === undefined) return null
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', value }
}

/**
 * The subject that a token names, unverified: only to name the subject of the question. Ambit verifies the token, and a token of
 * somebody else proves nothing of this subject.
 */
function subjectIn(token: string): string | null {
  const [, payload] = token.split('.')
  if (payload === undefined) return null
  try {
    const claims: unknown = JSON.parse(
      new TextDecoder().decode(
        Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)),
      ),
    )
    return typeof claims === 'object' && claims !== null && 'sub' in claims && typeof claims.sub === 'string'
      ? claims.sub
      : null
  } catch {
    return null
  }
}
