/** A root certificate that nobody trusts yet, and one below it whose key signs. */
import 'reflect-metadata'
import { KeyObject, webcrypto } from 'node:crypto'
import { BasicConstraintsExtension, X509CertificateGenerator, type Extension } from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dates = { notBefore: new Date('2020-01-01'), notAfter: new Date('2090-01-01'), signingAlgorithm: algorithm }

const newKeys = () =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>

export async function newChain(name: string, subject: string, extensions: readonly Extension[] = []) {
  const [rootKeys, leafKeys] = [await newKeys(), await newKeys()]
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
    subject,
    issuer: root.subject,
    publicKey: leafKeys.publicKey,
    signingKey: rootKeys.privateKey,
    extensions: [...extensions],
  })
  return {
    /** PEM */
    root: root.toString('pem'),
    /** DER */
    leaf: new Uint8Array(leaf.rawData),
    key: KeyObject.from(leafKeys.privateKey),
  }
}
