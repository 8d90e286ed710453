// The page: one file, no script, nothing from elsewhere.
import { readFileSync } from 'node:fs'
import { day, number } from './format.mjs'
import { drawings, escape } from './svg.mjs'
import { SHADES } from './sections.mjs'

const ROWS_SHOWN = 1000
const figure = /^-?[\d,.]+$/

function table(rows) {
  if (!rows.length) return ''
  const columns = Object.keys(rows[0])
  const numeric = Object.fromEntries(columns.map((name) => [name, rows.every((row) => row[name] === null || figure.test(row[name]))]))
  const cell = (name, tag, text) => `<${tag}${numeric[name] ? ' class="figure"' : ''}>${escape(text)}</${tag}>`
  return `<details><summary>${rows.length === 1 ? 'The row' : `The ${number(rows.length)} rows`}</summary><div class="rows"><table>
<thead><tr>${columns.map((name) => cell(name, 'th', name)).join('')}</tr></thead>
<tbody>${rows
    .slice(0, ROWS_SHOWN)
    .map((row) => `<tr>${columns.map((name) => cell(name, 'td', row[name])).join('')}</tr>`)
    .join('\n')}</tbody>
</table>${rows.length > ROWS_SHOWN ? `<p>The statement gives ${number(rows.length - ROWS_SHOWN)} more.</p>` : ''}</div></details>`
}

const legend = (entries) =>
  entries?.length
    ? `<ul class="legend">${entries.map(({ color, text }) => `<li><i style="background:${color}"></i>${escape(text)}</li>`).join('')}</ul>`
    : ''
const scale = (ends) =>
  ends
    ? `<ul class="legend scale"><li>${escape(ends.from)}</li><li><span>${Array.from({ length: SHADES + 1 }, (_, at) => `<i style="background:var(--h${at})"></i>`).join('')}</span></li><li>${escape(ends.to)}</li></ul>`
    : ''
const checked = ({ what, figure: value, counted, by, agrees }) =>
  `<li${agrees ? '' : ' class="differs"'}>${escape(what)}: ${escape(number(value))} = ${escape(number(counted))} ${escape(by)} <b>${agrees ? '✓' : '✗'}</b></li>`

// A section with its picture; of one that failed what the server said.
export function figureOf(name, section, drawn) {
  const statement = `<pre>${escape(section.statement)};</pre>`
  if (section.error)
    return `<figure id="${name}" class="failed"><h2>${escape(name)}</h2><p class="failed">This statement failed: ${escape(section.error)}</p>${statement}</figure>`
  const picture = drawn.empty
    ? '<p>Nothing in this period.</p>'
    : `${legend(drawn.legend)}${drawings(name, drawn.title, drawn.chart)}${scale(drawn.scale)}`
  return `<figure id="${name}" data-measured="${drawn.measured ?? ''}"${drawn.empty ? ' class="empty"' : ''}>
<h2>${escape(drawn.title)}</h2>
<p>${escape(drawn.lead)}</p>
${picture}
<figcaption>${statement}
<ul class="checks">${drawn.checks.map(checked).join('')}</ul></figcaption>
${table(section.rows)}
</figure>`
}

export function page(about, cards, headline, figures) {
  const period = `${day(about.first_day, true)} to ${day(about.last_day, true)}`
  const css = readFileSync(new URL('page.css', import.meta.url), 'utf8')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(about.database)}, ${period}</title>
<style>
${css}</style>
</head>
<body>
<main>
<h1>Visitors, customers and calls</h1>
<p>${escape(about.database)}, ${period}, ${escape(number(about.days))} days, days of ${escape(about.zone)}</p>
<ul class="cards">${cards.map((card) => `<li><b>${escape(card.figure)}</b><span>${escape(card.name)}</span></li>`).join('')}</ul>
${headline?.statement ? `<details><summary>What converted, by kind and currency</summary><pre>${escape(headline.statement)};</pre><ul class="checks">${headline.checks.map(checked).join('')}</ul>${table(headline.rows ?? []).replace('<details>', '<details open>')}</details>` : ''}
${figures.join('\n')}
<footer>Made on ${escape(about.made_at)} (${escape(about.zone)}) by mrcall_ext ${escape(about.version)} on ${escape(about.server)}, from one snapshot of the database. Each statement gives the figures above it.</footer>
</main>
</body>
</html>
`
}
