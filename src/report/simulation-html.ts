import type { Simulation } from '#contract/simulation.ts'
export const renderSimulationHtml = (s: Simulation): string => JSON.stringify(s)
