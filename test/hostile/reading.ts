/** Reads inventories written in a test, and says what was found in the words a person would see. */
import { readInventory } from '#importers/read.ts'
import type { Diagnostic } from '#model/facts.ts'
import { checkInventory, type CheckedInventory } from '#model/inventory.ts'

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Files by name, read and checked as `ambit analyze` does. */
export async function checked(files: Readonly<Record<string, string | Uint8Array>>): Promise<CheckedInventory> {
  const inputs = Object.entries(files).map(([name, content]) => ({
    name,
    bytes: typeof content === 'string' ? bytesOf(content) : content,
  }))
  return checkInventory(await readInventory(inputs, () => []))
}

/** A diagnostic as one line: `code file:line /pointer message; remedy`. */
export function line({ code, place, message, remedy }: Diagnostic): string {
  const where = `${place?.file ?? 'nowhere'}${place?.line === undefined ? '' : `:${place.line}`}`
  return `${code} ${where}${place?.pointer ? ` ${place.pointer}` : ''} ${message}; ${remedy}`
}

/** Every diagnostic of a level, each as one line. */
export const lines = ({ diagnostics }: CheckedInventory, level: Diagnostic['level']): string[] =>
  diagnostics.filter((each) => each.level === level).map(line)
