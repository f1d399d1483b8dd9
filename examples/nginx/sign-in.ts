/**
 * In place of a sign-in service: publishes a key and prints tokens of somebody who signed in with a code, and with a key.
 * It proves nothing about anybody; a real one is named in `issuers` of the configuration.
 */
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { systemClock } from '#lib/clock.ts'

const [port = '8487', website = 'http://127.0.0.1:8480'] = process.argv.slice(2)
const { publicKey, privateKey } = await generateKeyPair('ES256')
const keys = [{ ...(await exportJWK(publicKey)), kid: 'example', alg: 'ES256', use: 'sig' }]

const tokenOf = (acr: string): Promise<string> => {
  const now = Math.floor(systemClock() / 1000)
  return new SignJWT({ acr, auth_time: now })
    .setProtectedHeader({ alg: 'ES256', kid: 'example', typ: 'at+jwt' })
    .setIssuer('https://login.tidewicket.example')
    .setAudience(website)
    .setSubject('noor.haddad')
    .setIssuedAt(now)
    .setExpirationTime('1h')
    .sign(privateKey)
}

const lines = `Noor Haddad signed in, for an hour. Keep this running, and elsewhere:

  CODE=${await tokenOf('code')}
  KEY=${await tokenOf('key')}
  curl -i -H "Authorization: Bearer $CODE" ${website}/network/edge
  curl -i -H "Authorization: Bearer $KEY" ${website}/network/edge
`

createServer((_request, response) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys })),
).listen(Number(port), '127.0.0.1', () => process.stdout.write(lines))
