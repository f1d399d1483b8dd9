import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { AmbitError } from '#lib/errors.ts'
import { canonical } from './canonical.ts'
import { masked, maySpill, type Masks } from './mask.ts'
import { aDecisionRecord, anEvaluation, aNodeRecord } from './records.fixture.ts'
import { checkRecord, RECORD_KINDS, RECORD_SCHEMAS, type AuditRecord } from './records.ts'
import { entriesOf, replayable, sealed } from './seal.ts'

const entryOf = (text: string) => entriesOf(text)[0]!
const masks: Masks = { pointers: [], key: new Uint8Array(32) }
const isInvalid = (error: unknown) => error instanceof AmbitError && error.code === 'audit_invalid'

test('a decision comes back from the log as it went in, with its evaluation', () => {
  const record = aDecisionRecord()
  const line = replayable(entryOf(sealed(record, masks).text))
  assert.deepEqual(line, { evaluation: record.evaluation, decision: record.decision })
})

test('no record has a field that its schema does not name, at any depth', () => {
  for (const kind of RECORD_KINDS) {
    const open = JSON.stringify(RECORD_SCHEMAS[kind]).match(/"type":"object"(?!.*?"additionalProperties":false)/)
    assert.equal(open, null, kind)
  }
  const record = aDecisionRecord()
  assert.throws(() => checkRecord({ ...record, code: '123456' } as AuditRecord), isInvalid)
  assert.throws(
    () =>
      checkRecord(
        aDecisionRecord({ ...anEvaluation(), session: { ...record.evaluation.session!, token: 'x' } as never }),
      ),
    isInvalid,
  )
  assert.throws(() => checkRecord({ ...aNodeRecord(1), kind: 'constructor' } as never), isInvalid)
})

test('an error about a record names the field and never its value', () => {
  assert.throws(
    () => checkRecord({ ...aNodeRecord(1), why: ['the code was 123456'] }),
    (error: unknown) =>
      isInvalid(error) && !JSON.stringify([String(error), (error as AmbitError).detail]).includes('123456'),
  )
})

const SECRETS: Readonly<Record<string, string>> = {
  token: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl',
  password: 'correct horse battery',
  code: '493021',
  smsCode: '118822',
  otp_code: '550011',
  api_key: 'k-live-778899',
  Authorization: 'Bearer abcdefgh12345678',
  cookie: 'sid=zzzyyyxxx',
  session: 'A'.repeat(20) + 'b'.repeat(23),
  note: 'my login is DPoP abcdefgh12345678.q ok',
  link: 'otpauth://totp/Ambit:ada?secret=JBSWY3DPEHPK3PXP&issuer=Ambit',
  pem: '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----',
  mine: `with ambit_0123456789abcdef_${'q'.repeat(43)}`,
  url: 'https://app.example/reset?user=ada&reset_token=0011223344',
}
const PLANTED = [
  'c2lnbmF0dXJl',
  'correct horse',
  '493021',
  '118822',
  '550011',
  'k-live-778899',
  'abcdefgh12345678',
  'zzzyyyxxx',
  'A'.repeat(20),
  'q'.repeat(43),
  'JBSWY3DPEHPK3PXP',
  'MHcCAQEE',
  '0011223344',
]

test('secrets that a caller sends with a question are not in the log', () => {
  const properties = { ...SECRETS, deeper: [{ ...SECRETS }] }
  const evaluation = anEvaluation({
    request: {
      subject: { type: 'account', id: 'idp:ada', properties },
      action: { name: 'GET', properties },
      resource: { type: 'url', id: `https://app.example/reset?reset_token=0011223344&page=2`, properties },
      context: properties,
    },
  })
  const { text } = sealed(aDecisionRecord(evaluation), masks)
  for (const secret of PLANTED) assert.ok(!text.includes(secret), secret)
  assert.match(text, /page=2/)
  assert.match(text, /user=ada/)
  const entry = entryOf(text)
  assert.ok(entry.masked?.includes('/evaluation/request/context/deeper/0/password'))
  assert.ok(entry.masked?.includes('/evaluation/request/resource/id'))
})

test('no record that has a secret passes for one that has none', () => {
  const piece = fc.constantFrom(
    ...Object.keys(SECRETS),
    ...Object.values(SECRETS),
    'a',
    ' ',
    '\n',
    '\v',
    '?',
    '=',
    '&',
    '"',
    '\\',
  )
  const text = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''))
  const value = fc.letrec((tie) => ({
    value: fc.oneof(text, fc.array(tie('value'), { maxLength: 2 }), fc.dictionary(text, tie('value'), { maxKeys: 2 })),
  })).value
  fc.assert(
    fc.property(fc.dictionary(text, value, { maxKeys: 3 }), text, (context, id) => {
      const { request } = anEvaluation()
      const record = aDecisionRecord(anEvaluation({ request: { ...request, resource: { type: 'url', id }, context } }))
      if (!maySpill(record, JSON.stringify({ record }), masks)) assert.deepEqual(masked(record, masks).pointers, [])
    }),
  )
})

test('what conditions of a policy read is left as it is', () => {
  const context = { amount: 12, country_code: 'NL', error: 'pinned', codename: 'x', tokens_used: 3, keyboard: 'us' }
  const { text } = sealed(aDecisionRecord(anEvaluation({ request: { ...anEvaluation().request, context } })), masks)
  assert.deepEqual(replayable(entryOf(text))?.evaluation.request.context, context)
  assert.equal(entryOf(text).masked, undefined)
})

test('a masked value gives way to the same keyed hash wherever it stands, and to another under another key', () => {
  const pointers = ['/evaluation/request/context/*/ip', '/evaluation/session/subject']
  const evaluation = anEvaluation({
    request: { ...anEvaluation().request, context: { from: { ip: '192.0.2.1' }, via: { ip: '192.0.2.1' } } },
  })
  const seal = (key: number) =>
    entryOf(sealed(aDecisionRecord(evaluation), { pointers, key: new Uint8Array(32).fill(key) }).text)
  const [one, other] = [seal(1), seal(2)]
  assert.deepEqual(one.masked, [
    '/evaluation/request/context/from/ip',
    '/evaluation/request/context/via/ip',
    '/evaluation/session/subject',
  ])
  const ip = ({ record }: ReturnType<typeof seal>, at: string) =>
    (replayable({ record })!.evaluation.request.context as Record<string, { ip: string }>)[at]!.ip
  assert.match(ip(one, 'from'), /^masked:[0-9a-f]{32}$/)
  assert.equal(ip(one, 'from'), ip(one, 'via'))
  assert.notEqual(ip(one, 'from'), ip(other, 'from'))
})

test('canonical JSON says the same value in the same words, whatever the order of its members', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonical(value)
      assert.equal(canonical(JSON.parse(text)), text)
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
      if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
        assert.equal(canonical(Object.fromEntries(Object.entries(value).toReversed())), text)
      }
    }),
  )
  assert.throws(() => canonical({ a: Number.NaN }), TypeError)
})
