import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { covers, intersects, overlapOf } from './aws-iam-glob.ts'

const pattern = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '?'), maxLength: 6 })
const TEXTS = textsUpTo(5)

/** Every text over a, b and colon up to a length: enough to decide patterns this short by looking. */
function textsUpTo(length: number): string[] {
  let last = ['']
  const all = ['']
  for (let i = 0; i < length; i++) {
    last = last.flatMap((text) => ['a', 'b', ':'].map((one) => text + one))
    all.push(...last)
  }
  return all
}

/** The definition: a star is any text, a question mark any one character. */
const regexOf = (glob: string) =>
  new RegExp(`^${[...glob].map((one) => (one === '*' ? '.*' : one === '?' ? '.' : one)).join('')}$`, 'u')

suite('patterns of AWS policies', () => {
  test('a pattern covers exactly the texts that it matches', () => {
    fc.assert(
      fc.property(pattern, (glob) => {
        const regex = regexOf(glob)
        for (const text of TEXTS) assert.equal(covers(glob, text), regex.test(text), text)
      }),
      { numRuns: 60 },
    )
  })

  test('a pattern that covers another matches all that the other matches', () => {
    fc.assert(
      fc.property(pattern, pattern, (wide, narrow) => {
        fc.pre(covers(wide, narrow))
        const [all, some] = [regexOf(wide), regexOf(narrow)]
        for (const text of TEXTS) if (some.test(text)) assert.ok(all.test(text), text)
      }),
      { numRuns: 200 },
    )
  })

  test('two patterns overlap exactly when some text matches both', () => {
    const short = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 4 })
    fc.assert(
      fc.property(short, short, (a, b) => {
        const [first, second] = [regexOf(a), regexOf(b)]
        // a common text needs no more characters than both patterns have
        const witness = textsUpTo(Math.min(6, a.length + b.length)).some(
          (text) => first.test(text) && second.test(text),
        )
        if (a.length + b.length <= 6) assert.equal(intersects(a, b), witness)
        else if (witness) assert.ok(intersects(a, b))
      }),
      { numRuns: 300 },
    )
  })

  test('the overlap is the narrower of the two', () => {
    assert.equal(overlapOf('arn:aws:s3:::*', 'arn:aws:s3:::data/*'), 'arn:aws:s3:::data/*')
    assert.equal(overlapOf('arn:aws:s3:::data/*', '*'), 'arn:aws:s3:::data/*')
    assert.equal(overlapOf('a*', '*b'), 'a*')
    assert.equal(overlapOf('arn:aws:s3:::*', 'arn:aws:sqs:*'), undefined)
  })
})
