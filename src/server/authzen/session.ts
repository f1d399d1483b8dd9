/**
 * The session that an enforcement point tells of, in `context.session`: the token of the person, which is verified here, or
 * claims of it, which the enforcement point verified. It is trusted with that, as it is with heeding the answer.
 */
import { hash } from 'node:crypto'
import { decodeJwt } from 'jose'
import type { Presentation } from '#authn/binding.ts'
import { evidenceOf } from '#authn/evidence.ts'
import type { TrustedIssuer } from '#authn/issuer.ts'
import type { AccessRequest } from '#contract/access-request.ts'
import type { SessionEvidence } from '#contract/decision.ts'
import { standingOf } from '#decision/decide.ts'
import type { World } from '#decision/world.ts'
import type { Gate } from '#server/gate/gate.ts'

export interface Told {
  /** as the inventory names it, which a subject `token` is not asked by */
  readonly subject: AccessRequest['subject']
  /** the context without the session */
  readonly context: AccessRequest['context']
  readonly session: SessionEvidence | null
  /** what was shown, as a hash */
  readonly shown: () => string
}

type Json = Readonly<Record<string, unknown>>

export async function sessionTold(gate: Gate, world: World | null, asked: AccessRequest): Promise<Told> {
  const { subject } = asked
  if (asked.context === undefined) return { subject, context: undefined, session: null, shown: NOTHING }
  const { session: told, ...context } = asked.context
  if (typeof told !== 'object' || told === null || Array.isArray(told))
    return { subject, context, session: null, shown: NOTHING }
  const shown = () => hash('sha256', JSON.stringify(told), 'base64url')
  const session = await evidence(gate, world, asked, told as Json)
  if (subject.type !== 'token') return { subject, context, session, shown }
  const id = session?.subject ?? claimedSubject(gate, (told as Json)['access_token']) ?? subject.id
  return { subject: { ...subject, id }, context, session, shown }
}

const NOTHING = () => ''

/** Whose a token that is not taken says it is: enough to say what that person would have to prove, and for nothing else. */
function claimedSubject({ issuers }: Gate, text: unknown): string | null {
  try {
    const claims = decodeJwt(String(text))
    const named = issuers.find(({ trusted }) => trusted.issuer === claims.iss)?.trusted.subject
    const name = named === undefined ? undefined : claims[named.claim]
    return typeof name === 'string' ? `${named!.prefix}${name}` : null
  } catch {
    return null
  }
}

/** The question without the session, which must not lie about in logs. */
export const withoutSession = (asked: AccessRequest, { subject, context }: Told): AccessRequest =>
  context === undefined ? asked : { ...asked, subject, context }

async function evidence(
  gate: Gate,
  world: World | null,
  request: AccessRequest,
  told: Json,
): Promise<SessionEvidence | null> {
  if (told['access_token'] !== undefined) return await ofToken(gate, told)
  const account = world === null ? undefined : standingOf(world, request.subject)?.id
  const { iss } = told
  if (account === undefined || typeof iss !== 'string') return null
  // a session of somebody else proves nothing of this subject
  if (told['sub'] !== undefined && told['sub'] !== request.subject.id) return null
  // cut off by its `sid` or `jti`: nothing is shown
  if (await gate.isOver(iss, told)) return null
  const issuer = gate.issuers.find(({ trusted }) => trusted.issuer === iss)?.trusted
  const trusted: TrustedIssuer = {
    ...(issuer ?? { ...UNLISTED, issuer: iss }),
    subject: { claim: 'sub', prefix: '' },
    vouches: true,
  }
  const claims = { ...told, sub: account }
  const token = {
    use: 'access',
    issuer: trusted,
    claims,
    expiresAt: Infinity,
    binding: { jkt: null, x5t: null },
  } as const
  const now = Math.floor(gate.clock() / 1000)
  const held = HELD.find((each) => each === told['sender_constrained']) ?? null
  return evidenceOf(token, held, now)
}

const HELD = ['dpop', 'mtls', 'dbsc'] as const
/** An issuer whose tokens only the enforcement point verifies; the settings of decisions say what its words mean. */
const UNLISTED = {
  algorithms: [],
  audiences: [],
  clientIds: [],
  accessTokens: 'typ',
  contexts: [],
  skew: 0,
} as const satisfies Partial<TrustedIssuer>

/** A bound token is taken with the proof that came with it, and the address that it was sent to. */
async function ofToken(
  gate: Gate,
  { access_token: text, dpop_proof: proof, method, url, audience }: Json,
): Promise<SessionEvidence | null> {
  if (typeof text !== 'string') return null
  const proofs = typeof proof === 'string' ? [proof] : []
  const how: Presentation = { scheme: proofs.length === 0 ? 'bearer' : 'dpop', proofs, certificate: null }
  const at = {
    method: typeof method === 'string' ? method : '',
    url: typeof url === 'string' ? url : null,
    nonces: null,
    // what is no text names nothing, and so takes no token
    audiences: audience === undefined ? null : [audience].flat().filter((each) => typeof each === 'string'),
  }
  const checked = await gate.tokens.show(text, how, at)
  return checked.ok ? checked.value.evidence : null
}
