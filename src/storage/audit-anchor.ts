/** Where checkpoints go so that whoever writes to the store cannot take them back. */
import { open, readFile } from 'node:fs/promises'
import { canonical } from '#audit/canonical.ts'
import type { Checkpoint } from '#audit/checkpoint.ts'
import { AmbitError } from '#lib/errors.ts'

export interface Anchor {
  /** resolves when the checkpoint is kept there */
  readonly put: (checkpoint: Checkpoint) => Promise<void>
}

/** Milliseconds that a remote anchor may take. */
const PATIENCE = 10_000

/**
 * A file that lines are added to, best on another machine or with the append-only attribute; or, of an `https://` URL, an
 * object for each checkpoint, which is PUT to `<url>/<chain>/<number>.json` and must not be there yet (WebDAV, S3 and its
 * like behind a gateway that signs).
 */
export const anchorOf = (target: string, token: string | null = null): Anchor =>
  /^https?:\/\//.test(target) ? remoteAnchor(target, token) : fileAnchor(target)

const fileAnchor = (path: string): Anchor => ({
  async put(checkpoint) {
    const file = await open(path, 'a', 0o644)
    try {
      await file.appendFile(`${canonical(checkpoint)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
  },
})

const remoteAnchor = (url: string, token: string | null): Anchor => ({
  async put(checkpoint) {
    const { chain, number } = checkpoint
    const answer = await fetch(`${url.replace(/\/$/, '')}/${chain}/${String(number).padStart(12, '0')}.json`, {
      method: 'PUT',
      body: canonical(checkpoint),
      headers: {
        'content-type': 'application/json',
        'if-none-match': '*',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE),
    })
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`the anchor answers ${answer.status}`)
  },
})

/** Lines of an anchor file, or of the objects of a remote one joined together. */
export async function readAnchor(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    throw new AmbitError('input_unreadable', `the anchor \`${path}\` cannot be read: ${why}`)
  })
  return text.split('\n').filter((line) => line.trim() !== '')
}
