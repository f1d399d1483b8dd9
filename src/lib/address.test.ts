import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutPassword } from './address.ts'

test('no password of an address is shown, also one that should have been escaped', () => {
  for (const [address, shown] of [
    ['postgres://u:secret@h/db', 'postgres://h/db'],
    ['postgres://u:se#cret@h/db', 'postgres://h/db'],
    ['postgres://u:se?cret@h/db', 'postgres://h/db'],
    ['postgres://u:se/cret@h/db', 'postgres://h/db'],
    ['postgres://u:se@cret@h/db', 'postgres://h/db'],
    ['postgres://h/db?user=u&password=secret&ssl=true', 'postgres://h/db?user=u&password=&ssl=true'],
    ['postgres://h/db?sslpassword=secret#x', 'postgres://h/db?sslpassword=#x'],
    ['postgres://h/db', 'postgres://h/db'],
    ['/var/lib/a@b/ambit.db', '/var/lib/a@b/ambit.db'],
  ])
    assert.equal(withoutPassword(address!), shown)
})
