/** Twelve incidents as inventories: seen or not seen, what cuts the chain, and what would not have. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { analyse } from '#analysis/analyse.ts'
import { readPatternFile } from '#cli/commands/breaches.ts'
import { readFiles } from '#cli/read-files.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { Breach } from '#contract/breaches.ts'
import type { Inventory } from '#model/facts.ts'
import { checkInventory, refuseErrors } from '#model/inventory.ts'
import { breachesOf } from '#simulation/breaches.ts'
import { simulate } from '#simulation/simulate.ts'
import { worldOf } from '#simulation/world.ts'
import { checkProof } from '#verify/check-proof.ts'
import { verifySimulation } from '#verify/check-simulation.ts'
import { indexFacts } from '#verify/fact-index.ts'
import { codesOf } from '../support/report-of.ts'
import { edited, type Edit } from '../support/edited.ts'

interface Change extends Edit {
  readonly title: string
  /** the chain is cut, but the pattern, which supposes more, still fits */
  readonly patternStays?: true
}

interface Outcome {
  readonly incident: string
  readonly factor: Breach['factor']
  readonly seen: 'yes' | 'part' | 'no'
  readonly because: string
  readonly pattern: string
  readonly attackers: readonly string[]
  readonly starts?: readonly string[]
  readonly goal: string
  readonly findings: readonly { readonly account: string; readonly code: string }[]
  readonly notFindings?: readonly { readonly account: string; readonly code: string }[]
  readonly cuts: readonly Change[]
  readonly insufficient: readonly Change[]
}

/** Findings that say a factor, a recovery or a session is too weak for the reach: what the guidance on codes is about. */
const OF_FACTORS = new Set(['code_beyond_reach', 'below_required', 'recovery_weaker_than_sign_in', 'session_too_long'])
const folder = new URL('../../examples/breaches/', import.meta.url)
const policy = await readPolicyFile()
const patterns = await readPatternFile(undefined, policy)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.outcome.yaml'))
  .map((name) => name.replace('.outcome.yaml', ''))

/** What the incident's attackers take, and whether its pattern fits. */
function outcomeIn(inventory: Inventory, outcome: Outcome) {
  const checked = checkInventory(inventory)
  refuseErrors(checked.diagnostics)
  const world = worldOf(checked, policy)
  const report = analyse(checked, policy)
  const attackers = outcome.attackers.map((name) => policy.attackers.find((each) => each.name === name)!)
  const simulation = simulate(world, { attackers, starts: [...(outcome.starts ?? [])] })
  const { given, waves } = simulation.scenario!
  const fallen = [...given.map(({ id }) => id), ...waves.flatMap((wave) => wave.fallen.map(({ node }) => node))]
  const only = patterns.filter(({ id }) => id === outcome.pattern)
  const [breach] = breachesOf(world, report, only).chains
  return { report, simulation, falls: fallen.includes(outcome.goal), breach: breach! }
}

suite('The incidents', () => {
  test('are twelve, and each has a pattern of its own', () => {
    assert.equal(names.length, 12)
    const used = names.map(
      (name) => (parse(readFileSync(new URL(`${name}.outcome.yaml`, folder), 'utf8')) as Outcome).pattern,
    )
    assert.deepEqual(used.toSorted(), patterns.map(({ id }) => id).toSorted())
  })
})

for (const name of names) {
  const outcome = parse(readFileSync(new URL(`${name}.outcome.yaml`, folder), 'utf8')) as Outcome
  const inventory = await readFiles([new URL(`${name}.yaml`, folder).pathname])
  suite(outcome.incident, () => {
    const { report, simulation, falls, breach } = outcomeIn(inventory, outcome)

    test(`${outcome.seen === 'no' ? 'no rule on codes sees it' : 'it is seen'}: ${outcome.because}`, () => {
      for (const { account, code } of outcome.findings)
        assert.ok(
          codesOf(report, account).includes(code),
          `${code} on ${account}: ${codesOf(report, account).join(', ')}`,
        )
      for (const { account, code } of outcome.notFindings ?? [])
        assert.ok(!codesOf(report, account).includes(code), code)
      const ofFactors = outcome.findings.some(({ code }) => OF_FACTORS.has(code))
      assert.equal(ofFactors, outcome.seen !== 'no')
      if (outcome.seen === 'no') assert.ok(report.findings.every(({ code }) => code !== 'code_beyond_reach'))
      assert.equal(breach.factor, outcome.factor)
    })

    test(`the chain happens, to its end at ${outcome.goal}, and the checker accepts it`, () => {
      assert.ok(falls)
      assert.deepEqual(verifySimulation(JSON.parse(JSON.stringify(simulation)), inventory).failures, [])
    })

    test(`the pattern \`${outcome.pattern}\` fits, with a proof`, () => {
      assert.equal(breach.status, 'possible', JSON.stringify(breach))
      assert.deepEqual(breach.incidents.length > 0 && checkProof(breach.proof!, indexFacts(inventory)), { ok: true })
    })

    for (const cut of outcome.cuts) {
      test(`it is cut if ${cut.title}`, () => {
        const after = outcomeIn(edited(inventory, cut), outcome)
        assert.equal(after.falls, false)
        if (cut.patternStays !== true)
          assert.ok(['blocked', 'absent'].includes(after.breach.status), JSON.stringify(after.breach))
      })
    }

    for (const change of outcome.insufficient) {
      test(`it is not cut if ${change.title}`, () => {
        const after = outcomeIn(edited(inventory, change), outcome)
        assert.equal(after.falls, true)
        assert.equal(after.breach.status, 'possible')
      })
    }
  })
}
