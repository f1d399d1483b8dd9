/** Who may sign in here, kept by whoever administers them: names and addresses of accounts of the snapshot. */
import { Type, type Static } from 'typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { canonical } from '#authn/identifiers.ts'
import { setPassword, passwordProblem } from '#authn/passwords.ts'
import { AmbitError } from '#lib/errors.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import type { ServerContext } from '../context.ts'

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

/** What an administrator did is on record before it counts. */
type Audit = Pick<ServerContext, 'audit'>['audit']

export function peopleRoutes(parts: PeopleParts, audit: Audit) {
  return async (app: FastifyInstance): Promise<void> => {
    const { tools, identifiers } = parts
    const noted = (request: FastifyRequest, did: 'changed' | 'enabled' | 'disabled', account: string) =>
      audit.append({
        kind: 'administration',
        at: tools.clock(),
        by: { type: 'client', id: request.caller?.tokenId ?? 'unknown' },
        request: request.id,
        did,
        thing: 'person',
        target: account,
        before: null,
        after: null,
        why: [],
      })
    app.put<{ Params: { account: string }; Body: Static<typeof Person> }>(
      '/v1/people/:account',
      { config: { access: 'administer' }, schema: { body: Person } },
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
        const names = body.identifiers.map(({ kind, value, verified }) => {
          const name = canonical(kind, value)
          if (name === null)
            throw new AmbitError('request_invalid', `\`${value}\` is no ${kind} that could be anybody's`)
          return { kind, canonical: name, shown: value, account, verifiedAt: verified ? now : null, addedAt: now }
        })
        if (body.password !== undefined) {
          const problem = await passwordProblem(tools, body.password, parts.isBreached, [])
          if (problem !== null) throw new AmbitError('request_invalid', `the password is not taken: ${problem}`)
        }
        await noted(request, 'changed', account)
        const before = await identifiers.listOf(account)
        for (const each of before) {
          if (names.some((it) => it.kind === each.kind && it.canonical === each.canonical)) continue
          await identifiers.remove(each.kind, each.canonical, account)
        }
        for (const each of names) {
          if (await identifiers.add(each)) continue
          const holder = await identifiers.find(each.kind, each.canonical)
          if (holder?.account !== account)
            throw new AmbitError('conflict', `\`${each.shown}\` belongs to another account`)
          if (each.verifiedAt !== null) await identifiers.verify(each.kind, each.canonical, account, now)
        }
        if (body.password !== undefined) await setPassword(tools, account, body.password, 1)
        return {
          account,
          identifiers: names.map(({ kind, canonical: value, verifiedAt }) => ({
            kind,
            value,
            verified: verifiedAt !== null,
          })),
        }
      },
    )
    app.get<{ Params: { account: string } }>(
      '/v1/people/:account',
      { config: { access: 'administer' } },
      async ({ params: { account } }) => {
        const [state, names, enrolled] = await Promise.all([
          tools.accounts.stateOf(account),
          identifiers.listOf(account),
          tools.authenticators.listOf(account),
        ])
        return {
          account,
          status: state.status,
          identifiers: names.map(({ kind, canonical: value, verifiedAt }) => ({
            kind,
            value,
            verified: verifiedAt !== null,
          })),
          authenticators: enrolled.map(({ id, kind, name, state: its, boundAtAal }) => ({
            id,
            kind,
            name,
            state: its,
            boundAtAal,
          })),
        }
      },
    )
    app.post<{ Params: { account: string; to: string } }>(
      '/v1/people/:account/:to',
      { config: { access: 'administer' } },
      async (request) => {
        const { account, to } = request.params
        const status = to === 'disable' ? 'disabled' : to === 'enable' ? 'active' : null
        if (status === null) throw new AmbitError('not_found', 'an account is put to `disable` or `enable`')
        const before = await tools.accounts.stateOf(account)
        if (status === 'active' && before.status === 'frozen') {
          throw new AmbitError(
            'conflict',
            'a recovery of this account is contested; people who outrank it decide that case',
          )
        }
        await noted(request, status === 'active' ? 'enabled' : 'disabled', account)
        const state = await tools.accounts.endEverything(
          account,
          { status, reason: `${to}d_by_administrator` },
          tools.clock(),
        )
        return { account, status: state.status }
      },
    )
  }
}
