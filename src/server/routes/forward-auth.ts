/** `/forward-auth/{nginx,traefik,caddy,envoy}`: may this request pass? Asked by proxies; docs/forward-auth.md has their side. */
import type { TokenScheme } from '#contract/challenge.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PROOF_ALGORITHMS } from '#authn/proof.ts'
import type { Refusal } from '#authn/refusal.ts'
import type { Decision } from '#contract/decision.ts'
import { claimsChallenge, stepUpChallenge, tokenChallenge, type TokenError } from '#decision/step-up-answer.ts'
import { stepUpKey } from '#decision/step-up-tries.ts'
import { withinNetworks } from '#server/config/networks.ts'
import type { ServerContext } from '../context.ts'
import { errorOf } from '../errors.ts'
import { evaluate } from '../evaluate.ts'
import {
  answerOf,
  asHeader,
  asList,
  type HttpAnswer,
  type Identity,
  type Verdict,
} from '#server/forward-auth/answers.ts'
import { ENVOY_PREFIX, originalOf, PROXIES, valuesOf, type Original } from '#server/forward-auth/original.ts'
import { audiencesNowhere, ruleOf } from '#server/config/gate.ts'
import { matcherOf, type Matched } from '#server/forward-auth/rules.ts'
import { sessionShown, type Shown } from '#server/forward-auth/session.ts'
import { cookieNames } from '#server/gate/cookies.ts'
import { signInLink } from '#server/gate/sign-in.ts'

/** Seconds for which an application may take an assertion; it is meant for one request. Ours. */
const ASSERTION_SECONDS = 60
export const ASSERTION_TYPE = 'ambit-identity+jwt'

type SessionShown = Extract<Shown, { kind: 'session' }>

export function forwardAuthRoutes(app: FastifyInstance, context: ServerContext): void {
  const { config, log } = context
  const isTrusted = withinNetworks(config.proxies)
  const match = matcherOf(config.gate.rules.map((rule) => ruleOf(rule, config.gate)))
  for (const audience of audiencesNowhere(config))
    log.warn(
      { audience },
      'no rule in `gate.rules` is at the address of this audience or names it: proxies let none of its tokens in',
    )
  // a body never matters here, and must not be in the way
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))

  const answer = (reply: FastifyReply, { status, headers, body }: HttpAnswer) => {
    // nginx drops the reason with all other headers: whoever wonders at a 403 finds it here
    const reason = headers['x-ambit-reason']
    if (reason !== undefined)
      log.info({ requestId: reply.request.id, reason, status }, 'a request of a proxy was refused')
    return reply.code(status).headers(headers).send(body)
  }

  // every fault is a refusal that each proxy takes for one: no 4xx that nginx makes a 500 of, no 5xx that Envoy lets through
  app.setErrorHandler((error, request, reply) => {
    const { code } = errorOf(error)
    if (code === 'internal')
      log.error({ requestId: request.id, err: error }, 'a request of a proxy failed and was denied')
    const verdict: Verdict = {
      kind: 'deny',
      reason: code,
      text: 'Access cannot be checked. Try again in a little while.',
    }
    return answer(reply, answerOf('envoy', verdict, { browser: false, safe: false }))
  })

  for (const proxy of PROXIES) {
    const url = proxy === 'envoy' ? `${ENVOY_PREFIX}/*` : `/forward-auth/${proxy}`
    app.all(url, { config: { access: 'own', originalPath: proxy === 'envoy' } }, async (request, reply) => {
      const client = clientOf(request)
      if (!isTrusted(request.socket.remoteAddress ?? '')) {
        log.warn({ requestId: request.id }, 'a request that is not of a proxy in `proxies` was denied')
        return answer(reply, answerOf(proxy, refusal('proxy_not_trusted'), client))
      }
      const { method, url: target = '', rawHeaders } = request.raw
      const original = originalOf(proxy, { method: method ?? '', target, rawHeaders })
      if ('fault' in original) return answer(reply, answerOf(proxy, refusal(original.fault), client))
      const safe = SAFE.has(original.method)
      const verdict = await judge(context, match, request, original, safe)
      return answer(reply, answerOf(proxy, verdict, { ...client, safe }))
    })
  }
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

