import { readPolicyFile } from '#cli/read-policy.ts'
import type { Fact } from '#model/facts.ts'
import { checkInventory } from '#model/inventory.ts'
import { loadSolver } from '#planning/solver.ts'
import { planFor } from '#planning/plan.ts'
import { randomOf } from './random.ts'
import { timed, type Measured } from './timing.ts'

/** Seconds that the planner may look for a cheaper answer; reading and the checks come on top. */
const LIMIT = 20

/**
 * Plans for an organisation of so many people, of whom some can change what a thousand services run, so that each of those
 * services falls to nobody: a thousand goals at once.
 */
export async function timePlan(accounts: number, goals: number = 1000): Promise<Omit<Measured, 'peakMb'>> {
  const facts = organisationOf(accounts, goals).map((fact, i) => ({ fact, place: { file: 'bench', line: i + 1 } }))
  const inventory = checkInventory({ at: '2026-01-01T00:00:00Z', sources: [], facts, diagnostics: [] })
  const policy = await readPolicyFile()
  const solver = await loadSolver()
  const now = (): number => performance.now()
  const stages: Record<string, number> = {}
  let last = now()
  let stage = ''
  const onStage = (next: string): void => {
    if (stage !== '') stages[`${stage} ms`] = Math.round(now() - last)
    last = now()
    stage = next
  }
  const protect = Array.from({ length: goals }, (_, g) => `protect:bench:svc${g}`)
  const made = await timed(() =>
    planFor(inventory, policy, { goals: protect, limits: { solver, now, until: now() + LIMIT * 1000 }, onStage }),
  )
  onStage('')
  const { cost, bound, optimal, steps, holds, rounds, changesWeighed } = made.value
  return {
    wallMs: made.wallMs,
    cpuMs: made.cpuMs,
    notes: {
      facts: facts.length,
      goals,
      holds: String(holds),
      steps: steps.length,
      cost,
      bound,
      'gap %': optimal ? 0 : bound > 0 ? Math.round((1000 * (cost - bound)) / bound) / 10 : 'unknown',
      rounds,
      'changes weighed': changesWeighed,
      ...stages,
    },
  }
}

/** People with codes or keys, in groups that nest; a few groups may change the code that a service runs. */
function organisationOf(accounts: number, services: number): Fact[] {
  const random = randomOf(7)
  const groups = Math.max(10, Math.floor(accounts / 20))
  const facts: Fact[] = []
  for (let g = 0; g < groups; g++) {
    const memberOf = random.chance(0.2) ? [`bench:g${random.below(groups)}`] : []
    facts.push({ fact: 'group', id: `bench:g${g}`, memberOf: memberOf.filter((each) => each !== `bench:g${g}`) })
  }
  for (let s = 0; s < services; s++) {
    facts.push(
      { fact: 'account', id: `bench:svc${s}`, kind: 'service' },
      {
        fact: 'resource',
        id: `bench:r${s}`,
        sensitivity: random.chance(0.3) ? 'high' : 'moderate',
        runsAs: [`bench:svc${s}`],
      },
    )
    for (let k = 0; k < 2; k++) {
      const holder = `bench:g${random.below(groups)}`
      facts.push({
        fact: 'entitlement',
        holder,
        on: `bench:r${s}`,
        capabilities: ['change_code'],
        needed: random.chance(0.7),
      })
    }
  }
  for (let a = 0; a < accounts; a++) {
    const id = `bench:a${a}`
    const memberOf = [...new Set(Array.from({ length: 2 }, () => `bench:g${random.below(groups)}`))]
    const key = random.chance(0.6)
    facts.push(
      { fact: 'account', id, kind: 'human', population: 'workforce', memberOf },
      { fact: 'authenticator', id: `${id}/password`, kind: 'password', of: [id] },
      key
        ? { fact: 'authenticator', id: `${id}/second`, kind: 'security_key', of: [id], userVerification: true }
        : { fact: 'authenticator', id: `${id}/second`, kind: 'totp', of: [id] },
      {
        fact: 'wayIn',
        id: `${id}/in`,
        account: id,
        purpose: 'sign_in',
        requires: { all: [`${id}/password`, `${id}/second`] },
        session: { overallSeconds: 28_800, idleSeconds: 600 },
      },
    )
  }
  return facts
}
