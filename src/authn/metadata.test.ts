import { strict as assert } from 'node:assert'
import type { KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { CompactSign } from 'jose'
import { newChain } from './certificates.fixture.ts'
import { openDatabase } from '#storage/database.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { metadataNumbers } from '#storage/metadata-numbers.ts'
import { metadataRoots, readMetadata } from './metadata.ts'

async function signer(name: string) {
  const { root, leaf, key } = await newChain(name, 'CN=MDS signer')
  const x5c = [Buffer.from(leaf).toString('base64')]
  const sign = (payload: unknown, by: KeyObject = key) =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'ES256', x5c })
      .sign(by)
  return { root, key, sign }
}
const [fido, thief] = [await signer('FIDO root'), await signer('FIDO root')]
/** For whoever has used no list before. */
const anew = { numbers: { raise: async () => true }, now: 0 }
const list = {
  no: 7,
  nextUpdate: '2027-01-01',
  entries: [
    {
      aaguid: '11223344-5566-7788-99aa-bbccddeeff00',
      metadataStatement: { description: 'a key', keyProtection: ['hardware'], attestationRootCertificates: ['AAAA'] },
      statusReports: [{ status: 'FIDO_CERTIFIED_L2' }, { status: 'FIPS140_CERTIFIED_L2' }],
    },
    { aaid: '4e4e#4005', metadataStatement: {} },
    null,
    {
      aaguid: 'x',
      metadataStatement: { keyProtection: 'hardware', attestationRootCertificates: [1] },
      statusReports: [null],
    },
  ],
}

test('a list that FIDO signed pins models until it ends', async () => {
  const models = await readMetadata(`${await fido.sign(list)}\n`, [fido.root], anew)
  assert.deepEqual(models.find('11223344-5566-7788-99AA-BBCCDDEEFF00'), {
    aaguid: '11223344-5566-7788-99aa-bbccddeeff00',
    description: 'a key',
    roots: ['AAAA'],
    keyProtection: ['hardware'],
    statuses: ['FIDO_CERTIFIED_L2', 'FIPS140_CERTIFIED_L2'],
    fips140Level: 2,
  })
  assert.deepEqual(models.find('x')?.keyProtection, [])
  assert.deepEqual([models.isFresh(Date.parse('2026-12-31')), models.isFresh(Date.parse('2027-01-01'))], [true, false])
})

test('a list that anybody else signed, or changed, pins nothing', async () => {
  const good = await fido.sign(list)
  const [head, , signature] = good.split('.')
  const changed = Buffer.from(JSON.stringify({ ...list, nextUpdate: '2099-01-01' })).toString('base64url')
  const bad: readonly string[] = [
    '',
    'no list',
    await thief.sign(list),
    `${head}.${changed}.${signature}`,
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${changed}.`,
    await fido.sign([]),
    await fido.sign({ entries: [] }),
    await fido.sign({ ...list, nextUpdate: 'soon' }),
    await fido.sign({ ...list, no: undefined }),
    await fido.sign({ ...list, no: '8' }),
    await fido.sign({ ...list, no: 1e300 }),
    await fido.sign(list, thief.key),
  ]
  for (const blob of bad)
    await assert.rejects(readMetadata(blob, [fido.root], anew), { code: 'config_invalid' }, blob.slice(0, 60))
  await assert.rejects(readMetadata(good, metadataRoots(), anew), /does not lead to a root/)
})

onEveryStore(
  'no list is taken that is older than one that was, by any node, before or after a restart',
  async (store) => {
    const read = async (node: Awaited<ReturnType<typeof store.open>>, no: number, by = fido) => {
      const numbers = metadataNumbers(node)
      return (await readMetadata(await by.sign({ ...list, no }), [fido.root], { numbers, now: no })).no
    }
    const [one, other] = [await store.open(), await store.open()]
    assert.equal(await read(one, 7), 7)
    assert.equal(await read(other, 7), 7)
    assert.equal(await read(other, 9), 9)
    await assert.rejects(read(one, 8), {
      code: 'config_invalid',
      message: /it is number 8, and a later one was used before/,
    })
    // what nobody trusts does not push the number up, so that the next true list is refused
    await assert.rejects(read(one, 99, thief), { code: 'config_invalid' })
    assert.equal(await read(one, 10), 10)
    // of many at once none goes back behind the highest
    await Promise.allSettled([14, 11, 15, 12, 13].map((no, i) => read(i % 2 === 0 ? one : other, no)))
    await assert.rejects(read(one, 14), { code: 'config_invalid' })
    await one.close()
    const restarted = await openDatabase(store.url)
    try {
      await assert.rejects(read(restarted, 14), { code: 'config_invalid' })
      assert.equal(await read(restarted, 15), 15)
    } finally {
      await restarted.close()
    }
  },
)
