/** The standards that findings cite, as SARIF taxonomies (SARIF 2.1.0 §3.19.3): one component per standard, one taxon per section. */
import type { Citation, Finding } from '#contract/report.ts'
import { byText } from './words.ts'

interface TaxonReference {
  readonly id: string
  readonly index: number
  readonly toolComponent: { readonly name: string; readonly index: number }
}

export interface Taxonomies {
  readonly components: readonly { readonly name: string; readonly taxa: readonly { readonly id: string }[] }[]
  /** each citation once, in order, pointing into {@link components} */
  readonly references: (citations: readonly Citation[]) => TaxonReference[]
}

/** All standards and sections that the findings cite, sorted by name. A citation of a whole standard has the taxon `all`. */
export function sarifTaxonomies(findings: readonly Finding[]): Taxonomies {
  const sections = new Map<string, Set<string>>()
  for (const { standard, section } of findings.flatMap((finding) => finding.citations)) {
    const known = sections.get(standard) ?? new Set()
    sections.set(standard, known.add(section || 'all'))
  }
  const components = [...sections.keys()].toSorted(byText).map((name) => ({
    name,
    taxa: [...sections.get(name)!].toSorted(byText).map((id) => ({ id })),
  }))
  const places = new Map<string, TaxonReference>()
  for (const [component, { name, taxa }] of components.entries()) {
    for (const [index, { id }] of taxa.entries()) {
      places.set(JSON.stringify([name, id]), { id, index, toolComponent: { name, index: component } })
    }
  }
  return {
    components,
    references: (citations) => [
      ...new Set(citations.map(({ standard, section }) => places.get(JSON.stringify([standard, section || 'all']))!)),
    ],
  }
}
