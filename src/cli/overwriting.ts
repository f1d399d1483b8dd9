/** Nothing that a command reads is overwritten by what it writes. */
import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { AmbitError } from '#lib/errors.ts'
import { filesAt } from './read-files.ts'

/** Options that name a file to write; every other option that takes a file, and every argument, names what is read. */
const WRITTEN = ['output', 'worksheet', 'changes']

/** @throws {AmbitError} `usage` where a file that the command is to write is one that it reads */
export async function refuseOverwriting(command: Command): Promise<void> {
  const written: string[] = []
  const read = command.args.slice()
  for (const option of command.options) {
    if (!/<file(?:\.\.\.)?>/.test(option.flags)) continue
    const paths = [command.getOptionValue(option.attributeName())].flat().filter((each) => typeof each === 'string')
    if (WRITTEN.includes(option.attributeName())) written.push(...paths)
    else read.push(...paths)
  }
  const targets = await Promise.all(written.map(async (path) => ({ path, file: await fileAt(path) })))
  const there = targets.filter(({ file }) => file !== null)
  if (there.length === 0) return
  for (const path of read) {
    for (const name of await filesAt(path, () => {})) {
      const file = await fileAt(name)
      const target = there.find((each) => each.file === file)
      if (target === undefined) continue
      const message = `\`${target.path}\` is read by this command and would be overwritten; name another file to write`
      throw new AmbitError('usage', message, { path: target.path })
    }
  }
}

/** Which file is at a path, by whatever name; null where there is none, and where nothing that is written stays. */
async function fileAt(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null)
  return found?.isFile() === true ? `${found.dev}:${found.ino}` : null
}
