import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { liveAnalysis } from '#analysis/live.ts'
import { readFiles } from '#cli/read-files.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { AccessRequest } from '#contract/access-request.ts'
import { parseAccessPolicy } from '#decision/access-policy.ts'
import { buildWorld } from '#decision/build-world.ts'
import { decide } from '#decision/decide.ts'
import { settingsFrom, type DecisionSettingsFile } from '#decision/settings.ts'

const root = new URL('../../', import.meta.url)
const example = (name: string) => new URL(`examples/authzen/${name}`, root)
const SUITES = new URL('../shared/data/authzen/', root)

const world = buildWorld(
  liveAnalysis(await readFiles([example('inventory.yaml').pathname]), await readPolicyFile()),
  settingsFrom(parse(readFileSync(example('settings.yaml'), 'utf8')) as DecisionSettingsFile),
  [parseAccessPolicy(readFileSync(example('access.yaml'), 'utf8'), 'access.yaml')],
)

const permits = (request: AccessRequest): boolean =>
  decide(
    { id: 'e', at: 1_793_000_000, request, session: null, device: null, risk: [], exceptions: [], stepUpsTried: 0 },
    world,
  ).outcome === 'permit'

interface Case {
  readonly request: { readonly subject: Entity; readonly action: { readonly name: string }; readonly resource: Entity }
  readonly expected: boolean
}
type Entity = { readonly type: string; readonly id: string; readonly properties?: Record<string, unknown> } & Record<
  string,
  unknown
>

/** Drafts before `properties` had everything beside `id`, and named the subject twice. */
function ofToday({ subject, action, resource }: Case['request']): AccessRequest {
  const { type, id, properties, ...beside } = resource
  const who = typeof subject['identity'] === 'string' ? subject['identity'] : subject.id
  return {
    subject: { type: subject.type, id: who },
    action,
    resource: { type, id, properties: { ...beside, ...properties } },
  }
}

suite('The interop suites of AuthZEN', { skip: existsSync(SUITES) ? false : 'the suites are not here' }, () => {
  for (const name of [
    'todo/decisions.json',
    'todo/decisions-authorization-api-1_0-00.json',
    'todo/decisions-authorization-api-1_0-01.json',
    'todo/decisions-authorization-api-1_0-02.json',
    'api-gateway/decisions.json',
  ]) {
    test(name, () => {
      const file = JSON.parse(readFileSync(new URL(name, SUITES), 'utf8')) as Record<string, Case[]>
      const cases = file['evaluation'] ?? file['decisions'] ?? []
      assert.ok(cases.length >= 25)
      for (const { request, expected } of cases)
        assert.equal(permits(ofToday(request)), expected, JSON.stringify(request))
    })
  }
})
