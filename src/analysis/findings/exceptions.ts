import { exceptionsFor } from '../exceptions.ts'
import type { AccountAnalysis, Analysis } from '../context.ts'
import { BY_IMPACT, nameOf, type Draft } from './finding.ts'
import { listOf, plain, purposeWords } from './words.ts'

/** Exceptions that no longer excuse what they were opened for. */
export function* exceptionFindings(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  const seen = new Set<string>()
  for (const judged of account.ways) {
    for (const { fact, state } of exceptionsFor(analysis.snapshot, analysis.policy, judged.way, account.impact)) {
      if (state.is === 'live' || seen.has(fact.id)) continue
      if (judged.verdict !== 'unfit') continue // nothing to excuse
      seen.add(fact.id)
      const common = {
        severity: BY_IMPACT[account.impact.impact],
        account: account.fact.id,
        wayIn: judged.way.id,
        about: fact.id,
        facts: [fact.id, judged.way.id],
      }
      const subject = `the exception for ${purposeWords(judged)} of ${nameOf(account)}`
      if (state.is === 'not_in_force') {
        yield { code: 'exception_lapsed', ...common, message: `${subject} is not in force: ${state.why}` }
      } else if (state.is === 'safeguard_false') {
        yield {
          code: 'exception_safeguard_false',
          ...common,
          message: `${subject} rests on ${listOf(state.safeguards.map(plain))}, which ${state.safeguards.length === 1 ? 'does' : 'do'} not hold`,
        }
      } else {
        const reached = account.impact.capabilities.find(({ capability }) => capability === state.capabilities[0])!
        yield {
          code: 'exception_outgrown',
          ...common,
          capability: state.capabilities[0]!,
          message: `${subject} does not cover what the account can do now: ${listOf(state.capabilities.map(plain))}`,
          reach: analysis.reachProof(account.fact.id, reached),
        }
      }
    }
  }
}
