import 'reflect-metadata'
import { strict as assert } from 'node:assert'
import { webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509'
import { CompactSign } from 'jose'
import { metadataRoots, readMetadata } from './metadata.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const keys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>
const dates = { notBefore: new Date('2020-01-01'), notAfter: new Date('2090-01-01'), signingAlgorithm: algorithm }

async function signer(name: string) {
  const [rootKeys, leafKeys] = [await keys(), await keys()]
  const root = await X509CertificateGenerator.createSelfSigned({
    ...dates,
    serialNumber: '01',
    name: `CN=${name}`,
    keys: rootKeys,
    extensions: [new BasicConstraintsExtension(true, 1, true)],
  })
  const leaf = await X509CertificateGenerator.create({
    ...dates,
    serialNumber: '02',
    subject: 'CN=MDS signer',
    issuer: root.subject,
    publicKey: leafKeys.publicKey,
    signingKey: rootKeys.privateKey,
  })
  const x5c = [Buffer.from(leaf.rawData).toString('base64')]
  const sign = (payload: unknown, key: webcrypto.CryptoKey = leafKeys.privateKey) =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'ES256', x5c })
      .sign(key)
  return { root: root.toString('pem'), sign }
}
const [fido, thief] = [await signer('FIDO root'), await signer('FIDO root')]
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
  const models = await readMetadata(`${await fido.sign(list)}\n`, [fido.root])
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
    await fido.sign(list, (await keys()).privateKey),
  ]
  for (const blob of bad)
    await assert.rejects(readMetadata(blob, [fido.root]), { code: 'config_invalid' }, blob.slice(0, 60))
  await assert.rejects(readMetadata(good, metadataRoots()), /does not lead to a root/)
})
