/** Files that say how decisions are made: settings of the decision point, and access policies. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { parseAccessPolicy, type AccessPolicy } from '#decision/access-policy.ts'
import {
  AMBIT_ISSUER,
  DECISION_SETTINGS,
  settingsFrom,
  type DecisionSettings,
  type DecisionSettingsFile,
} from '#decision/settings.ts'
import { AmbitError } from '#lib/errors.ts'
import { fail, lineAt, pointerOf, readYaml } from '#policy/parse.ts'
import { problemsOf } from '#policy/shape.ts'

/**
 * Reads settings, by themselves or as the section `decisions` of a server's configuration; the defaults where no file is named.
 *
 * @throws {AmbitError} `input_unreadable` or `policy_invalid`
 */
export async function readSettings(path: string | undefined): Promise<DecisionSettings> {
  if (path === undefined) return settingsFrom()
  const { document, lines, value } = readYaml(await textOf(path), path)
  const inside = typeof value === 'object' && value !== null && ('decisions' in value || 'people' in value)
  const settings = inside ? ((value as { decisions?: unknown }).decisions ?? {}) : value
  const problems = problemsOf(DECISION_SETTINGS, settings).map(({ path: at, message, remedy, onKey }) => {
    const place = inside ? ['decisions', ...at] : at
    const line = lineAt(document, lines, place, onKey ?? false)
    return { ...(line === undefined ? {} : { line }), pointer: pointerOf(place), message, remedy }
  })
  if (problems.length > 0) fail(path, problems)
  // the schema was just held against them
  return settingsFrom(settings as DecisionSettingsFile, inside ? await ownWords(value) : {})
}

/** What a server at which people sign in knows of its own words, which its configuration need not say. */
async function ownWords(configuration: object): Promise<DecisionSettings['issuers']> {
  if (!('people' in configuration) || !('publicUrl' in configuration)) return {}
  const { resolveReferences } = await import('#server/config/references.ts')
  const { ownIssuerName } = await import('#server/provider/own-issuer.ts')
  const { publicUrl } = configuration
  const { value } = resolveReferences({ publicUrl }, { env: process.env, read: (path) => readFileSync(path, 'utf8') })
  const issuer = ownIssuerName({ people: {}, ...(value as { publicUrl: string }) } as Parameters<
    typeof ownIssuerName
  >[0])
  return issuer === null ? {} : { [issuer]: AMBIT_ISSUER }
}

/** @throws {AmbitError} `input_unreadable` or `policy_invalid` */
export const readAccessPolicies = (paths: readonly string[]): Promise<AccessPolicy[]> =>
  Promise.all(paths.map(async (path) => parseAccessPolicy(await textOf(path), path)))

/** @throws {AmbitError} `input_unreadable` */
export function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AmbitError('input_unreadable', `cannot read \`${path}\` (${error.code}); check the path`, { path })
  })
}
