import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { main } from '#cli/main.ts'
import type { Plan, WhatIf } from '#contract/plan.ts'
import { quietIo, type Written } from '../../../test/support/quiet-io.ts'

const INVENTORY = `ambit: 1
at: 2026-11-01T00:00:00Z
accounts:
  - id: ada
    kind: human
    population: workforce
    authenticators: [{name: password, kind: password}, {name: totp, kind: totp}, {name: mail, kind: email_link}]
    waysIn:
      - {name: front, purpose: sign_in, requires: {all: [password, totp]}, session: {overallSeconds: 3600, idleSeconds: 600}}
      - {name: back, purpose: recovery, requires: mail}
    entitlements: [{on: code, capabilities: [change_code]}]
resources: [{id: code, sensitivity: moderate}]
`

suite('ambit plan and whatif', () => {
  let folder: string
  let inventory: string
  const run = async (...argv: string[]): Promise<Written & { code: number }> => {
    const written: Written = { out: '', err: '', files: new Map() }
    const code = await main(argv, quietIo(written))
    return { ...written, code }
  }
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ambit-plan-'))
    inventory = join(folder, 'inventory.yaml')
    await writeFile(inventory, INVENTORY)
  })
  after(() => rm(folder, { recursive: true }))

  test('the plan says what to do, in order, and that it is optimal and safe', async () => {
    const { out, code } = await run('plan', inventory)
    assert.equal(code, 0)
    assert.match(out, /2 steps after which no account is unfit; 1 account stands against that now/)
    assert.match(out, /optimal/)
    assert.match(out, /Nobody is locked out/)
    assert.ok(out.indexOf('passkey') < out.indexOf('spare key'), 'what gives comes first')
  })

  test('whatif takes the plan of another run, whole or some of its steps', async () => {
    const plan = JSON.parse((await run('plan', inventory, '-f', 'json')).out) as Plan
    const file = join(folder, 'plan.json')
    await writeFile(file, JSON.stringify(plan))
    const whole = await run('whatif', inventory, '--change', file, '-f', 'json')
    const what = JSON.parse(whole.out) as WhatIf
    assert.equal(whole.code, 0)
    assert.deepEqual(
      what.accounts.map(({ id, before: old, after: now }) => [id, old!.verdict, now!.verdict]),
      [['ada', 'unfit', 'fit']],
    )
    await writeFile(file, JSON.stringify({ ambit: 1, steps: plan.steps.slice(0, 1) }))
    const some = JSON.parse((await run('whatif', inventory, '--change', file, '-f', 'json')).out) as WhatIf
    assert.equal(some.after.unfit, 1, 'one step is not enough')
  })

  test('whatif shows who is worse off, and exits with 1', async () => {
    const file = join(folder, 'change.yaml')
    await writeFile(file, 'ambit: 1\nsteps: [{id: drop, edits: [{remove: {fact: wayIn, id: ada/back}}]}]\n')
    const { out, code } = await run('whatif', inventory, '--change', file)
    assert.equal(code, 1)
    assert.match(out, /now locked\s+out by losing/)
  })

  test('usage that makes no sense is refused with what to do', async () => {
    for (const argv of [
      ['plan'],
      ['plan', inventory, '--goal', 'peace'],
      ['plan', '--and-or', inventory],
      ['whatif', inventory, '--change', inventory],
    ]) {
      const { code, err } = await run(...argv)
      assert.equal(code, 2, argv.join(' '))
      assert.ok(err.length > 0)
    }
  })
})
