import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { audiencesAt } from './audience.ts'

const A = 'https://a.test'
const B = 'https://b.test/billing'
const ROOT = 'https://b.test'
const NAME = 'api://default'

suite('Which tokens a door takes', () => {
  const cases: readonly [string, readonly string[], string | null, readonly string[] | null, readonly string[]][] = [
    ['those that it names, wherever it is', [A, B], 'https://b.test/x', [A], [A]],
    ['none where it names none', [A], `${A}/x`, [], []],
    ['those of its own address', [A, B], `${A}/x?y=1`, null, [A]],
    ['the nearest of several above it', [ROOT, B], 'https://b.test/billing/1', null, [B]],
    ['the upper one beside the lower', [ROOT, B], 'https://b.test/billings', null, [ROOT]],
    [
      'the nearest, however its letters are written',
      [ROOT, `${ROOT}/a@b`],
      'https://b.test/%61%40b/1',
      null,
      [`${ROOT}/a@b`],
    ],
    ['one that cannot be decoded, as it stands', [ROOT, `${ROOT}/%zz`], `${ROOT}/%zz`, null, [`${ROOT}/%zz`]],
    ['none of another host', [A], 'https://b.test/x', null, []],
    ['none of another port', [A], 'https://a.test:8443/x', null, []],
    ['none in the clear', [A], 'http://a.test/x', null, []],
    ['none of a host with the same beginning', [A], 'https://a.test.evil.test/x', null, []],
    [
      'a final slash and letters of the host do not matter',
      ['HTTPS://A.test/'],
      'https://a.test/',
      null,
      ['HTTPS://A.test/'],
    ],
    ['the only one, where it names no host', [NAME, NAME], `${A}/x`, null, [NAME]],
    ['none of several that name no host', [NAME, 'api://other'], `${A}/x`, null, []],
    ['one with a query is no address', [`${A}/?x`, A], `${A}/?x`, null, [A]],
    ['the only one, where nobody says the address', [A], null, null, [A]],
    ['none of several, where nobody says the address', [A, B], null, null, []],
    ['none where there are none', [], `${A}/x`, null, []],
  ]
  for (const [title, known, url, audiences, taken] of cases) {
    test(title, () => assert.deepEqual(audiencesAt(known, { url, audiences }), taken))
  }
})
