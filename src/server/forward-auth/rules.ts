/** From an address and a method to what is accessed and how: the first rule that fits says it; where none fits, nobody may. */
import type { AccessRequest } from '#contract/access-request.ts'
import type { Original } from './original.ts'

/** A rule as it is configured. */
export interface GateRule {
  /** `app.example.com`, or `*.example.com` for one label before it */
  readonly hosts: readonly string[]
  /** `/orders/{id}/**`: `{name}` and `*` stand for one segment, `**` at the end for any rest, also none */
  readonly paths: readonly string[]
  /** `GET`, `POST` …; empty for any */
  readonly methods: readonly string[]
  readonly resource: { readonly type: string; readonly id: string }
  /** null: the method in lower case */
  readonly action: string | null
  /** audiences of the tokens that are taken; null: those of the address that is called */
  readonly audiences: readonly string[] | null
  /** whether a DPoP proof must hold a nonce of ours */
  readonly dpopNonces: boolean
}

export interface Matched {
  readonly action: AccessRequest['action']
  readonly resource: AccessRequest['resource']
  readonly door: Pick<GateRule, 'audiences' | 'dpopNonces'>
}

type Segment = { readonly literal: string } | { readonly name: string | null }

interface Pattern {
  readonly segments: readonly Segment[]
  readonly rest: boolean
}

const NAME = /^\{([a-z][a-zA-Z0-9]{0,31})\}$/

/** What is wrong with a rule, or null. */
export function faultOfRule({ hosts, paths, resource, action }: GateRule): string | null {
  for (const host of hosts) {
    if (!/^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(host))
      return `\`${host}\` is no host, and no \`*.\` before one`
  }
  for (const path of paths) {
    if (!/^\/[^?#]*$/.test(path)) return `\`${path}\` must begin with \`/\``
    const pattern = patternOf(path)
    const literals = pattern.segments.flatMap((segment) => ('literal' in segment ? segment.literal : []))
    const odd = literals.find((literal) => /[*{}]/.test(literal) || (literal === '' && path !== '/'))
    if (odd !== undefined)
      return `\`${odd}\` in \`${path}\` is neither a segment nor \`*\`, \`**\` at the end or \`{name}\``
    const names = new Set(pattern.segments.flatMap((segment) => ('name' in segment ? (segment.name ?? []) : [])))
    for (const [, used = ''] of `${resource.id}${action ?? ''}`.matchAll(/\{([^}]*)\}/g)) {
      if (!names.has(used)) return `\`{${used}}\` is used, but \`${path}\` does not name it`
    }
  }
  return null
}

function patternOf(path: string): Pattern {
  const parts = trimmed(path)
  const rest = parts.at(-1) === '**'
  const segments = (rest ? parts.slice(0, -1) : parts).map((part): Segment => {
    if (part === '*') return { name: null }
    const name = NAME.exec(part)?.[1]
    return name === undefined ? { literal: part } : { name }
  })
  return { segments, rest }
}

/** Segments of a path; `/a/` is `/a`. */
const trimmed = (path: string): string[] => path.replace(/^\//, '').replace(/\/$/, '').split('/')

/** Returns what the first rule that fits makes of a request; null where none fits. */
export function matcherOf(rules: readonly GateRule[]): (original: Original) => Matched | null {
  const compiled = rules.map((rule) => ({ rule, patterns: rule.paths.map(patternOf) }))
  return (original) => {
    const segments = trimmed(original.path).map(decodeURIComponent)
    for (const { rule, patterns } of compiled) {
      if (rule.methods.length > 0 && !rule.methods.includes(original.method)) continue
      if (!rule.hosts.some((host) => isHost(host, original.host))) continue
      for (const pattern of patterns) {
        const values = valuesIn(pattern, segments)
        if (values === null) continue
        const filled = (text: string) => text.replaceAll(/\{([^}]*)\}/g, (_, name: string) => values.get(name) ?? '')
        const { type, id } = rule.resource
        const name = rule.action === null ? original.method.toLowerCase() : filled(rule.action)
        const properties = { method: original.method, host: original.host, path: original.path }
        return { action: { name }, resource: { type, id: filled(id), properties }, door: rule }
      }
    }
    return null
  }
}

/** Whether a host is one that a rule names. */
export function isHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host
  const at = host.indexOf('.')
  return at > 0 && host.slice(at + 1) === pattern.slice(2)
}

function valuesIn({ segments: wanted, rest }: Pattern, segments: readonly string[]): Map<string, string> | null {
  if (rest ? segments.length < wanted.length : segments.length !== wanted.length) return null
  const values = new Map<string, string>()
  for (const [i, segment] of wanted.entries()) {
    const found = segments[i]!
    if ('literal' in segment) {
      if (found !== segment.literal) return null
    } else if (found === '') return null
    else if (segment.name !== null) values.set(segment.name, found)
  }
  return values
}
