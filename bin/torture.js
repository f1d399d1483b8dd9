// `npm run torture`: the races, kills and walks of `npm test` at full length: a hundred rounds and a hundred kills on each store.
import { fileURLToPath } from 'node:url'
import { installOnce } from './install.js'

installOnce()
const { handOver, modernNode } = await import('./runtime.js')
const root = fileURLToPath(new URL('..', import.meta.url))
process.env.AMBIT_RACES ??= '100'
process.env.AMBIT_KILLS ??= '100'
process.env.AMBIT_WALKS ??= '300'
const files = ['test/torture/*.test.ts', 'test/e2e/walks.test.ts', 'src/server/provider/provider.test.ts']
handOver(modernNode(), ['--test', '--test-isolation=none', ...files], { cwd: root })
