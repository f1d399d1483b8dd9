/** Authenticators of Ada's, and what the policy that Ambit comes with says they are worth. */
import { readFileSync } from 'node:fs'
import { loadPolicy } from '#policy/load.ts'
import type { FactorName } from './factors.ts'
import type { EnrolledAuthenticator } from './stores.ts'

const text = readFileSync(new URL('../policy/default.yaml', import.meta.url), 'utf8')
export const worths = (await loadPolicy({ text, file: 'default.yaml' }, text)).authenticators

/** When all of them were added; milliseconds since 1970. */
export const NOW = 1_800_000_000_000

/** One that is active, named like its kind, with what the test changes. */
export const enrolled = (kind: FactorName, changed: Partial<EnrolledAuthenticator> = {}): EnrolledAuthenticator => ({
  id: kind,
  account: 'idp:ada',
  kind,
  name: kind,
  state: 'active',
  channel: null,
  boundAtAal: 3,
  material: '',
  lookup: null,
  counter: 0,
  addedAt: NOW,
  expiresAt: null,
  usedAt: null,
  ...changed,
})
