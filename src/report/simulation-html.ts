/** A simulation as one HTML file: no request to anywhere, no script at all, readable on paper and on a phone. */
import type { Fallen, Loss, Scenario, Simulation, SimulationRow, Wave } from '#contract/simulation.ts'
import { CASCADE_STYLE, cascadeHtml } from './cascade.ts'
import { chainLines } from './chain-diagram.ts'
import { escaped, messageHtml, nameHtml } from './html-text.ts'
import { rightOf, type Names } from './names.ts'
import { placeText, stepSentence } from './phrases.ts'
import { sha256Base64 } from './sha256.ts'
import {
  actingText,
  doubtText,
  holdingsOf,
  isShown,
  outcomeSentences,
  simulationNames,
  withId,
} from './simulation-words.ts'
import { PAGE_STYLE } from './style.css.ts'
import { shortHash } from './text.ts'
import { capabilityPhrase, counted, grouped, timeText, title } from './words.ts'

const STYLE = PAGE_STYLE + CASCADE_STYLE
/** What the page lists of one wave; ours, so that a large cascade still opens on a phone. The JSON has everything. */
const LISTED = 500

/** The page. Its content security policy allows this very style sheet and nothing else. */
export function renderSimulationHtml(simulation: Simulation): string {
  const names = simulationNames(simulation)
  const { scenario, table, snapshot } = simulation
  const name = snapshot.name ?? 'Inventory'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${sha256Base64(STYLE)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escaped(name)}: what falls</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the simulation</a>
${headerHtml(simulation, name, names)}
<main id="main" tabindex="-1">
${scenario === null ? '' : scenarioHtml(simulation, scenario, names)}
${table === null ? '' : tableHtml(table, simulation, names)}
${methodHtml(simulation)}
</main>
</body>
</html>
`
}

function headerHtml(simulation: Simulation, name: string, names: Names): string {
  const { snapshot, policy, scenario } = simulation
  const [lead = '', ...rest] = outcomeSentences(simulation, names)
  const stamp: [string, string][] = [
    ...(snapshot.at === null ? [] : [['As of', escaped(timeText(snapshot.at))] as [string, string]]),
    ['Snapshot', `<code title="${escaped(snapshot.id)}">${escaped(shortHash(snapshot.id))}</code>`],
    [
      'Policy',
      `${escaped(policy.name)} <code title="${escaped(policy.hash)}">${escaped(shortHash(policy.hash))}</code>`,
    ],
  ]
  const acting =
    scenario === null
      ? ''
      : `: if ${escaped(actingText(scenario, names))} ${scenario.attackers.length === 0 ? 'is in other hands' : 'succeeds'}`
  return `<header class="top"><div class="wrap">
<p class="brand">Ambit simulation</p>
<h1>${nameHtml(name)}${acting}</h1>
<p class="lead">${escaped(lead)}</p>
${rest.length === 0 ? '' : `<p class="second">${rest.map(escaped).join(' ')}</p>`}
<dl class="stamp">${stamp.map(([term, value]) => `<div><dt>${term}</dt><dd>${value}</dd></div>`).join('')}</dl>
</div></header>`
}

function scenarioHtml(simulation: Simulation, scenario: Scenario, names: Names): string {
  return `<section aria-labelledby="cascade"><h2 id="cascade">The cascade</h2>
${scenario.attackers.map(({ name, title: who }) => `<p><strong>${escaped(title(name))}</strong>: ${escaped(who)}.</p>`).join('')}
${cascadeHtml(simulation, names)}</section>
<section aria-labelledby="waves"><h2 id="waves">Step by step</h2>
${holdingsHtml(simulation)}
${scenario.waves.map((wave) => waveHtml(wave, names)).join('')}
${scenario.cut ? '<p class="note">More falls than is listed; the counts are of all.</p>' : ''}</section>
${lostHtml(scenario, names)}
${sensitivityHtml(scenario, names)}`
}

function holdingsHtml(simulation: Simulation): string {
  const items = holdingsOf(simulation).map(
    ({ what, how }) => `<tr><th scope="row">${escaped(what)}</th><td>${escaped(how)}</td></tr>`,
  )
  if (items.length === 0) return ''
  return `<table class="plain"><caption>Held at the start, before anything is entered</caption><tbody>${items.join('')}</tbody></table>`
}

/** A wave with its heaviest first; open where something of high impact falls. */
function waveHtml({ step, accounts, highImpact, fallen }: Wave, names: Names): string {
  const seen = fallen.filter(isShown)
  if (seen.length === 0) return ''
  const counts = [
    accounts === 0 ? counted(seen.length, 'thing') : counted(accounts, 'account'),
    ...(highImpact > 0 ? [`${grouped(highImpact)} of high impact`] : []),
  ]
  const rest = seen.length > LISTED ? `<li class="under">and ${grouped(seen.length - LISTED)} more</li>` : ''
  return `<details class="wave"${highImpact > 0 ? ' open' : ''}><summary>Step ${step}: ${counts.join(', ')}</summary><ul class="falls">${seen
    .slice(0, LISTED)
    .map((each) => fallenHtml(each, names))
    .join('')}${rest}</ul></details>`
}

function fallenHtml(fallen: Fallen, names: Names): string {
  const place = fallen.place === undefined ? '' : ` <span class="place">${escaped(placeText(fallen.place))}</span>`
  const high = fallen.impact === 'high' ? '<span class="high">High impact: </span>' : ''
  return `<li>${high}${escaped(stepSentence(fallen, names))}${place}</li>`
}

function lostHtml({ capabilities, firstThatMattered }: Scenario, names: Names): string {
  if (capabilities.length === 0) return ''
  const rows = capabilities.map(({ capability, impact, rights, step, first }) => {
    const what = capabilityPhrase(rightOf(first)?.capability ?? capability, names.target(first))
    return `<tr><th scope="row">${escaped(what)}${rights === 1 ? '' : ` <span class="under">and ${counted(rights - 1, 'right')} more of the kind</span>`}</th><td>${impact === 'high' ? '<strong>high</strong>' : impact}</td><td>${step}</td></tr>`
  })
  const first =
    firstThatMattered === null || firstThatMattered.proof.steps.length === 0
      ? ''
      : `<h3>How ${escaped(withId(firstThatMattered.account, names))} falls</h3><ol>${chainLines(
          firstThatMattered.proof,
          names,
        )
          .map((line) => `<li>${escaped(line)}</li>`)
          .join('')}</ol>`
  return `<section aria-labelledby="lost"><h2 id="lost">What is lost</h2>
<table class="plain"><caption class="sr">Capabilities lost</caption><thead><tr><th scope="col">Whoever gets this far can</th><th scope="col">Impact</th><th scope="col">Step</th></tr></thead><tbody>${rows.join('')}</tbody></table>
${first}</section>`
}

const lossText = ({ accounts, highImpact }: Loss): string => `${grouped(accounts)} (${grouped(highImpact)})`

function sensitivityHtml({ sensitivity }: Scenario, names: Names): string {
  const { best, base, worst, doubts, found, tried, telling, cut } = sensitivity
  const head = '<h2 id="hangs">What the answer hangs on</h2>'
  if (found === 0)
    return `<section aria-labelledby="hangs">${head}<p>Nothing: no unknown or unstated fact bears on these attackers.</p></section>`
  const rows = doubts.map(
    (doubt) =>
      `<tr><th scope="row">${messageHtml(doubtText(doubt, names))}</th><td>${lossText(doubt.best)}</td><td>${lossText(doubt.worst)}</td></tr>`,
  )
  const amount = cut
    ? `Of ${counted(found, 'doubt')} only ${grouped(tried)} were tried alone, to bound the work.`
    : `${counted(found, 'doubt')}, ${grouped(telling)} of which ${telling === 1 ? 'changes' : 'change'} something alone.`
  return `<section aria-labelledby="hangs">${head}
<p>Accounts lost, of high impact in brackets: ${lossText(best)} if every doubt is decided for the owners, <strong>${lossText(base)} as simulated</strong>, ${lossText(worst)} if against. ${amount}</p>
${rows.length === 0 ? '' : `<table class="plain"><caption>The facts that change most, each alone</caption><thead><tr><th scope="col">Fact</th><th scope="col">Best</th><th scope="col">Worst</th></tr></thead><tbody>${rows.join('')}</tbody></table>`}</section>`
}

function tableHtml(table: readonly SimulationRow[], { accounts }: Simulation, names: Names): string {
  const rows = table.map(({ attacker, given, byImpact, steps, accounts: fallen, firstThatMattered: first }) => {
    const { high, moderate, low, none } = byImpact
    const numbers = [attacker.tier, given, fallen, high, moderate, low, none, steps].map(
      (count, i) => `<td>${i === 3 && count > 0 ? `<strong>${grouped(count)}</strong>` : grouped(count)}</td>`,
    )
    const who =
      first === null
        ? ''
        : `<span class="under block">first that matters: ${escaped(names.noun(first.account))}, step ${first.step}</span>`
    return `<tr><th scope="row">${escaped(title(attacker.name))} <span class="gloss">${escaped(attacker.title)}</span>${who}</th>${numbers.join('')}</tr>`
  })
  const heads = ['Tier', 'Holds', 'Falls', 'High', 'Moderate', 'Low', 'None', 'Steps']
  return `<section aria-labelledby="table"><h2 id="table">Every attacker, alone</h2><div class="scroll" tabindex="0" role="group" aria-label="Table of attackers"><table class="plain"><caption><span>Accounts lost by impact, of ${counted(accounts.total, 'account')}, ${grouped(accounts.byImpact.high)} of high impact</span></caption><thead><tr><th scope="col">Attacker</th>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`
}

function methodHtml({ policy, snapshot, diagnostics }: Simulation): string {
  const warnings = diagnostics.filter(({ level }) => level !== 'info').length
  return `<section aria-labelledby="method"><h2 id="method">Method and limits</h2><div class="prose">
<p>An attacker of the policy holds what the policy says this attacker defeats, and what was named at the start. From there every rule of the inventory is followed until nothing new falls; a rule needs all that it asks for. A step is one rule, not a time. Efforts are measured where a study did, and judged elsewhere; they order ways and are no probabilities.</p>
<p>What no source states is not seen. Each step can be checked against the inventory with <code>ambit verify</code>, which shares no code with the simulation.${warnings === 0 ? '' : ` The input has ${counted(warnings, 'warning')}; <code>ambit analyze</code> lists them.`}</p></div>
<p class="under hashes">Snapshot <code>${escaped(snapshot.id)}</code><br>Policy ${escaped(policy.name)} <code>${escaped(policy.hash)}</code></p></section>`
}
