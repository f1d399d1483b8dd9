// `npm start`: install, analyse the sample organisation, print the summary, write the HTML report, serve it on loopback.
import { fileURLToPath } from 'node:url'
import { installOnce } from './install.js'

installOnce()
const { handOver, modernNode } = await import('./runtime.js')
const main = fileURLToPath(new URL('../src/cli/run.ts', import.meta.url))
const args = process.argv.slice(2)
handOver(modernNode(), [main, 'demo', ...args])
