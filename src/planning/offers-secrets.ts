/** Changes of secrets and sessions, as a plan may hold them. */
import type { Edit } from '#contract/plan.ts'
import { isSecretStore } from '#analysis/secrets.ts'
import type { FactOf } from '#model/facts.ts'
import { addFact, isOffer, nameOf, offer, type Context, type Offer, type Offers } from './offer.ts'

export const SECRET_OFFERS: Offers = {
  out: (context, id) => [rotateOffer(context, id), moveOffer(context, id)].filter(isOffer),
  age: (context, id) => [rotateOffer(context, id), moveOffer(context, id)].filter(isOffer),
  place: (context, id) => [moveOffer(context, id)].filter(isOffer),
  trust: (context, id) => {
    const text = `name issuer, audience and exact subject in the trust \`${id}\``
    return [
      offer(context, 'scope_trust', id, [], text, () => [
        { set: { fact: 'secret', id }, to: { conditions: 'strict' } },
      ]),
    ]
  },
  shared: (context, id) => {
    const text = `give the people who use ${nameOf(context, id)} accounts of their own, and end their use of it`
    const edit: Edit = { set: { fact: 'account', id }, to: { interactive: false } }
    return [offer(context, 'end_shared_use', id, [], text, () => [edit])]
  },
  session: sessionOffers,
}

export function sessionOffers(context: Context, id: string): readonly Offer[] {
  const fact = context.base.inventory.get(id)?.fact
  if (fact?.fact !== 'session') return []
  const text = `end the session \`${id}\` of ${nameOf(context, fact.account)}`
  return [offer(context, 'end_session', id, [], text, () => [{ remove: { fact: 'session', id } }])]
}

function rotateOffer(context: Context, id: string): Offer | null {
  const { at } = context.base.inventory.snapshot
  if (at === null) return null
  const text = `replace the secret ${nameOf(context, id)} by a new one and revoke the old`
  return offer(context, 'rotate_secret', id, [], text, () => [
    { set: { fact: 'secret', id }, to: { rotatedAt: at, leaked: null } },
  ])
}

/** Where a plan puts secrets that lie where they are not meant to. */
const VAULT: FactOf<'channel'> = { fact: 'channel', id: 'plan:vault', kind: 'vault', name: 'a vault for secrets' }

function moveOffer(context: Context, id: string): Offer | null {
  const { snapshot } = context.base
  const fact = context.base.inventory.get(id)?.fact
  if (fact?.fact !== 'secret') return null
  const places = (fact.storedIn ?? []).filter((where) => !isSecretStore(snapshot, where))
  const all = places.length === 0
  const gone = all ? (fact.storedIn ?? []) : places
  if (gone.length === 0) return null
  const text = `move the secret ${nameOf(context, id)} from ${gone.map((where) => nameOf(context, where)).join(', ')} into a vault of its own, and replace it`
  const { at } = context.base.inventory.snapshot
  const edits = (): Edit[] => [
    addFact(VAULT),
    {
      set: { fact: 'secret', id },
      without: { storedIn: gone },
      with: { storedIn: [VAULT.id] },
      ...(at === null ? {} : { to: { rotatedAt: at, leaked: null } }),
    },
  ]
  return offer(context, 'move_secret', id, [], text, edits)
}
