/** The script of the page: lists, filters and sorts the accounts of the JSON island. Builds nodes, never HTML from text. */
export const PAGE_SCRIPT = String.raw`'use strict'
;(() => {
  const data = JSON.parse(document.getElementById('island').textContent)
  const byId = (id) => document.getElementById(id)
  const PAGE = 100
  const ranks = (list) => new Map(list.map((item, index) => [typeof item === 'string' ? item : item.word, index]))
  const verdictRank = ranks(data.verdicts), impactRank = ranks(data.impacts), strengthRank = ranks(data.strengths)
  const verdicts = new Map(data.verdicts.map((verdict) => [verdict.word, verdict]))
  const strengths = new Map(data.strengths.map((strength) => [strength.word, strength.label]))
  const text = (index) => data.texts[index]
  const strengthText = (word) => (word === null ? 'Unknown' : strengths.get(word))
  const capital = (word) => word.slice(0, 1).toUpperCase() + word.slice(1)
  const collator = new Intl.Collator('en', { numeric: true })
  for (const account of data.accounts) {
    account.title = account.name ?? account.label
    account.haystack = (account.title + '\n' + account.id).normalize('NFKD').toLowerCase()
  }

  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value)
    node.append(...children.filter((child) => child !== null))
    return node
  }
  const spoken = (line) => line.split('\x60').map((part, index, parts) => (index % 2 === 1 && index < parts.length - 1 ? el('code', {}, part) : part))
  const list = (items, tag = 'ul') => el(tag, {}, ...items.map((item) => el('li', {}, ...spoken(item))))
  const chip = (kind, label) => el('span', { class: 'chip ' + kind }, label)
  const verdictChip = (word) => chip(word, verdicts.get(word).mark + ' ' + verdicts.get(word).label)
  const strengthChip = (word) => chip('strength s-' + (word ?? 'unknown'), strengthText(word))
  const row = (term, ...content) => el('div', {}, el('dt', {}, term), el('dd', {}, ...content))

  const byTitle = (a, b) => collator.compare(a.title, b.title) || (a.id < b.id ? -1 : 1)
  const COLUMNS = [
    { key: 'account', label: 'Account', class: 'c-account', compare: byTitle },
    { key: 'kind', label: 'Kind', class: 'c-kind', compare: (a, b) => collator.compare(a.kind + a.population, b.kind + b.population) },
    { key: 'impact', label: 'Impact', class: 'c-impact', compare: (a, b) => impactRank.get(a.impact) - impactRank.get(b.impact) },
    { key: 'required', label: 'Required', class: 'c-required', compare: (a, b) => strengthRank.get(b.required ?? 'unknown') - strengthRank.get(a.required ?? 'unknown') },
    { key: 'nominal', label: 'Sign-in', class: 'c-nominal', compare: (a, b) => strengthRank.get(a.nominal ?? 'unknown') - strengthRank.get(b.nominal ?? 'unknown') },
    { key: 'effective', label: 'Effective', class: 'c-effective', compare: (a, b) => strengthRank.get(a.effective ?? 'unknown') - strengthRank.get(b.effective ?? 'unknown') },
    { key: 'verdict', label: 'Verdict', class: 'c-verdict', compare: (a, b) => verdictRank.get(a.verdict) - verdictRank.get(b.verdict) || impactRank.get(a.impact) - impactRank.get(b.impact) },
    { key: 'findings', label: 'Findings', class: 'c-findings', compare: (a, b) => b.findings.length - a.findings.length },
  ]
  const FILTERS = ['verdict', 'impact', 'effective', 'kind', 'population']
  const state = { sort: 'verdict', descending: false, shown: PAGE, rows: [], open: new Set() }
  const body = byId('table').tBodies[0]

  const header = () => {
    const cells = COLUMNS.map((column) => {
      const active = state.sort === column.key
      const arrow = el('span', { 'aria-hidden': 'true', class: 'arrow' }, active ? (state.descending ? '▼' : '▲') : '')
      const button = el('button', { type: 'button' }, column.label, ' ', arrow)
      button.addEventListener('click', () => {
        state.descending = active && !state.descending
        state.sort = column.key
        refresh()
        byId('table').tHead.rows[0].cells[COLUMNS.indexOf(column)].firstElementChild.focus()
      })
      return el('th', { scope: 'col', class: column.class, 'aria-sort': active ? (state.descending ? 'descending' : 'ascending') : null }, button)
    })
    byId('table').tHead.replaceChildren(el('tr', {}, ...cells))
  }

  const refresh = () => {
    const words = byId('f-text').value.normalize('NFKD').toLowerCase().split(/\s+/).filter(Boolean)
    const wanted = FILTERS.map((name) => [name, byId('f-' + name).value]).filter(([, value]) => value !== '')
    const { compare } = COLUMNS.find((column) => column.key === state.sort)
    const sign = state.descending ? -1 : 1
    state.rows = data.accounts
      .filter((account) => wanted.every(([name, value]) => account[name] === value) && words.every((word) => account.haystack.includes(word)))
      .sort((a, b) => sign * compare(a, b) || byTitle(a, b))
    state.shown = PAGE
    header()
    draw()
  }

  const draw = () => {
    const rows = []
    for (const account of state.rows.slice(0, state.shown)) rows.push(...accountRows(account))
    body.replaceChildren(...rows)
    announce()
  }
  const announce = () => {
    const total = data.accounts.length.toLocaleString('en'), found = state.rows.length.toLocaleString('en')
    const shown = Math.min(state.shown, state.rows.length)
    byId('status').textContent = (found === total ? total + ' accounts' : found + ' of ' + total + ' accounts') + (shown < state.rows.length ? ', the first ' + shown + ' shown' : '')
    byId('more').hidden = shown >= state.rows.length
  }
  const more = (limit) => {
    const rows = []
    for (const account of state.rows.slice(state.shown, limit)) rows.push(...accountRows(account))
    body.append(...rows)
    state.shown = Math.max(state.shown, limit)
    announce()
  }

  const accountRows = (account) => {
    const position = account.position
    const open = state.open.has(account.id)
    const button = el('button', { type: 'button', class: 'opener', 'aria-expanded': String(open), 'aria-controls': 'detail-' + position }, el('bdi', {}, account.title))
    const cell = el('th', { scope: 'row', class: 'c-account' }, button)
    if (account.name !== undefined) cell.append(el('code', { class: 'id' }, account.label))
    cell.append(el('span', { class: 'phone' }, capital(account.impact) + ' impact'))
    const cells = {
      kind: [account.kind === 'human' ? (account.population ?? 'person') : account.kind],
      impact: [chip('i-' + account.impact, account.impact + (account.uncertain ? ' or more' : ''))],
      required: [account.required === null ? '–' : strengthText(account.required)],
      nominal: [account.nominal === null ? '–' : strengthText(account.nominal)],
      effective: [account.effective === null ? '–' : strengthChip(account.effective)],
      verdict: [verdictChip(account.verdict)],
      findings: [String(account.findings.length)],
    }
    const line = el('tr', { id: 'row-' + position }, cell, ...COLUMNS.slice(1).map((column) => el('td', { class: column.class }, ...cells[column.key])))
    const detail = el('tr', { class: 'detail', id: 'detail-' + position }, el('td', { colspan: String(COLUMNS.length) }))
    detail.hidden = !open
    if (open) detail.firstChild.append(details(account))
    button.addEventListener('click', () => toggle(account, button, detail))
    return [line, detail]
  }
  const toggle = (account, button, detail) => {
    const open = button.getAttribute('aria-expanded') !== 'true'
    button.setAttribute('aria-expanded', String(open))
    detail.hidden = !open
    if (open) state.open.add(account.id)
    else state.open.delete(account.id)
    if (open && detail.firstChild.childElementCount === 0) detail.firstChild.append(details(account))
  }

  const block = (title, ...content) => el('section', { class: 'block' }, el('h3', {}, title), ...content)
  const details = (account) => {
    const parts = [summaryOf(account), waysOf(account), weakestOf(account), reachOf(account)]
    if (account.conformance.length > 0) parts.push(conformanceOf(account))
    if (account.findings.length > 0) parts.push(findingsOf(account))
    return el('div', { class: 'details' }, ...parts)
  }
  const summaryOf = (account) => {
    const rows = el('dl', { class: 'levels' },
      row('Required', strengthChip(account.required)),
      row('Nominal, the best sign-in', strengthChip(account.nominal)),
      row('Effective, what is left of it', strengthChip(account.effective)))
    const machine = el('p', {}, 'Assurance levels are said of people only. This account is judged by its secrets, its owner and its use.')
    return block('Strength', account.kind === 'human' ? rows : machine, account.reasons.length > 0 ? list(account.reasons.map(text)) : null)
  }
  const waysOf = (account) => {
    if (account.ways.length === 0) return block('Ways in', el('p', {}, 'None is known.'))
    const items = account.ways.map((way) => el('li', {},
      el('p', {}, verdictChip(way.verdict), ' ', el('strong', {}, text(way.name)), ' ', el('span', { class: 'under' }, text(way.purpose))),
      el('p', { class: 'under' }, capital(way.asks), way.strength === undefined ? '.' : '; ' + text(way.strength) + ' by itself, effectively ' + text(way.effective) + '.'),
      way.reasons.length > 0 ? list(way.reasons.map(text)) : null))
    return block('Ways in', el('ul', { class: 'ways' }, ...items))
  }
  const weakestOf = (account) => {
    const parts = []
    if (account.weakest === null) parts.push(el('p', {}, 'No expected attacker gets in, as far as the facts tell.'))
    else {
      parts.push(el('p', {}, account.weakest.defeats === '' ? 'Nothing has to be defeated.' : 'An attacker defeats ' + account.weakest.defeats + ' (effort ' + account.weakest.effort + ').'))
      parts.push(list(account.weakest.steps.map(text), 'ol'))
    }
    if (account.falls.length > 0) parts.push(el('p', {}, 'Falls to ' + account.falls.map(([attacker]) => text(attacker)).join(', ') + '.'))
    if (account.canSignIn === false) parts.push(el('p', {}, 'The owner cannot sign in at all.'))
    if (account.lockedOut.length > 0) parts.push(el('p', {}, 'The owner is locked out by losing ' + account.lockedOut.join(', or ') + '.'))
    return block('The weakest way in', ...parts)
  }
  const reachOf = (account) => {
    const counted = (count, noun) => count.toLocaleString('en') + ' ' + noun + (count === 1 ? '' : 's')
    const size = counted(account.reach.nodes, 'node') + ', of them ' + counted(account.reach.accounts, 'account')
    const items = account.capabilities.map(([capability, impact, hops]) => capital(text(capability)) + ': ' + impact + ' impact, ' + (hops === 0 ? 'its own right' : hops + (hops === 1 ? ' step' : ' steps') + ' away'))
    return block('What it reaches', el('p', {}, account.reach.exact ? size + '.' : 'About ' + size + ' (an estimate).'), items.length > 0 ? list(items) : null)
  }
  const conformanceOf = (account) => block('Conformance, which is not strength', el('ul', { class: 'ways' }, ...account.conformance.map((one) => el('li', {},
    el('p', {}, el('strong', {}, text(one.profile)), ' ' + text(one.status)), one.rules.length > 0 ? list(one.rules.map(text)) : null))))
  const findingsOf = (account) => block('Findings', el('ul', { class: 'ways' }, ...account.findings.map((finding) => el('li', {},
    el('p', {}, chip('sev-' + finding.severity, finding.severity), ' ', ...spoken(finding.message)),
    finding.steps.length > 0 ? list(finding.steps.map(text), 'ol') : null,
    finding.remedy.length > 0 ? list(finding.remedy.map(text)) : null))))

  const setFilters = (values) => {
    byId('f-text').value = ''
    for (const name of FILTERS) byId('f-' + name).value = values[name] ?? ''
    refresh()
  }
  const goTo = (node) => {
    node.scrollIntoView({ block: 'start' })
    node.focus({ preventScroll: true })
  }
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-impact], a[data-account]')
    if (link === null) return
    event.preventDefault()
    if (link.dataset.account === undefined) {
      setFilters({ kind: 'human', impact: link.dataset.impact, effective: link.dataset.strength })
      goTo(byId('accounts'))
      return
    }
    const account = data.accounts.find((one) => one.id === link.dataset.account)
    if (account === undefined) return
    state.open.add(account.id)
    setFilters({})
    if (state.rows.indexOf(account) >= state.shown) more(state.rows.indexOf(account) + 1)
    goTo(byId('row-' + account.position).querySelector('button'))
  })

  const form = document.querySelector('form.filters')
  let waiting = 0
  byId('f-text').addEventListener('input', () => {
    clearTimeout(waiting)
    waiting = setTimeout(refresh, 80)
  })
  for (const name of FILTERS) byId('f-' + name).addEventListener('change', refresh)
  form.addEventListener('submit', (event) => { event.preventDefault(); refresh() })
  form.addEventListener('reset', () => setTimeout(refresh))
  byId('more').addEventListener('click', () => {
    const first = state.rows[state.shown]
    more(state.shown + PAGE)
    if (first) byId('row-' + first.position).querySelector('button').focus()
  })

  let closed = []
  addEventListener('beforeprint', () => {
    more(state.rows.length)
    closed = [...document.querySelectorAll('details:not([open])')]
    for (const one of closed) one.open = true
  })
  addEventListener('afterprint', () => {
    for (const one of closed) one.open = false
  })

  data.accounts.forEach((account, index) => { account.position = index })
  byId('accounts-tool').hidden = false
  refresh()
})()
`
