import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import decodeQR from 'qr/decode.js'
import { qrCode } from './qr.ts'

/** Pixels to a module: readers need a few. */
const SCALE = 4

/** The picture as a reader sees it, drawn from the markup alone. */
function drawn(markup: string) {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(markup)![1])
  const [, light = '', dark = ''] = /fill="#fff" d="([^"]+)"[\s\S]*fill="#000"[^>]* d="([^"]*)"/.exec(markup)!
  assert.equal(light, `M0 0h${size}v${size}H0z`)
  const width = size * SCALE
  const data = new Uint8Array(width * width * 4).fill(255)
  const shape = /M(\d+) (\d+)h(\d+)v1h-\3z/gy
  let end = 0
  for (const { 0: all, 1: from, 2: row, 3: length, index } of dark.matchAll(shape)) {
    end = index + all.length
    for (let y = Number(row) * SCALE; y < (Number(row) + 1) * SCALE; y++)
      for (let x = Number(from) * SCALE; x < (Number(from) + Number(length)) * SCALE; x++)
        data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3)
  }
  assert.equal(end, dark.length, 'nothing else is drawn')
  return { width, height: width, data }
}

test('a camera reads off the picture what it was made of, letter by letter', () => {
  const uri = 'otpauth://totp/Example:shop%3Aben?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example'
  assert.equal(decodeQR(drawn(qrCode(uri, 'x')!.markup)), uri)
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 200 }), (text) => {
      assert.equal(decodeQR(drawn(qrCode(text, 'x')!.markup)), text)
    }),
    { numRuns: 50 },
  )
})

test('the picture has a name for whoever does not see it, and brings no style, script or address', () => {
  const { markup } = qrCode('otpauth://totp/x?secret=A', 'of <b>')!
  assert.match(markup, /^<svg class="qr" role="img" aria-label="of &lt;b&gt;" viewBox=/)
  assert.doesNotMatch(markup, /style=|<style|<script|href|url\(|xmlns/)
})

test('what is too long for a camera has no picture', () => {
  assert.match(qrCode('x'.repeat(666), '')!.markup, new RegExp(`viewBox="0 0 ${97 + 8} ${97 + 8}"`))
  assert.equal(qrCode('x'.repeat(667), ''), null)
  assert.equal(qrCode('ü'.repeat(334), ''), null)
})
