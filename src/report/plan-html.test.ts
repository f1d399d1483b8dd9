import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan, Standing, WhatIf } from '#contract/plan.ts'
import { renderPlanHtml, renderWhatIfHtml } from './plan-html.ts'
import { PLAN_STYLE } from './plan-style.ts'
import { goalWords, renderPlanText } from './plan-text.ts'
import { sha256Base64 } from './sha256.ts'

const standing: Standing = {
  unfit: 2,
  unknown: 0,
  highUnfit: 1,
  attackers: [{ attacker: 'phishing_relay', accounts: 2, highImpact: 1 }],
  oneLossFromLockOut: 0,
}
const EVIL = '<script>alert(1)</script>\u202e\u001b[2J'
const plan: Plan = {
  ambit: 1,
  snapshot: { id: `sha256:${'0'.repeat(64)}`, name: EVIL, at: '2026-11-01T00:00:00Z' },
  policy: { name: 'p', hash: `sha256:${'1'.repeat(64)}` },
  goals: ['no-unfit'],
  budget: null,
  holds: true,
  cost: 12.5,
  bound: 10,
  optimal: false,
  method: 'implicit hitting set',
  rounds: 3,
  changesWeighed: 9,
  steps: [
    {
      id: 's',
      kind: 'rotate_secret',
      text: `replace \`${EVIL}\``,
      edits: [{ remove: { fact: 'secret', id: 'x' } }],
      price: { hours: 12.5, setupHours: 12, promptsPerWeek: 1, recoveriesPerYear: 0, spend: 60 },
      accounts: [],
      because: [EVIL],
    },
  ],
  beyond: [{ account: null, why: EVIL }],
  against: 2,
  remaining: [],
  lockedOut: [{ account: EVIL, by: 'the phone number', keptInBy: [EVIL] }],
  easier: [EVIL],
  before: standing,
  after: { ...standing, unfit: 0 },
  curve: [
    { cost: 0, remaining: 2 },
    { cost: 12.5, remaining: 0 },
  ],
}

test('a page of a plan lets nothing from outside act, and loads nothing', () => {
  const side = {
    verdict: 'unfit',
    impact: 'low',
    required: null,
    effective: 'none',
    canSignIn: true,
    lostWithout: [],
    fallsTo: [EVIL],
  }
  const what: WhatIf = {
    ambit: 1,
    snapshot: { before: 'a', after: 'b', name: EVIL },
    policy: plan.policy,
    steps: [{ id: 's', text: EVIL }],
    before: standing,
    after: standing,
    accounts: [{ id: EVIL, name: EVIL, before: side, after: { ...side, fallsTo: [] }, better: true, worse: false }],
    unchanged: 1,
  }
  for (const html of [renderPlanHtml(plan), renderWhatIfHtml(what)]) {
    assert.ok(!html.includes('<script'))
    assert.ok(!html.includes('\u202e') && !html.includes('\u001b'))
    assert.ok(html.includes(`style-src 'sha256-${sha256Base64(PLAN_STYLE)}'`))
    assert.ok(!/(?:src|href)="(?!#)/.test(html) && !/ style="/.test(html))
  }
})

test('a plan that is not known to be optimal says how far it may be from it', () => {
  const text = renderPlanText(plan, { width: 100 })
  assert.match(text, /within 25 %\s+of the optimum/)
  assert.match(text, /Would be locked out/)
  assert.ok(!text.includes('\u001b') && !text.includes('\u202e'))
})

test('the curve is a picture with its numbers in words', () => {
  assert.match(renderPlanHtml(plan), /<desc id="curve-words">0 hours: 2; 12.5 hours: 0<\/desc>/)
})

test('goals are told in words', () => {
  assert.equal(goalWords('no-unfit:high'), 'no account of high impact is unfit')
  assert.equal(goalWords('no-attacker:sim_swap'), 'no account falls to SIM swap')
  assert.equal(
    goalWords('no-reach:use_secrets'),
    'no attacker gains the right to use secrets on anything of moderate impact or more',
  )
  assert.equal(goalWords('protect:idp:ada'), 'idp:ada falls to nobody')
})
