/** Who may sign in here, kept by whoever administers them: names and addresses of accounts of the snapshot. */
import { Type, type Static } from 'typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { canonical } from '#authn/identifiers.ts'
import { phoneProblem } from '#authn/phone-numbers.ts'
import { setPassword, passwordProblem } from '#authn/passwords.ts'
import { approvePass, issuePass } from '#authn/enrolment-pass.ts'
import { decideRecovery, happen } from '#authn/recover.ts'
import { AAL_OF_STRENGTH, IMPACTS, STRENGTHS } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { linksOf } from '#server/sign-in/upstream.ts'
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

const Decider = Type.Object({ by: Type.String({ minLength: 1, maxLength: 512 }) }, { additionalProperties: false })
const Decision = Type.Object(
  {
    by: Type.String({ minLength: 1, maxLength: 512 }),
    /** `vouch`: the help desk has checked who asks; `allow` and `refuse` decide a frozen case */
    does: Type.Unsafe<'vouch' | 'allow' | 'refuse'>({ type: 'string', enum: ['vouch', 'allow', 'refuse'] }),
  },
  { additionalProperties: false },
)
const Pass = Type.Object(
  {
    /** account of the person who issues it */
    by: Type.String({ minLength: 1, maxLength: 512 }),
    minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1440 })),
  },
  { additionalProperties: false },
)
const OUTRANKS = 'whoever does has to be a person whose reach is worth at least as much'

/**
 * Whether a person may decide over the access of another: what he reaches is worth at least as much. For what is of high impact
 * it takes two. `aal` is the level that his own sign-ins prove, which caps what a pass of his enrols.
 */
function authorityOver({ rankOf }: PeopleParts, account: string, by: string) {
  const [target, issuer] = [rankOf(account), rankOf(by)]
  if (target === null || issuer === null) return { outranks: false, needsSecond: true, aal: 0 as const }
  const high = IMPACTS.indexOf('high')
  return {
    outranks: IMPACTS.indexOf(issuer.impact) >= IMPACTS.indexOf(target.impact),
    needsSecond: IMPACTS.indexOf(target.impact) >= high,
    aal: AAL_OF_STRENGTH[STRENGTHS.indexOf(issuer.canProve)]!,
  }
}

const clientOf = (request: FastifyRequest): string => request.caller?.tokenId ?? 'unknown'

/** What an administrator did is on record before it counts. */
type Audit = Pick<ServerContext, 'audit'>['audit']

