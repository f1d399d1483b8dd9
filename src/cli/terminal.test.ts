import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hasColour, paintOf, progressOn, screenOf, widthOf, type Environment, type Screen } from './terminal.ts'

function screen(options: { isTTY?: boolean; columns?: number } = {}): Screen & { written: string[] } {
  const written: string[] = []
  return { ...options, written, write: (text: string) => written.push(text) }
}

suite('a terminal', () => {
  test('there is colour on a terminal only, unless the environment says otherwise', () => {
    const cases: [boolean, Environment, boolean][] = [
      [true, {}, true],
      [false, {}, false],
      [true, { NO_COLOR: '1' }, false],
      [true, { NO_COLOR: '' }, true],
      [true, { TERM: 'dumb' }, false],
      [false, { FORCE_COLOR: '1' }, true],
      [true, { FORCE_COLOR: '0' }, false],
      [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ]
    for (const [isTTY, env, expected] of cases)
      assert.equal(hasColour(screen({ isTTY }), env), expected, JSON.stringify(env))
  })

  test('painting changes nothing where there is no colour', () => {
    assert.equal(paintOf(screen(), {})('red', 'unfit'), 'unfit')
    assert.equal(paintOf(screen({ isTTY: true }), {})('red', 'unfit'), '\u001b[31munfit\u001b[39m')
  })

  test('the width is that of the terminal, within what can be read', () => {
    assert.equal(widthOf(screen()), 80)
    assert.equal(widthOf(screen({ columns: 100 })), 100)
    assert.equal(widthOf(screen({ columns: 400 })), 120)
    assert.equal(widthOf(screen({ columns: 10 })), 40)
    assert.equal(widthOf(screen({ columns: 0 })), 80)
  })

  test('progress is shown on one line of a terminal and leaves nothing behind', () => {
    const shown = screen({ isTTY: true, columns: 40 })
    const progress = progressOn(shown)
    progress.show('reading …')
    progress.show('x'.repeat(100))
    progress.done()
    assert.deepEqual(shown.written, ['\r\u001b[2Kreading …', `\r\u001b[2K${'x'.repeat(39)}`, '\r\u001b[2K'])
  })

  test('a screen of which a program before this one told is a terminal, and writes where the stream writes', () => {
    const piped = screen()
    progressOn(screenOf(piped, { AMBIT_TERMINAL_COLUMNS: '60' })).show('reading …')
    assert.deepEqual(piped.written, ['\r\u001b[2Kreading …'])
    assert.equal(screenOf(piped, {}), piped)
    assert.equal(screenOf(piped, { AMBIT_TERMINAL_COLUMNS: 'undefined' }), piped)
  })

  test('progress writes nothing into a pipe', () => {
    const piped = screen()
    progressOn(piped).show('reading …')
    progressOn(piped).done()
    assert.deepEqual(piped.written, [])
  })
})
