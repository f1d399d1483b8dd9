import type { Plan, WhatIf } from '#contract/plan.ts'
import { escaped } from './html-text.ts'
export const renderPlanHtml = (plan: Plan): string => `<pre>${escaped(JSON.stringify(plan))}</pre>`
export const renderWhatIfHtml = (what: WhatIf): string => `<pre>${escaped(JSON.stringify(what))}</pre>`
