/** For tests: worlds out of facts, and questions about them. */
import { readFileSync } from 'node:fs'
import { liveAnalysis } from '#analysis/live.ts'
import type { Evaluation, SessionEvidence } from '#contract/decision.ts'
import type { Fact } from '#model/facts.ts'
import { parsePolicy } from '#policy/parse.ts'
import type { Policy } from '#policy/policy.ts'
import { parseAccessPolicy } from './access-policy.ts'
import { buildWorld } from './build-world.ts'
import { AMBIT_ISSUER, settingsFrom, type DecisionSettingsFile } from './settings.ts'
import type { World } from './world.ts'

export const DEFAULT_TEXT = readFileSync(new URL('../policy/default.yaml', import.meta.url), 'utf8')
export const DEFAULT_POLICY: Policy = parsePolicy(DEFAULT_TEXT, { hash: 'sha256:default' })

export const ISSUER = 'https://login.example'
/** 2026-06-01T12:00:00Z */
export const NOW = 1_780_315_200

export interface WorldParts {
  readonly settings?: DecisionSettingsFile
  readonly policy?: Policy
  readonly access?: readonly string[]
  readonly at?: string
}

export function worldOf(
  facts: readonly Fact[],
  { settings = {}, policy = DEFAULT_POLICY, access = [], at }: WorldParts = {},
): World {
  const inventory = {
    at: at ?? '2026-06-01T00:00:00Z',
    sources: [],
    facts: facts.map((fact, line) => ({ fact, place: { file: 'test.yaml', line: line + 1 } })),
    diagnostics: [],
  }
  const read = settingsFrom({ issuers: { [ISSUER]: AMBIT_ISSUER }, ...settings })
  const policies = access.map((text, i) => parseAccessPolicy(text, `access-${i}.yaml`))
  return buildWorld(liveAnalysis(inventory, policy), read, policies)
}

export type SessionParts = Partial<SessionEvidence>

/** A session that was just opened with a passkey in attested hardware. */
export function sessionOf(subject: string, parts: SessionParts = {}): SessionEvidence {
  return {
    issuer: ISSUER,
    subject,
    client: 'app',
    sessionId: 's-1',
    acr: 'phrh',
    amr: ['hwk', 'user', 'mfa'],
    authTime: NOW - 10,
    startedAt: NOW - 10,
    lastUsedAt: NOW - 5,
    keyClass: 'hardware',
    boundAtAal: null,
    senderConstrained: null,
    ...parts,
  }
}

export interface Question {
  readonly subject: string
  readonly action: string
  readonly resource: string
  readonly type?: string
  readonly session?: SessionParts | null
}

export function question(
  { subject, action, resource, type = 'resource', session }: Question,
  more: Partial<Evaluation> = {},
): Evaluation {
  return {
    id: 'e-1',
    at: NOW,
    request: { subject: { type: 'account', id: subject }, action: { name: action }, resource: { type, id: resource } },
    session: session === null ? null : sessionOf(subject, session),
    device: null,
    risk: [],
    exceptions: [],
    stepUpsTried: 0,
    ...more,
  }
}
