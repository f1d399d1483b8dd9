import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { openDatabase } from '#storage/database.ts'
import { NONCE_MS, proofNonces } from './proof-nonces.ts'
import { openSigner } from './signer.ts'

suite('Nonces of proofs', () => {
  test('are the same on every node, follow each other, and are taken for two spans', async (context) => {
    const database = await openDatabase(':memory:')
    context.after(() => database.close())
    let now = 1_795_478_400_000
    const clock = () => now
    const [one, other] = [await openSigner(database, clock), await openSigner(database, clock)].map((signer) =>
      proofNonces(signer, clock),
    )
    const [first, before] = await one!.taken()
    assert.deepEqual(await other!.taken(), [first, before])
    assert.match(first, /^[\w-]{43}$/)
    assert.notEqual(first, before)
    now += NONCE_MS
    const [second, last] = await other!.taken()
    assert.equal(last, first)
    now += NONCE_MS
    assert.deepEqual((await one!.taken())[1], second)
    assert.ok(!(await one!.taken()).includes(first))
  })
})
