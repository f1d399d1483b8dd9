/** Records as the parts of the program write them. */
import type { Decision, Evaluation } from '#contract/decision.ts'
import type { RecordOf } from './records.ts'

export const anEvaluation = (more: Partial<Evaluation> = {}): Evaluation => ({
  id: 'eval_1',
  at: 1_790_000_000,
  request: {
    subject: { type: 'account', id: 'idp:ada' },
    action: { name: 'approve' },
    resource: { type: 'payment', id: 'pay:4711' },
    context: { amount: 12_000, currency: 'EUR' },
  },
  session: {
    issuer: 'https://idp.example',
    subject: 'ada',
    client: 'payments',
    sessionId: 's-1',
    acr: 'urn:ambit:loa:2',
    amr: ['pwd', 'otp'],
    authTime: 1_789_999_000,
    startedAt: 1_789_999_000,
    lastUsedAt: 1_789_999_900.5,
    keyClass: null,
    boundAtAal: 2,
    senderConstrained: 'dpop',
  },
  device: { id: 'd-1', managed: true, compliant: null },
  risk: [{ kind: 'impossible_travel', level: 'medium', at: 1_789_999_990, source: 'anomaly' }],
  exceptions: [{ id: 'exc_1', capabilities: ['approve_payments'], until: 1_790_100_000 }],
  stepUpsTried: 0,
  ...more,
})

const aDecision: Decision = {
  id: 'eval_1',
  at: 1_790_000_000,
  outcome: 'step_up',
  reasons: [
    { code: 'too_weak', text: 'A code is not enough', citations: [{ standard: 'NIST SP 800-63B-4', section: '2.2' }] },
  ],
  reasonUser: 'Confirm with your passkey.',
  required: {
    strength: 'phishing_resistant',
    codes: 'refused',
    phishingResistant: true,
    hardwareBacked: false,
    maxAge: 900,
    maxIdle: null,
    senderConstrained: false,
    device: 'any',
  },
  presented: { strength: 'two_factor', code: true, age: 1000 },
  stepUp: { acrValues: ['phr'], amrValues: ['hwk'], maxAge: 900 },
  permitUntil: null,
  exception: null,
  snapshot: 'sha256:aa',
  policy: 'sha256:bb',
  settings: 'sha256:cc',
}

export const aDecisionRecord = (evaluation: Evaluation = anEvaluation()): RecordOf<'decision'> => ({
  kind: 'decision',
  at: 1_790_000_000_000,
  by: { type: 'client', id: 'pep-1' },
  evaluation,
  decision: aDecision,
})

export const aNodeRecord = (at: number, node = 'a'): RecordOf<'node'> => ({
  kind: 'node',
  at,
  by: { type: 'node', id: node },
  did: 'started',
  node,
  version: '1',
  why: [],
})
