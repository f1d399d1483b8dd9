/**
 * Headers of every answer, after OWASP ASVS 5.0 §3.4 (browser security mechanisms) and §14.3 (no caching of what is sensitive). Answers of
 * this server are data for programs: nothing may be run, framed, sniffed or kept. A route that serves pages sets its own.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
}

/** One year and subdomains: ASVS 5.0 §3.4.1. */
export const TRANSPORT_SECURITY = 'max-age=31536000; includeSubDomains'
