/**
 * Who outside the AWS account may become one of its roles: other accounts, anyone, and identity providers.
 */
import type { FactOf } from '#model/facts.ts'
import type { ImportDiagnostic, Imported } from './importer.ts'
import { type Principal, accountOf } from './aws-iam-estate.ts'
import { conditionOf } from './aws-iam-policy.ts'
import { type Trusted, strictnessOf } from './aws-iam-trust.ts'
import { SOURCE, type World, idOf, isHere } from './aws-iam-world.ts'

/** Accounts of others that a role trusts, and the right they have; and principals that the trust names in vain. */
export function* outsidersOf(world: World): Iterable<Imported> {
  const known = new Set([...world.estate.users, ...world.estate.roles].map(({ arn }) => arn))
  const declared = new Set<string>()
  for (const role of world.estate.roles) {
    for (const [i, { sort, value, statement }] of (world.trusted.get(role) ?? []).entries()) {
      const { pointer } = statement
      if (sort === 'gone') yield { diagnostic: missing(role, value), pointer }
      else if (sort === 'anyone') yield* anyoneFacts(role, i, statement, pointer)
      else if (sort === 'named' && isHere(world, value)) {
        if (!known.has(value)) yield { diagnostic: missing(role, value), pointer }
      } else if (sort === 'named' || (sort === 'account' && value !== world.estate.account)) {
        const id = sort === 'named' ? `${SOURCE}:${value}` : `${SOURCE}:${value}:any`
        if (!declared.has(id)) {
          declared.add(id)
          // a user or role that is named is left to the export of its own account to declare
          if (sort === 'account') yield { fact: outsider(id, `any user or role of AWS account ${value}`), pointer }
          yield { diagnostic: foreign(sort === 'named' ? accountOf(value) : value), pointer }
        }
        const { unknown } = conditionOf(statement.condition, {})
        const right = `sts:AssumeRole${unknown.length > 0 ? `, if ${unknown.join(', ')}` : ''}`
        yield {
          fact: { fact: 'entitlement', holder: id, on: idOf(role), capabilities: ['impersonate'], right },
          pointer,
        }
      }
    }
  }
}

const outsider = (id: string, name: string): FactOf<'account'> => ({
  fact: 'account',
  id,
  kind: 'workload',
  name,
  thirdParty: true,
})

/**
 * Trust in `*`: the way in asks for credentials of any AWS account, which anyone may open, or for whatever the
 * conditions ask (an external id, an organisation).
 */
function* anyoneFacts(
  role: Principal,
  i: number,
  statement: Trusted['statement'],
  pointer: string,
): Iterable<Imported> {
  const { unknown } = conditionOf(statement.condition, {})
  const id = `${idOf(role)}#trust/${i}`
  if (unknown.length > 0) {
    yield { fact: { fact: 'authenticator', id, kind: 'unknown', of: [idOf(role)], name: unknown.join(', ') }, pointer }
  } else {
    const secret: FactOf<'secret'> = {
      fact: 'secret',
      id,
      kind: 'access_key',
      name: 'credentials of any AWS account',
      ephemeral: true,
      conditions: 'none',
      leaked: { where: 'anyone may open an AWS account' },
    }
    yield { fact: secret, pointer }
  }
  const fact: FactOf<'wayIn'> = {
    fact: 'wayIn',
    id: `${idOf(role)}#way/trust/${i}`,
    account: idOf(role),
    purpose: 'federation',
    name: `any AWS account${unknown.length > 0 ? ` that meets ${unknown.join(', ')}` : ''}`,
    requires: id,
  }
  yield { fact, pointer }
  yield { diagnostic: open(role, unknown), pointer }
}

/** Ways in through identity providers: a token of a workload (OIDC), or a sign-in that is not in this export (SAML). */
export function* federationOf(world: World): Iterable<Imported> {
  const declared = new Set<string>()
  for (const role of world.estate.roles) {
    for (const [i, { sort, value, statement }] of (world.trusted.get(role) ?? []).entries()) {
      if (sort !== 'federated') continue
      const { pointer } = statement
      const provider = value.split(/:(?:saml|oidc)-provider\//u).at(-1)!
      const wayIn = {
        fact: 'wayIn',
        id: `${idOf(role)}#way/trust/${i}`,
        account: idOf(role),
        purpose: 'federation',
        name: provider,
      } as const
      if (value.includes(':saml-provider/')) {
        const id = `${SOURCE}:${value}`
        if (!declared.has(id)) yield* signInAt(id, provider, pointer)
        declared.add(id)
        yield { fact: { ...wayIn, requires: id }, pointer }
        continue
      }
      const id = `${idOf(role)}#trust/${i}`
      const secret: FactOf<'secret'> = {
        fact: 'secret',
        id,
        kind: 'api_token',
        name: `token of ${provider}`,
        ephemeral: true,
        conditions: strictnessOf(statement),
      }
      yield { fact: secret, pointer }
      yield { fact: { ...wayIn, requires: id }, pointer }
    }
  }
}

/** The account at a SAML provider that a person signs in with: whose, and how strongly, is not in this export. */
function* signInAt(id: string, provider: string, pointer: string): Iterable<Imported> {
  yield { fact: { fact: 'account', id, kind: 'human', name: `whoever ${provider} lets in` }, pointer }
  yield { fact: { fact: 'authenticator', id: `${id}#sign-in`, kind: 'unknown', of: [id] }, pointer }
  yield {
    fact: { fact: 'wayIn', id: `${id}#way/sign-in`, account: id, purpose: 'sign_in', requires: `${id}#sign-in` },
    pointer,
  }
}

const missing = (role: Principal, value: string): ImportDiagnostic => ({
  code: 'principal_missing',
  level: 'info',
  message: `role \`${role.name}\` trusts \`${value}\`, which is not in the export (deleted, or filtered out)`,
  remedy: 'remove it from the trust policy, or export without --filter',
})
const foreign = (account: string): ImportDiagnostic => ({
  code: 'account_elsewhere',
  level: 'info',
  message: `roles trust AWS account \`${account}\`, whose users and roles are not in this export`,
  remedy: 'export that account too, or declare who controls it',
})
const open = (role: Principal, unknown: readonly string[]): ImportDiagnostic => ({
  code: 'trust_open',
  level: 'warning',
  message: `role \`${role.name}\` trusts every AWS account${unknown.length > 0 ? ` that meets ${unknown.join(', ')}` : ''}`,
  remedy: 'name the accounts or roles that need it in the trust policy',
})
