/** For tests: what requests that are not meant well are made of. */
import type { DeclaredRoute } from '#server/access.ts'

export const INVENTORY = JSON.stringify({ ambit: 1, at: '2026-11-01', accounts: [{ id: 'a:ada', kind: 'human' }] })

/** A route's path with something in place of each parameter. */
export const pathOf = ({ path }: DeclaredRoute) => path.replaceAll(/:[A-Za-z]+/g, 'a:ada').replaceAll('*', 'x')

/** Another way of writing a path, as some servers read it; a query makes no alias. */
export const isAlias = (target: string, path: string) => target.split('?')[0] !== path

export const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'FOO']
export const BODIES = [
  '',
  '{',
  '{}',
  '[]',
  'null',
  '"x"',
  '{"__proto__":{"a":1}}',
  '{"a":'.repeat(2000),
  '\u0000\u0001',
  'ambit: 1\n? {',
  `{"ambit":1,"accounts":[{"id":${'9'.repeat(400)}}]}`,
  '{"subject":{"type":[],"id":{}},"action":1}',
]
export const TYPES = [
  'application/json',
  'application/x-ndjson',
  'application/yaml',
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-7',
  ';;;',
  '',
]
export const HEADERS = [
  'X-HTTP-Method-Override: PUT',
  'X-Method-Override: DELETE',
  'X-Forwarded-For: 127.0.0.1',
  'X-Original-URL: /healthz',
  'Forwarded: for=127.0.0.1',
  'Authorization: Bearer',
  'Authorization: Bearer ambit_0000000000000000_x',
  'Authorization: Basic Og==',
  'Authorization: \u00e9',
  'Last-Event-ID: -1',
  'If-Match: *',
  'Idempotency-Key: \u00ff',
  'Content-Encoding: gzip',
  'Expect: 100-continue',
  'Range: bytes=0-',
  'Upgrade: h2c',
  'Cookie: a=b',
  'X-Request-ID: ' + 'x'.repeat(300),
  'Accept: text/html',
]
export const MANGLED: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `/${path}`,
  (path) => `${path}/`,
  (path) => path.replace('/', '/./'),
  (path) => path.replace('/', '/x/../'),
  (path) => path.replace('/v1/', '/v1%2f'),
  (path) => path.replace('/v1/', '/v1%5C'),
  (path) => path.replace('v1', '%761'),
  (path) => path.toUpperCase(),
  (path) => `${path};a=b`,
  (path) => `${path}?a=b&a=c&__proto__=x`,
  (path) => `${path}?limit=1e9&after=%00&id[]=x`,
  (path) => `${path}%00`,
  (path) => `${path}#x`,
  (path) => `http://127.0.0.1${path}`,
  (path) => `${path}.json`,
  (path) => `${path}?${'x'.repeat(5000)}`,
  (path) => `${path}/${'%C3%A9'.repeat(900)}`,
]