const refusal = (reason: string): Verdict => ({ kind: 'deny', reason, text: 'This address cannot be asked for.' })

/** A person at a browser: it wants a page, and was not asked by a script. */
function clientOf({ headers }: FastifyRequest): { browser: boolean; safe: boolean } {
  const mode = headers['sec-fetch-mode']
  const navigates = mode === undefined || mode === 'navigate'
  const wantsPage = (headers.accept ?? '').includes('text/html')
  return { browser: wantsPage && navigates && headers['x-requested-with'] === undefined, safe: false }
}

async function judge(
  context: ServerContext,
  match: (original: Original) => Matched | null,
  request: FastifyRequest,
  original: Original,
  safe: boolean,
): Promise<Verdict> {
  const { config, gate, clock } = context
  if (original.scheme === 'http' && config.gate.http === 'refused') return refusal('without_tls')
  const rule = match(original)
  if (rule === null) return refusal('no_rule')
  const { door, ...matched } = rule
  const nonces = door.dpopNonces ? await gate.nonces.taken() : null
  const nonce = nonces?.[0] ?? null
  const shown = await sessionShown(gate, request.raw.rawHeaders, original, {
    cookie: cookieNames(cookiePlace(config)).session,
    certificate: config.gate.certificateHeader ?? null,
    audiences: door.audiences,
    nonces,
  })
  if (shown.kind === 'refused') {
    const challenge = tokenChallenge(shown.scheme, errorFor(shown), {
      algorithms: PROOF_ALGORITHMS,
      description: TOLD[shown.why],
    })
    return {
      kind: 'prove',
      reason: `token_${shown.why}`,
      text: 'The token is not valid here.',
      challenge,
      location: null,
      nonce,
    }
  }
  const back = { returnTo: safe ? original.url : pageBefore(request, original), lost: !safe }
  if (shown.kind === 'none') {
    const location = await linkFor(context, null, back, { id: 'none', stepUp: null })
    const text = 'Sign in to go on.'
    return { kind: 'prove', reason: 'no_session', text, challenge: tokenChallenge('Bearer', null), location, nonce }
  }
  const asked = { subject: { type: 'account', id: shown.evidence.subject }, ...matched }
  const [key, seconds] = [stepUpKey(shown.evidence, asked), Math.floor(clock() / 1000)]
  const decision = await evaluate(context, {
    request: asked,
    session: shown.evidence,
    stepUpsTried: gate.tries.before(key, () => shown.id, seconds),
    by: { type: 'account', id: shown.evidence.subject },
    requestId: request.id,
  })
  gate.tries.after(key, () => shown.id, decision.outcome, seconds)
  if (decision.outcome === 'permit')
    return { kind: 'permit', identity: await identityOf(context, shown, decision, original, asked) }
  const reason = decision.reasons[0]?.code ?? 'denied'
  if (decision.outcome === 'deny' || decision.stepUp === null)
    return { kind: 'deny', reason, text: decision.reasonUser }
  const location = shown.scheme === null ? await linkFor(context, shown.evidence.issuer, back, decision) : null
  const challenge = await challengeFor(context, shown, decision.stepUp)
  // nothing that the issuer can do would be enough: to send anybody there would be a circle
  if (challenge === null || (shown.scheme === null && location === null)) {
    return { kind: 'deny', reason, text: `${decision.reasonUser} Your sign-in service cannot confirm that.` }
  }
  return { kind: 'prove', reason, text: decision.reasonUser, challenge, location, nonce }
}

