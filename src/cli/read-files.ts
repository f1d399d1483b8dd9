/** The only place where files are read: paths in, one inventory out. */
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Diagnostic, Inventory } from '#model/facts.ts'
import { isImporter, type Importer } from '#importers/importer.ts'
import { readInventory, UnreadableFile, type InputFile } from '#importers/read.ts'

/** Bytes per piece read from disk. */
const CHUNK_BYTES = 262_144

/** Endings of the files taken from a folder. A file that is named itself may have any name. */
const TAKEN = /\.(?:ya?ml|json|ndjson|jsonl)$/i

/**
 * Reads every path into one inventory. A path is a file, a folder (its `.yaml`, `.yml`, `.json`, `.ndjson` and
 * `.jsonl` files, sorted, with those of folders in it; hidden ones and `node_modules` are left alone), or `-` for
 * standard input. What is wrong with the content, and every path that leads nowhere, comes back as diagnostics, for
 * `refuseErrors`: whoever mends one file learns of the others at once.
 */
export async function readFiles(paths: readonly string[]): Promise<Inventory> {
  const names: string[] = []
  const problems: Diagnostic[] = []
  const tell = (problem: Diagnostic): void => void problems.push(problem)
  for (const path of paths) names.push(...(path === '-' ? ['-'] : await filesAt(path, tell)))
  const files = [...new Set(names)].map((name): InputFile => ({
    name: name === '-' ? 'stdin' : name,
    chunks: chunksOf(name),
  }))
  const inventory = await readInventory(files, loadImporters)
  return { ...inventory, diagnostics: [...problems, ...inventory.diagnostics] }
}

type Tell = (problem: Diagnostic) => void

/** The files that a path names: itself, or those of a folder; `tell` hears of each path that leads nowhere. */
export async function filesAt(path: string, tell: Tell): Promise<string[]> {
  const found = await stat(path).catch((error: unknown) => tell(unreadable(path, error)))
  if (found === undefined) return []
  if (!found.isDirectory()) return [path]
  let isComplete = true
  const names = await filesIn(path, (problem) => {
    isComplete = false
    tell(problem)
  })
  if (names.length === 0 && isComplete) {
    const message = 'the folder holds no .yaml, .yml, .json, .ndjson or .jsonl file'
    tell({ code: 'folder_empty', level: 'error', message, remedy: 'name the files themselves', place: { file: path } })
  }
  return names
}

async function filesIn(folder: string, tell: Tell): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) =>
    tell(unreadable(folder, error)),
  )
  const names: string[] = []
  for (const entry of (entries ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) names.push(...(await filesIn(path, tell)))
    else if (TAKEN.test(entry.name)) names.push(path) // links to files are followed when read, links to folders never
  }
  return names
}

async function* chunksOf(name: string): AsyncGenerator<Uint8Array> {
  const stream: AsyncIterable<Uint8Array> =
    name === '-' ? process.stdin : createReadStream(name, { highWaterMark: CHUNK_BYTES })
  try {
    yield* stream
  } catch (error) {
    throw new UnreadableFile(unreadable(name, error))
  }
}

const REASONS: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  ENOENT: ['it does not exist', 'check the spelling and the current folder'],
  EACCES: ['it may not be read', 'check its permissions'],
  EISDIR: ['it is a folder', 'name it without a link'],
  ELOOP: ['it is a link to itself', 'name the file itself'],
}

function unreadable(path: string, error: unknown): Diagnostic {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  const [message, remedy] = REASONS[code] ?? [`it cannot be read (${code})`, 'check the file and the disk']
  return { code: 'file_unreadable', level: 'error', message, remedy, place: { file: path } }
}

/** Every importer of the folder `importers/`, by source. To add one, add its file. */
export async function loadImporters(): Promise<readonly Importer[]> {
  const folder = new URL('../importers/', import.meta.url)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  const importers: Importer[] = []
  for (const name of names.toSorted()) {
    const module: Readonly<Record<string, unknown>> = await import(new URL(name, folder).href)
    for (const exported of Object.values(module)) if (isImporter(exported)) importers.push(exported)
  }
  return importers.toSorted((a, b) => (a.source < b.source ? -1 : 1))
}
