/**
 * Who a role trusts: the trust policy, read into what each sort of principal needs besides.
 * Source: AWS IAM User Guide, "AWS JSON policy elements: Principal" and "Policy evaluation for requests within a
 * single account" (a trust policy that names a user or role of the same account needs no permission besides).
 */
import { type Principal, accountOf } from './aws-iam-estate.ts'
import { covers } from './aws-iam-glob.ts'
import { type Context, type Statement, actionMatches, conditionOf } from './aws-iam-policy.ts'

export interface Trusted {
  /** `named`: an ARN of a user or role · `account`: whoever that account lets · `anyone`: every AWS account ·
   * `service`: a service principal · `federated`: an identity provider · `gone`: a principal that was deleted */
  readonly sort: 'named' | 'account' | 'anyone' | 'service' | 'federated' | 'gone'
  readonly value: string
  readonly statement: Statement
}

const ASSUME = ['sts:assumerole', 'sts:assumerolewithsaml', 'sts:assumerolewithwebidentity']

/** Everyone a role trusts, in document order. */
export function trustedBy(role: Principal): Trusted[] {
  const trusted: Trusted[] = []
  for (const statement of role.trust) {
    if (statement.effect !== 'Allow' || !ASSUME.some((action) => actionMatches(statement, action))) continue
    if (statement.notPrincipal !== undefined) trusted.push({ sort: 'anyone', value: '*', statement })
    for (const [kind, value] of principalsOf(statement.principal)) trusted.push({ ...sortOf(kind, value), statement })
  }
  return trusted
}

function* principalsOf(principal: unknown): Iterable<[string, string]> {
  if (typeof principal === 'string') yield ['AWS', principal]
  else if (typeof principal === 'object' && principal !== null) {
    for (const [kind, values] of Object.entries(principal)) {
      for (const value of Array.isArray(values) ? values : [values]) if (typeof value === 'string') yield [kind, value]
    }
  }
}

function sortOf(kind: string, value: string): Pick<Trusted, 'sort' | 'value'> {
  if (kind === 'Service') return { sort: 'service', value }
  if (kind === 'Federated') return { sort: 'federated', value }
  if (value === '*') return { sort: 'anyone', value }
  if (/^\d{12}$/u.test(value)) return { sort: 'account', value }
  if (!value.startsWith('arn:')) return { sort: 'gone', value } // AIDA…, AROA…: ids left behind by a deletion
  if (value.endsWith(':root')) return { sort: 'account', value: accountOf(value) }
  const session = value.match(/^(arn:[^:]*):sts::(\d*):assumed-role\/([^/]+)\//u)
  return { sort: 'named', value: session ? `${session[1]}:iam::${session[2]}:role/${session[3]}` : value }
}

/** Whether a deny of the trust policy is known to keep this principal out. */
export function trustDenies(role: Principal, arn: string, context: Context): boolean {
  return role.trust.some(
    (statement) =>
      statement.effect === 'Deny' &&
      actionMatches(statement, 'sts:assumerole') &&
      conditionOf(statement.condition, context).met === 'yes' &&
      [...principalsOf(statement.principal)].some(
        ([, value]) => value === '*' || value === arn || value === accountOf(arn),
      ),
  )
}

/**
 * How tightly the conditions of a federated trust bind it to one workload: `strict` when the subject is spelt out,
 * `wildcard` when it is a pattern, `none` when nothing says which workload. A service that signs tokens for all of
 * its customers (GitHub Actions, GitLab, Terraform Cloud) makes `none` a door for each of them.
 * Source: AWS IAM User Guide, "Create a role for OpenID Connect federation"; OWASP NHI6:2025.
 */
export function strictnessOf(statement: Statement): 'strict' | 'wildcard' | 'none' {
  let found: 'strict' | 'wildcard' | 'none' = 'none'
  for (const [operator, keys] of Object.entries(statement.condition)) {
    if (operator.includes('Not')) continue
    const pattern = /Like/u.test(operator)
    for (const [key, values] of Object.entries(keys)) {
      if (!/:(?:sub|repository|job_workflow_ref|workspace_id|project_id|amr)$/u.test(key) || values.length === 0)
        continue
      if (values.some((value) => /^[*?:]*$/u.test(value))) continue // `*` binds nothing
      const wild = pattern && values.some((value) => /[*?]/u.test(value))
      if (!wild) return 'strict'
      found = 'wildcard'
    }
  }
  return found
}

/** Whether the service principal is trusted; the China partition spells some of them with `.cn`. */
export const trustsService = (trusted: readonly Trusted[], service: string) =>
  trusted.some(({ sort, value }) => sort === 'service' && (value === service || covers(`${service}*`, value)))