const PROOF_ERRORS: Readonly<Record<string, TokenError>> = {
  proof_invalid: 'invalid_dpop_proof',
  proof_replayed: 'invalid_dpop_proof',
  proof_nonce: 'use_dpop_nonce',
}
/** What a client is told besides: what it can mend by asking for another token, and that says nothing of whose this one is. */
const TOLD: Readonly<Partial<Record<Refusal, string>>> = { audience_refused: 'the token is for another resource' }
/** What a client is told of a token that is not taken: never why, but for its proof and its audience. */
const errorFor = ({ why }: { readonly why: string }): TokenError => PROOF_ERRORS[why] ?? 'invalid_token'

export function cookiePlace({ publicUrl = '', gate }: ServerContext['config']): {
  secure: boolean
  domain: string | null
} {
  return { secure: publicUrl.startsWith('https:'), domain: gate.cookieDomain ?? null }
}

/** Where a person goes back to after a form was lost: the page it was on, if that is of the same host, else the start. */
function pageBefore({ raw }: FastifyRequest, original: Original): string {
  const [referer = ''] = valuesOf(raw.rawHeaders, 'referer')
  const { origin } = new URL(original.url)
  return URL.canParse(referer) && new URL(referer).origin === origin ? referer : `${origin}/`
}

async function linkFor(
  { gate, database, clock, config }: ServerContext,
  issuerName: string | null,
  back: { readonly returnTo: string; readonly lost: boolean },
  { id, stepUp }: Pick<Decision, 'id' | 'stepUp'>,
): Promise<string | null> {
  const own = gate.issuers.find(({ trusted, client }) => trusted.issuer === issuerName && client !== null)
  const issuer = own ?? gate.signIn
  if (issuer === null || config.publicUrl === undefined) return null
  const parts = { gate, database, clock, publicUrl: config.publicUrl }
  return await signInLink(parts, { ...back, issuer, stepUp, evaluation: id })
}

async function challengeFor(
  { gate }: ServerContext,
  { evidence, scheme, takesClaimsChallenges }: SessionShown,
  stepUp: NonNullable<Decision['stepUp']>,
): Promise<string | null> {
  const issuer = gate.issuers.find(({ trusted }) => trusted.issuer === evidence.issuer)
  const metadata = await gate.providers.metadata(evidence.issuer)
  const contexts = issuer?.trusted.contexts ?? []
  if (contexts.length > 0 && takesClaimsChallenges && metadata?.authorization != null) {
    const clientId = issuer?.trusted.audiences[0] ?? ''
    const dialect = claimsChallenge(stepUp, { authorizationUri: metadata.authorization, clientId, contexts })
    if (dialect !== null) return dialect
  }
  const words: TokenScheme = scheme ?? 'Bearer'
  return stepUpChallenge(stepUp, { scheme: words, supported: metadata?.acrValues ?? null })
}

/** Who asks, for the application: plain headers for old ones, a signed assertion for those that check it. */
async function identityOf(
  { gate, clock, config }: ServerContext,
  { evidence, claims }: SessionShown,
  decision: Decision,
  original: Original,
  { action, resource }: Omit<Matched, 'door'>,
): Promise<Identity> {
  const iat = Math.floor(clock() / 1000)
  const email = claims['email_verified'] === true ? claims['email'] : null
  const assertion = await gate.signer.sign(ASSERTION_TYPE, {
    iss: config.publicUrl ?? '',
    aud: new URL(original.url).origin,
    sub: evidence.subject,
    jti: decision.id,
    iat,
    exp: Math.min(iat + ASSERTION_SECONDS, decision.permitUntil ?? iat + ASSERTION_SECONDS),
    method: original.method,
    path: original.path,
    action: action.name,
    resource: { type: resource.type, id: resource.id },
    acr: evidence.acr,
    amr: evidence.amr,
    auth_time: evidence.authTime,
    ...(typeof claims['name'] === 'string' ? { name: claims['name'] } : {}),
    ...(typeof email === 'string' ? { email } : {}),
  })
  return {
    'remote-user': asHeader(evidence.subject),
    'remote-name': asHeader(claims['name']),
    'remote-email': asHeader(email),
    'remote-groups': asList(claims['groups']),
    'x-ambit-assertion': assertion,
    'x-ambit-decision': decision.id,
  }
}
