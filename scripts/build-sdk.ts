/** Builds `@ambit/sdk` out of `src/sdk`: ES modules and declarations, with a manifest of its own, into `build/sdk`. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

/** @returns the folder of the package */
export function buildSdk(folder = `${root}build/sdk`): string {
  rmSync(folder, { recursive: true, force: true })
  execFileSync(
    process.execPath,
    [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.sdk.json', '--outDir', folder],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
    },
  )
  // the compiler rewrites the extensions of imports in code, and leaves them in declarations
  for (const name of globSync('**/*.d.ts', { cwd: folder })) {
    const text = readFileSync(`${folder}/${name}`, 'utf8')
    writeFileSync(`${folder}/${name}`, text.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"))
  }
  const { version, license } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Record<string, string>
  const manifest = {
    name: '@ambit/sdk',
    version,
    description: 'Asks Ambit whether a request may go on, and says what is missing when it may not.',
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20' },
    exports: { '.': { types: './sdk/index.d.ts', default: './sdk/index.js' } },
    files: ['sdk', 'contract'],
  }
  writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`)
  copyFileSync(`${root}src/sdk/README.md`, `${folder}/README.md`)
  copyFileSync(`${root}LICENSE`, `${folder}/LICENSE`)
  return folder
}

if (import.meta.main) console.error(`built ${buildSdk()}`)
