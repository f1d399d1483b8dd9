// `npm run torture`: the races, kills and walks of `npm test` at full length: a hundred rounds and a hundred kills on each store.
// Shorter with AMBIT_RACES, AMBIT_KILLS and AMBIT_WALKS.
import { fileURLToPath } from 'node:url'
import { installOnce } from './install.js'

installOnce()
const { handOver, modernNode } = await import('./runtime.js')
const root = fileURLToPath(new URL('..', import.meta.url))
process.env.AMBIT_RACES ??= '100'
process.env.AMBIT_KILLS ??= '100'
process.env.AMBIT_WALKS ??= '300'
const files = [
  'test/torture/*.test.ts',
  'test/e2e/walks.test.ts',
  'test/server/killed-while-ingesting.test.ts',
  'src/delivery/killed.test.ts',
  'src/server/provider/provider.test.ts',
  'src/storage/audit-faults.test.ts',
]
handOver(modernNode(), ['--test', '--test-isolation=none', ...files], { cwd: root })
