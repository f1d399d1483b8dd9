/**
 * An address without the user and password before its host, and without a `password` or `sslpassword` in its query, which PostgreSQL
 * takes too (libpq, "Connection URIs"). Up to the last `@`: a password that should have been escaped is one all the same. A text that is no address, such as a path, stays as it is.
 */
export function withoutPassword(address: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return address
  return address.replace(/^([^:]+:\/\/).*@/, '$1').replaceAll(/([?&](?:ssl)?password=)[^&#]*/gi, '$1')
}
