/** For tests: waits for what comes about by itself. */
import assert from 'node:assert/strict'
import { setTimeout as elapsed } from 'node:timers/promises'

/** Milliseconds between two looks, and how many looks: half a minute, so that a machine that is busy with other tests fails none. */
const LOOK_EVERY = 20
const LOOKS = 1500

/** Waits until it is so; fails with what is said where it never is. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string | (() => string) = 'it never comes about',
): Promise<void> {
  for (let looked = 0; looked < LOOKS; looked++) {
    if (await holds()) return
    await elapsed(LOOK_EVERY)
  }
  assert.fail(typeof what === 'string' ? what : what())
}
