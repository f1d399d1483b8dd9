// `npm test`: install, then node's own test runner over every test of the project, in one process.
import { fileURLToPath } from 'node:url'
import { installOnce } from './install.js'

installOnce()
const { handOver, modernNode } = await import('./runtime.js')
const root = fileURLToPath(new URL('..', import.meta.url))
const named = process.argv.slice(2)
const files = named.length > 0 ? named : ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts']
handOver(modernNode(), ['--test', '--test-isolation=none', ...files], { cwd: root })
