// `npm run example`: install, then the example application with Ambit and a mailbox beside it, on loopback.
import { fileURLToPath } from 'node:url'
import { installOnce } from './install.js'

installOnce()
const { handOver, modernNode } = await import('./runtime.js')
handOver(modernNode(), [fileURLToPath(new URL('../examples/app/run.ts', import.meta.url))])