export function peopleRoutes(parts: PeopleParts, audit: Audit) {
  return async (app: FastifyInstance): Promise<void> => {
    const { tools, identifiers } = parts
    const noted = (request: FastifyRequest, did: 'changed' | 'enabled' | 'disabled', account: string) =>
      audit.append({
        kind: 'administration',
        at: tools.clock(),
        by: { type: 'client', id: clientOf(request) },
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
          const isSent = kind === 'phone' && verified && parts.factors.includes('sms_code')
          const fault = isSent ? phoneProblem(name, tools.rules.sends.countries) : null
          if (fault !== null)
            throw new AmbitError(
              'request_invalid',
              `\`${value}\` is sent no code (${fault}); see \`people.sms.countries\``,
            )
          return {
            kind,
            canonical: name,
            shown: value,
            account,
            verifiedAt: verified ? now : null,
            addedAt: now,
            boundAtAal: 2,
          }
        })
        if (body.password !== undefined) {
          const problem = await passwordProblem(tools, body.password, parts.isBreached, [])
          if (problem !== null) throw new AmbitError('request_invalid', `the password is not taken: ${problem}`)
        }
        await noted(request, 'changed', account)
        const gone = (await identifiers.listOf(account)).filter(
          // links to other providers are their owner's
          ({ kind, canonical: name }) =>
            kind !== 'upstream' && !names.some((it) => it.kind === kind && it.canonical === name),
        )
        for (const each of gone) await identifiers.remove(each.kind, each.canonical, account)
        for (const each of names) {
          if (await identifiers.add(each)) continue
          const holder = await identifiers.find(each.kind, each.canonical)
          if (holder?.account !== account)
            throw new AmbitError('conflict', `\`${each.shown}\` belongs to another account`)
          if (each.verifiedAt !== null) await identifiers.verify(each.kind, each.canonical, account, now, 2)
        }
        const enrolled = await tools.authenticators.listOf(account)
        const replaces = body.password !== undefined && enrolled.some(({ kind }) => kind === 'password')
        if (body.password !== undefined)
          await setPassword(tools, { account, typed: body.password, boundAtAal: 1, session: null })
        // whoever was let in by what is gone now is let in by it no longer
        if (replaces || gone.length > 0) {
          await tools.accounts.endEverything(account, { reason: 'changed_by_administrator' }, now)
          if (replaces) await tools.notify(account, { template: 'password_changed', values: { name: '' } })
        }
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
    app.delete<{ Params: { account: string; link: string } }>(
      '/v1/people/:account/links/:link',
      { config: { access: 'administer' } },
      async (request) => {
        const { account, link: name } = request.params
        const own = linksOf(parts, await identifiers.listOf(account)).find(({ link }) => link.canonical === name)
        if (own === undefined)
          throw new AmbitError('not_found', `\`${account}\` has no such link; \`GET /v1/people/${account}\` lists them`)
        await noted(request, 'changed', account)
        await identifiers.remove('upstream', own.link.canonical, account)
        await tools.accounts.endEverything(account, { reason: 'changed_by_administrator' }, tools.clock())
        const values = { name: own.provider?.name ?? '' }
        await tools.notify(account, { template: 'upstream_unlinked', values })
        return { account, link: own.link.canonical }
      },
    )
    app.post<{ Params: { account: string }; Body: Static<typeof Pass> }>(
      '/v1/people/:account/passes',
      { config: { access: 'administer' }, schema: { body: Pass } },
      async (request) => {
        const { account } = request.params
        const { by, minutes = 60 } = request.body
        const rank = authorityOver(parts, account, by)
        await noted(request, 'changed', account)
        const pass = await issuePass(tools, {
          account,
          enrols: 'passkey',
          issuedBy: by,
          client: clientOf(request),
          outranks: rank.outranks,
          needsSecond: rank.needsSecond,
          issuerAal: rank.aal,
          validFor: minutes * 60_000,
        })
        if (pass === null)
          throw new AmbitError('forbidden', `\`${by}\` may not issue a pass for \`${account}\`: ${OUTRANKS}`)
        return pass
      },
    )
    app.post<{ Params: { account: string; pass: string }; Body: Static<typeof Decider> }>(
      '/v1/people/:account/passes/:pass/approve',
      { config: { access: 'administer' }, schema: { body: Decider } },
      async (request) => {
        const { account, pass } = request.params
        const { by } = request.body
        await noted(request, 'changed', account)
        const { outranks } = authorityOver(parts, account, by)
        if (!(await approvePass(tools, account, pass, by, clientOf(request), outranks))) {
          throw new AmbitError(
            'forbidden',
            `\`${by}\` may not approve it: it is another than the issuer, by another token, and ${OUTRANKS}`,
          )
        }
        return { id: pass, state: 'active' }
      },
    )
    app.get<{ Params: { account: string } }>(
      '/v1/people/:account/recovery',
      { config: { access: 'administer' } },
      async ({ params: { account } }) => {
        const { store } = parts.recovery
        const held = (await store.openOf(account)) ?? (await store.frozenOf(account))
        if (held === null) throw new AmbitError('not_found', 'no recovery of this account is open or frozen')
        const { id, state, impact, openedAt, heldUntil, proofs, decisions } = held.case
        return {
          id,
          state,
          impact,
          openedAt,
          heldUntil,
          proofs: proofs.map(({ method, at }) => ({ method, at })),
          decisions,
        }
      },
    )
    app.post<{ Params: { account: string }; Body: Static<typeof Decision> }>(
      '/v1/people/:account/recovery',
      { config: { access: 'administer' }, schema: { body: Decision } },
      async (request) => {
        const { account } = request.params
        const { by, does } = request.body
        const { outranks } = authorityOver(parts, account, by)
        const { store } = parts.recovery
        const held = does === 'vouch' ? await store.openOf(account) : await store.frozenOf(account)
        if (held === null) throw new AmbitError('not_found', 'no recovery of this account waits for that')
        if (!outranks || by === account) throw new AmbitError('forbidden', `\`${by}\` may not: ${OUTRANKS}`)
        await noted(request, 'changed', account)
        const proof = { method: 'help_desk', channel: by, at: tools.clock() } as const
        const after =
          does === 'vouch'
            ? await happen(parts.recovery, held.case.id, { is: 'prove', browser: held.case.browser, proof })
            : await decideRecovery(parts.recovery, held.case.id, by, does === 'allow', outranks)
        if (after === null)
          throw new AmbitError('conflict', 'that may not happen to this recovery now; each decides once')
        return { id: after.id, state: after.state }
      },
    )
    app.post<{ Params: { account: string }; Body: Static<typeof Decider> }>(
      '/v1/people/:account/unfreeze',
      { config: { access: 'administer' }, schema: { body: Decider } },
      async (request) => {
        const { account } = request.params
        const { by } = request.body
        if (!authorityOver(parts, account, by).outranks || by === account) {
          throw new AmbitError('forbidden', `\`${by}\` may not open \`${account}\` again: ${OUTRANKS}`)
        }
        if ((await parts.recovery.store.frozenOf(account)) !== null) {
          throw new AmbitError('conflict', 'a recovery of this account is contested; that case has to be decided first')
        }
        if ((await tools.accounts.stateOf(account)).status !== 'frozen')
          throw new AmbitError('conflict', 'the account is not frozen')
        await noted(request, 'enabled', account)
        const state = await tools.accounts.endEverything(
          account,
          { status: 'active', reason: 'unfrozen' },
          tools.clock(),
        )
        await tools.notify(account, { template: 'account_unfrozen', values: {} })
        return { account, status: state.status }
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
