/**
 * Passwords known from breaches, in a file as Have I Been Pwned gives it out: SHA-1 in capital hex, one to a line, in order, each perhaps
 * with a colon and a count. Tens of gigabytes stay on disk; a password costs some thirty short reads.
 */
import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import type { IsBreached } from '#authn/passwords.ts'
import { AmbitError } from '#lib/errors.ts'

const LINE = /^[0-9A-F]{40}(:\d+)?\r?$/
const HASH_LENGTH = 40
/** Bytes read at once: more than two of the longest lines. */
const BLOCK = 256
/** Places at which a list is looked at before it is used. */
const PLACES = 32

export interface BreachedPasswords {
  readonly isBreached: IsBreached
  readonly close: () => Promise<void>
}

/** @throws {AmbitError} `config_invalid` where the file cannot be read or is no such list */
export async function openBreachedPasswords(path: string): Promise<BreachedPasswords> {
  const refusal = (why: string) =>
    new AmbitError(
      'config_invalid',
      `\`people.breachedPasswords\` is \`${path}\`, ${why}; give a list of SHA-1 hashes in order, as Have I Been Pwned offers it`,
    )
  const file = await open(path, 'r').catch((error: unknown) => {
    throw refusal(
      `which cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'})`,
    )
  })
  try {
    const { size } = await file.stat()
    const lines = (await textAt(file, 0)).split('\n', 2)
    if (!lines.every((line) => line === '' || LINE.test(line)) || !LINE.test(lines[0] ?? ''))
      throw refusal('whose first lines are something else')
    if (!(await isOrdered(file, size))) throw refusal('which is not in order')
    return {
      isBreached: (password) => isIn(file, size, createHash('sha1').update(password).digest('hex').toUpperCase()),
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function textAt(file: FileHandle, position: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, position)
  return buffer.toString('latin1', 0, bytesRead)
}

/** Whether the lines here and there throughout the file are in order: in one of another order nothing would be found. */
async function isOrdered(file: FileHandle, size: number): Promise<boolean> {
  let before = ''
  for (let place = 0; place < PLACES; place++) {
    const text = await textAt(file, Math.floor((size * place) / PLACES))
    // all but the first begin somewhere in a line
    const lines = text.split('\n').slice(place === 0 ? 0 : 1)
    const hashes = lines.map((line) => line.slice(0, HASH_LENGTH)).filter(({ length }) => length === HASH_LENGTH)
    const [first = before] = hashes
    if (first < before || hashes.some((hash, i) => i > 0 && hash <= hashes[i - 1]!)) return false
    before = first
  }
  return true
}

/** Halves the file until the line is found; between `from` and `to` lie the lines that it may still be. */
async function isIn(file: FileHandle, size: number, wanted: string): Promise<boolean> {
  let [from, to] = [0, size]
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    // from the byte before, so that a line that begins just there counts
    const start = Math.max(from, middle - 1)
    const text = await textAt(file, start)
    const begin = start === from ? 0 : text.indexOf('\n') + 1
    const end = text.indexOf('\n', begin)
    const line = text.slice(begin, end < 0 ? undefined : end)
    if (start + begin >= to || (begin === 0 && start !== from)) {
      to = middle
      continue
    }
    if (!LINE.test(line)) throw new AmbitError('internal', 'the list of breached passwords has a line that is none')
    const hash = line.slice(0, HASH_LENGTH)
    if (hash === wanted) return true
    if (hash < wanted) from = start + (end < 0 ? text.length : end + 1)
    else to = Math.min(middle, start + begin)
  }
  return false
}
