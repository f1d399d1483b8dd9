import { groupsOf } from '#analysis/exceptions.ts'
import type { Way } from '#analysis/ways-in.ts'
import { rankOf } from '#assurance/strength.ts'
import type { Strength } from '#contract/vocabulary.ts'
import { once, oncePer } from '#lib/once.ts'
import type { Assessment } from './assess.ts'
import { isBelow, ownSignIns } from './changes-sign-in.ts'

/** Accounts that one rule may cover: those of a system, or the members of a group through any nesting. */
export interface Population {
  readonly id: string
  readonly text: string
  /** people with a sign-in of their own */
  readonly accounts: () => readonly string[]
  /** those of them whose best sign-in proves less, as far as is known */
  readonly below: (strength: Strength) => readonly string[]
  /** recoveries that ask for less than hardware, and whose they are */
  readonly weakRecoveries: () => { readonly ways: ReadonlySet<Way>; readonly accounts: readonly string[] }
}

/** The populations that an account is in. Members are listed once, when first asked for. */
export function populationsOf(base: Assessment): (account: string) => readonly Population[] {
  const { inventory, snapshot } = base
  let members: Map<string, string[]> | null = null
  const known = new Map<string, Population>()
  const groups = new Map<string, readonly string[]>()
  const idsOf = (account: string): readonly string[] => {
    let ids = groups.get(account)
    if (ids !== undefined) return ids
    const fact = inventory.get(account)?.fact
    if (fact?.fact !== 'account') return []
    const system = fact.system === undefined ? [] : [`system ${fact.system} ${fact.population ?? 'people'}`]
    ids = [...system, ...Array.from(groupsOf(snapshot, account), (group) => `group ${group}`)]
    groups.set(account, ids)
    return ids
  }
  const membersOf = (id: string): readonly string[] => {
    if (members === null) {
      members = new Map()
      for (const { fact } of inventory.byKind.account) {
        if (fact.kind !== 'human' || fact.enabled === false || ownSignIns(base, fact.id).length === 0) continue
        for (const each of idsOf(fact.id)) {
          const list = members.get(each)
          if (list) list.push(fact.id)
          else members.set(each, [fact.id])
        }
      }
    }
    return members.get(id) ?? []
  }
  const nameOf = (id: string): string => {
    const fact = inventory.get(id)?.fact
    return fact !== undefined && 'name' in fact && fact.name !== undefined ? `${fact.name} (\`${id}\`)` : `\`${id}\``
  }
  const populationOf = (id: string): Population => {
    let population = known.get(id)
    if (population === undefined) {
      const [sort, about, who] = id.split(' ') as [string, string, string | undefined]
      const text =
        sort === 'group' ? `every member of ${nameOf(id.slice(6))}` : `every ${who} account of ${nameOf(about)}`
      const accounts = (): readonly string[] => membersOf(id)
      const below = oncePer((strength: Strength) => accounts().filter((each) => isBelow(base, each, strength)))
      const weakRecoveries = once(() => {
        const ways = new Set(accounts().flatMap((each) => weakRecoveriesOf(base, each)))
        return { ways, accounts: [...new Set(Array.from(ways, ({ account }) => account))] }
      })
      known.set(id, (population = { id, text, accounts, below, weakRecoveries }))
    }
    return population
  }
  return (account) => idsOf(account).map(populationOf)
}

/** Purposes other than signing in: each may be dropped, or made to ask for a key in a safe. */
const RECOVERIES = new Set(['recovery', 'help_desk', 'enrolment', 'admin_reset'])
export const isRecovery = (way: Way): boolean => way.fact !== null && RECOVERIES.has(way.purpose)

const weakRecoveriesOf = ({ ways, worths }: Assessment, account: string): Way[] =>
  (ways.get(account) ?? []).filter(
    (way) => isRecovery(way) && rankOf(worths.ofWay(way).strength ?? 'none') < rankOf('hardware'),
  )
