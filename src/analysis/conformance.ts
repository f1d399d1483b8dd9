import type { Conformance } from '#contract/report.ts'
import type { AccountAnalysis, Analysis } from './context.ts'

export const conformanceFor = (_analysis: Analysis, _account: AccountAnalysis): Conformance[] => []
