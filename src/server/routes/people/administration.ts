/** What an administrator does to somebody: by whom it is, whether that person may, and that it is on record before it counts. */
import { Type } from 'typebox'
import type { FastifyRequest } from 'fastify'
import { AAL_OF_STRENGTH, IMPACTS, STRENGTHS } from '#contract/vocabulary.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import type { ServerContext } from '#server/context.ts'

/** What the routes of administrators work with. */
export interface Administration {
  readonly parts: PeopleParts
  readonly audit: ServerContext['audit']
}

export interface OfAccount {
  readonly Params: { readonly account: string }
}

export const config = { access: 'administer' } as const

/** The account of the person who decides. */
export const Decider = Type.Object(
  { by: Type.String({ minLength: 1, maxLength: 512 }) },
  { additionalProperties: false },
)

export const OUTRANKS = 'whoever does has to be a person whose reach is worth at least as much'

/**
 * Whether a person may decide over the access of another: what he reaches is worth at least as much. For what is of high impact
 * it takes two. `aal` is the level that his own sign-ins prove, which caps what a pass of his enrols.
 */
export function authorityOver({ rankOf }: PeopleParts, account: string, by: string) {
  const [target, issuer] = [rankOf(account), rankOf(by)]
  if (target === null || issuer === null) return { outranks: false, needsSecond: true, aal: 0 as const }
  const high = IMPACTS.indexOf('high')
  return {
    outranks: IMPACTS.indexOf(issuer.impact) >= IMPACTS.indexOf(target.impact),
    needsSecond: IMPACTS.indexOf(target.impact) >= high,
    aal: AAL_OF_STRENGTH[STRENGTHS.indexOf(issuer.canProve)]!,
  }
}

/** The token that asks: two people behind one are one. */
export const clientOf = (request: FastifyRequest): string => request.caller?.tokenId ?? 'unknown'

/** Who is on record for it. */
export const byClient = (request: FastifyRequest) => ({ type: 'client', id: clientOf(request) }) as const

/** Resolves when it is on record. */
export async function noted(
  { parts, audit }: Administration,
  request: FastifyRequest,
  account: string,
  did: 'changed' | 'enabled' | 'disabled',
): Promise<void> {
  await audit.append({
    kind: 'administration',
    at: parts.tools.clock(),
    by: byClient(request),
    request: request.id,
    did,
    thing: 'person',
    target: account,
    before: null,
    after: null,
    why: [],
  })
}
