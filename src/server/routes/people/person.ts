/** Names and addresses of an account of the snapshot, and what it signs in with. */
import { Type, type Static } from 'typebox'
import type { FastifyInstance } from 'fastify'
import { canonical } from '#authn/identifiers.ts'
import { phoneProblem } from '#authn/phone-numbers.ts'
import { setPassword, passwordProblem } from '#authn/passwords.ts'
import type { Identifier } from '#authn/stores.ts'
import { AmbitError } from '#lib/errors.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { config, noted, type Administration, type OfAccount } from './administration.ts'

const Person = Type.Object(
  {
    identifiers: Type.Array(
      Type.Object({
        kind: Type.Unsafe<'username' | 'mail' | 'phone'>({ type: 'string', enum: ['username', 'mail', 'phone'] }),
        value: Type.String({ minLength: 1, maxLength: 254 }),
        /** that somebody has checked that it is theirs */
        verified: Type.Boolean(),
      }),
      { maxItems: 20 },
    ),
    /** a first password, where passwords are switched on; worth what the session that changes it is worth */
    password: Type.Optional(Type.String({ maxLength: 1024 })),
  },
  { additionalProperties: false },
)

type Named = Static<typeof Person>['identifiers'][number]

/** @throws {AmbitError} `request_invalid` for what cannot be anybody's, or could be sent nothing */
function nameOf(
  { tools, factors }: PeopleParts,
  account: string,
  { kind, value, verified }: Named,
  now: number,
): Identifier {
  const name = canonical(kind, value)
  if (name === null) throw new AmbitError('request_invalid', `\`${value}\` is no ${kind} that could be anybody's`)
  const isSent = kind === 'phone' && verified && factors.includes('sms_code')
  const fault = isSent ? phoneProblem(name, tools.rules.sends.countries) : null
  if (fault !== null)
    throw new AmbitError('request_invalid', `\`${value}\` is sent no code (${fault}); see \`people.sms.countries\``)
  return {
    kind,
    canonical: name,
    shown: value,
    account,
    verifiedAt: verified ? now : null,
    addedAt: now,
    boundAtAal: 2,
  }
}

/** Whoever was not named is taken away; true where anything was. */
async function replaceNames(
  { identifiers }: PeopleParts,
  account: string,
  names: readonly Identifier[],
  now: number,
): Promise<boolean> {
  const gone = (await identifiers.listOf(account)).filter(
    // links to other providers are their owner's
    ({ kind, canonical: name }) =>
      kind !== 'upstream' && !names.some((it) => it.kind === kind && it.canonical === name),
  )
  for (const each of gone) await identifiers.remove(each.kind, each.canonical, account)
  for (const each of names) {
    if (await identifiers.add(each)) continue
    const holder = await identifiers.find(each.kind, each.canonical)
    if (holder?.account !== account) throw new AmbitError('conflict', `\`${each.shown}\` belongs to another account`)
    if (each.verifiedAt !== null) await identifiers.verify(each.kind, each.canonical, account, now, 2)
  }
  return gone.length > 0
}

const shownName = ({ kind, canonical: value, verifiedAt }: Identifier) => ({
  kind,
  value,
  verified: verifiedAt !== null,
})

export function personRoutes(app: FastifyInstance, administration: Administration): void {
  const { parts } = administration
  const { tools, identifiers } = parts
  app.put<OfAccount & { Body: Static<typeof Person> }>(
    '/v1/people/:account',
    { config, schema: { body: Person } },
    async (request) => {
      const {
        params: { account },
        body,
      } = request
      if (parts.floorOf(account) === null) {
        throw new AmbitError(
          'not_found',
          `the snapshot has no person's account \`${account}\`; send an inventory that has it`,
        )
      }
      const now = tools.clock()
      const names = body.identifiers.map((each) => nameOf(parts, account, each, now))
      if (body.password !== undefined) {
        const problem = await passwordProblem(tools, body.password, parts.isBreached, [])
        if (problem !== null) throw new AmbitError('request_invalid', `the password is not taken: ${problem}`)
      }
      await noted(administration, request, account, 'changed')
      const isGone = await replaceNames(parts, account, names, now)
      const enrolled = await tools.authenticators.listOf(account)
      const replaces = body.password !== undefined && enrolled.some(({ kind }) => kind === 'password')
      if (body.password !== undefined)
        await setPassword(tools, { account, typed: body.password, boundAtAal: 1, session: null })
      // whoever was let in by what is gone now is let in by it no longer
      if (replaces || isGone) {
        await tools.accounts.endEverything(account, { reason: 'changed_by_administrator' }, now)
        if (replaces) await tools.notify(account, { template: 'password_changed', values: { name: '' } })
      }
      return {
        account,
        identifiers: names.map(shownName),
      }
    },
  )
  app.get<OfAccount>('/v1/people/:account', { config }, async ({ params: { account } }) => {
    const [state, names, enrolled] = await Promise.all([
      tools.accounts.stateOf(account),
      identifiers.listOf(account),
      tools.authenticators.listOf(account),
    ])
    return {
      account,
      status: state.status,
      locks: state.locks,
      identifiers: names.map(shownName),
      authenticators: enrolled.map(({ id, kind, name, state: its, boundAtAal }) => ({
        id,
        kind,
        name,
        state: its,
        boundAtAal,
      })),
    }
  })
}
