import { impactWords, type Severity } from '#contract/vocabulary.ts'
import type { FactOf } from '#model/facts.ts'
import type { AccountAnalysis, Analysis } from '../context.ts'
import { isOut, isSecretStore } from '../secrets.ts'
import { daysBetween } from '../time.ts'
import { BY_IMPACT, MILD_BY_IMPACT, nameOf, type Draft } from './finding.ts'

type Secret = FactOf<'secret'>

/** Accounts a secret gives or helps to give: those it opens, and the owners of authenticators it proves. */
export function accountsOf(analysis: Analysis, secret: Secret): Set<string> {
  const accounts = new Set(secret.opens)
  for (const id of secret.proves ?? []) {
    const authenticator = analysis.snapshot.inventory.get(id)?.fact
    if (authenticator?.fact === 'authenticator') for (const owner of authenticator.of ?? []) accounts.add(owner)
  }
  return accounts
}

/** Findings about secrets, each on the account that the secret gives. */
export function* secretFindings(analysis: Analysis): Generator<Draft> {
  for (const { fact } of analysis.snapshot.inventory.byKind.secret) {
    for (const id of accountsOf(analysis, fact)) {
      const account = analysis.accounts.get(id)
      if (account === undefined || account.fact.enabled === false) continue
      yield* leaked(analysis, account, fact)
      yield* unsanctioned(analysis, account, fact)
      yield* longLived(analysis, account, fact)
      yield* wildcardTrust(account, fact)
    }
  }
}

const common = (account: AccountAnalysis, secret: Secret) => ({
  account: account.fact.id,
  ...(secret.opens?.includes(account.fact.id) ? { wayIn: secret.id } : { about: secret.id }),
  facts: [secret.id],
})

const nameOfSecret = (secret: Secret): string => secret.name ?? secret.id

function* leaked(analysis: Analysis, account: AccountAnalysis, secret: Secret): Generator<Draft> {
  if (!isOut(secret)) return
  const top = account.impact.capabilities.find(({ impact }) => impact === account.impact.impact)
  const severity: Severity = account.impact.impact === 'none' || account.impact.impact === 'low' ? 'high' : 'critical'
  const where = secret.leaked?.where === undefined ? '' : ` (${secret.leaked.where})`
  yield {
    code: 'leaked_secret',
    severity,
    ...common(account, secret),
    message: `${nameOfSecret(secret)} is out${where} and gives ${nameOf(account)}, whose reach is of ${impactWords(account.impact.impact)}`,
    reach: top === undefined ? null : analysis.reachProof(account.fact.id, top),
    entry: secret.opens?.includes(account.fact.id)
      ? {
          given: [secret.id],
          goal: account.fact.id,
          steps: [{ node: account.fact.id, by: 'opens', from: [secret.id] }],
        }
      : null,
  }
}

function* unsanctioned(analysis: Analysis, account: AccountAnalysis, secret: Secret): Generator<Draft> {
  const places = (secret.storedIn ?? []).filter((where) => !isSecretStore(analysis.snapshot, where))
  if (places.length === 0) return
  const top = account.impact.capabilities.find(({ impact }) => impact === account.impact.impact)
  yield {
    code: 'unsanctioned_secret',
    severity: MILD_BY_IMPACT[account.impact.impact],
    ...common(account, secret),
    message: `${nameOfSecret(secret)} lies in ${places.join(' and ')}; whoever reads that place has ${nameOf(account)}`,
    reach: top === undefined ? null : analysis.reachProof(account.fact.id, top),
    facts: [secret.id, ...places],
  }
}

function* longLived(analysis: Analysis, account: AccountAnalysis, secret: Secret): Generator<Draft> {
  if (secret.ephemeral === true || secret.kind === 'session_cookie') return
  const { nonHuman } = analysis.policy
  const limit =
    secret.kind === 'certificate'
      ? (nonHuman.maxCertificateAgeDays ?? nonHuman.maxSecretAgeDays)
      : nonHuman.maxSecretAgeDays
  const since = secret.rotatedAt ?? secret.issuedAt
  const { at } = analysis.snapshot.inventory.snapshot
  if (since === undefined || at === null) return
  const age = daysBetween(since, at)
  if (age <= limit) return
  yield {
    code: 'long_lived_secret',
    severity: account.impact.impact === 'none' || account.impact.impact === 'low' ? 'low' : 'medium',
    ...common(account, secret),
    message: `${nameOfSecret(secret)} of ${nameOf(account)} is ${age} days old; ${limit} are allowed`,
  }
}

function* wildcardTrust(account: AccountAnalysis, secret: Secret): Generator<Draft> {
  if (secret.conditions === undefined || secret.conditions === 'strict') return
  yield {
    code: 'wildcard_trust',
    severity: BY_IMPACT[account.impact.impact],
    ...common(account, secret),
    message: `${nameOf(account)} trusts ${secret.conditions === 'none' ? 'any token of the issuer' : 'tokens that match a wildcard'} (${nameOfSecret(secret)})`,
  }
}
