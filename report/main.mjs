// From the lines of JSON that report.sql prints, on standard input, to the page, on standard output.
import { readFileSync } from 'node:fs'
import * as sections from './sections.mjs'
import { figureOf, page } from './page.mjs'

const found = {}
for (const line of readFileSync(0, 'utf8')
  .split('\n')
  .filter((one) => one.trim())) {
  const { section, ...said } = JSON.parse(line)
  found[section] = { ...found[section], ...said }
}
const order = ['channels', 'models', 'funnel', 'cohorts', 'calls', 'service', 'heatmap', 'flags', 'businesses']
// headline is no picture, about no section.
const unknown = Object.keys(found).filter((name) => !['about', 'headline', ...order].includes(name))
if (unknown.length) throw new Error(`main.mjs does not say where these sections go: ${unknown.join(', ')}`)
if (!found.about) throw new Error('report.sql has said nothing')
const drawings = order
  .filter((name) => found[name])
  .map((name) => ({
    name,
    section: found[name],
    drawn: found[name].error ? null : sections[name]({ counts: {}, ...found[name] }, found.about),
  }))
const converted = found.headline?.rows ? sections.converted(found.headline) : []
const checks = [...converted, ...drawings.flatMap(({ drawn }) => drawn?.checks ?? [])]
const differ = checks.filter((check) => !check.agrees)
console.error(
  `    ${found.about.first_day} to ${found.about.last_day}: ${drawings.filter(({ drawn }) => drawn && !drawn.empty).length} pictures, ` +
    `${checks.length - differ.length} totals that agree${differ.map((check) => `; ${check.what} ${check.figure}, not ${check.counted}`).join('')}`,
)
for (const { name, section } of drawings) if (section.error) console.error(`    ${name} failed: ${section.error}`)
process.stdout.write(
  page(
    found.about,
    sections.headline(found),
    found.headline && { ...found.headline, checks: converted },
    drawings.map(({ name, section, drawn }) => figureOf(name, section, drawn)),
  ),
)
