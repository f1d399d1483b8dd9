import { ownName } from '#authn/kind-words.ts'
import { DE } from './de.ts'
import { EN, type Words } from './en.ts'

const LANGUAGES: readonly Words[] = [EN, DE]

/** What an authenticator is called: by its kind in the language of the page, unless its owner gave it a name of its own. */
export function calledBy(words: Words, it: { readonly kind: keyof Words['kinds']; readonly name: string }): string {
  return ownName(it) ?? words.kinds[it.kind]
}

/** The first language of an `Accept-Language` header that the pages speak; English where none is (RFC 9110 §12.5.4). */
export function wordsFor(header: string | undefined): Words {
  const wanted = (header ?? '')
    .slice(0, 1000)
    .split(',')
    .map((part) => {
      const [tag, ...parameters] = part.trim().split(';')
      const quality = Number(/q=([0-9.]+)/.exec(parameters.join(';'))?.[1] ?? 1)
      return { language: (tag ?? '').toLowerCase().split('-')[0]!, quality }
    })
    .toSorted((a, b) => b.quality - a.quality)
  for (const { language, quality } of wanted) {
    const found = quality > 0 && LANGUAGES.find(({ lang }) => lang === language)
    if (found) return found
  }
  return EN
}
