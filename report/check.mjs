// Opens the page in Chromium as people do, and prints what is wrong with it; screenshots of each picture stay in a folder.
// usage: node check.mjs CHROMIUM PAGE [FOLDER]     URL names the database whose rows the page must show, ZONE the page's, PSQL the client,
// VIEWS some of them
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const CDP = createRequire(import.meta.url)('chrome-remote-interface')
const [chromium, page, folder] = process.argv.slice(2)
const ALL = [
  { name: 'phone', width: 400, theme: 'light' },
  { name: 'phone-dark', width: 400, theme: 'dark' },
  { name: 'small', width: 360, theme: 'light' },
  { name: 'middle', width: 640, theme: 'light' },
  { name: 'wide', width: 1400, theme: 'light' },
  { name: 'wide-dark', width: 1400, theme: 'dark' },
]
const VIEWS = process.env.VIEWS ? ALL.filter((view) => process.env.VIEWS.split(',').includes(view.name)) : ALL
let wrong = 0
const fail = (what) => {
  wrong += 1
  console.log(`FAILED: ${what}`)
}

// Runs in the page: what can be seen of it.
function look() {
  const box = (element) => {
    const { left, right, top, bottom, width, height } = element.getBoundingClientRect()
    return { left, right, top, bottom, width, height }
  }
  const seen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 0
  const color = (value) => {
    const probe = document.body.appendChild(document.createElement('i'))
    probe.style.color = value
    const rgb = getComputedStyle(probe)
      .color.match(/[\d.]+/g)
      .slice(0, 3)
      .map(Number)
    probe.remove()
    return rgb
  }
  const luminance = (value) =>
    color(value)
      .map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      .reduce((all, part, at) => all + part * [0.2126, 0.7152, 0.0722][at], 0)
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b)
    return (high + 0.05) / (low + 0.05)
  }
  const texts = [...document.querySelectorAll('svg text')].filter(seen)
  return {
    innerWidth,
    scrollWidth: document.scrollingElement.scrollWidth,
    height: document.scrollingElement.scrollHeight,
    background: getComputedStyle(document.body).backgroundColor,
    scripts: document.scripts.length,
    small: [...document.querySelectorAll('body *')]
      .filter((one) => seen(one) && !one.closest('svg') && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
      .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 11)
      .map((one) => one.textContent.slice(0, 40)),
    wide: [...document.querySelectorAll('main *')]
      .filter((one) => seen(one) && !one.closest('.rows') && box(one).right > innerWidth + 0.5)
      .map((one) => `${one.tagName} ${one.textContent.slice(0, 30)}`),
    contrasts: [
      ['ink', 'paper'],
      ['muted', 'paper'],
      ['ink', 'soft'],
      ['muted', 'soft'],
      ['good', 'paper'],
      ['bad', 'paper'],
      ...[0, 1, 2, 3, 4, 5, 6].map((at) => [`t${at}`, `h${at}`]),
    ].map(([one, other]) => ({ what: `${one} on ${other}`, ratio: contrast(`var(--${one})`, `var(--${other})`) })),
    figures: [...document.querySelectorAll('figure')].map((figure) => {
      const svg = [...figure.querySelectorAll('svg')].filter(seen)
      return {
        id: figure.id,
        empty: figure.matches('.empty'),
        failed: figure.matches('.failed'),
        box: box(figure),
        shown: svg.length,
        svg: svg[0] && box(svg[0]),
        measured: figure.dataset.measured,
        statement: figure.querySelector('pre')?.textContent,
        differs: figure.querySelectorAll('.differs').length,
        checks: figure.querySelectorAll('.checks li').length,
        texts: texts
          .filter((text) => figure.contains(text))
          .map((text) => ({
            text: text.textContent,
            box: box(text),
            size: parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a,
            fill: getComputedStyle(text).fill,
          })),
        marks: [...figure.querySelectorAll('.mark')]
          .filter((mark) => mark.checkVisibility())
          .map((mark) => ({
            ...mark.dataset,
            says: mark.querySelector('title').textContent,
            box: box(mark),
            fill: getComputedStyle(mark).fill,
          })),
        columns: [...figure.querySelectorAll('th')].map((cell) => cell.textContent),
        rows: [...figure.querySelectorAll('tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent)),
      }
    }),
  }
}

function csv(text) {
  const rows = [[]]
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n"]*))(,|\n|$)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replace(/""/g, '"'))
    if (end === '\n') rows.push([])
    if (end === '') break
  }
  return rows.filter((row) => row.length > 1 || row[0] !== '')
}

// As psql writes it and as JSON does.
const plain = (value) => value.replace(/^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)?(?::00)?$/, '$1 $2$3')

function checkRows(figure) {
  const asked = csv(
    execFileSync(process.env.PSQL, ['-X', '-q', '--csv', '-v', 'ON_ERROR_STOP=1', process.env.URL, '-c', figure.statement], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { ...process.env, PGTZ: process.env.ZONE || 'UTC' },
    }),
  )
  if (asked.length === 1 && !figure.rows.length) return
  const shown = [figure.columns, ...figure.rows]
  const said = (rows) => rows.map((row) => row.map(plain).join('|')).join('\n')
  if (said(asked) !== said(shown))
    fail(`${figure.id}: the statement gives other rows than the page shows: ${said(asked).slice(0, 300)} … ${said(shown).slice(0, 300)}`)
}

function checkMarks(view, figure) {
  const drawn = new Set()
  for (const mark of figure.marks) {
    const rows = mark.rows
      .split(' ')
      .filter(Boolean)
      .map((row) => figure.rows[row])
    let wanted = 0
    for (const column of mark.columns.split(' ')) {
      const place = figure.columns.indexOf(column.replace('-', ''))
      if (place < 0) fail(`${view}, ${figure.id}: no column ${column}`)
      for (const row of rows) wanted += (column.startsWith('-') ? -1 : 1) * Number(row[place])
    }
    if (Math.abs(wanted - Number(mark.value)) > 1e-9) fail(`${view}, ${figure.id}: a mark says ${mark.value}, its rows ${wanted}`)
    for (const row of mark.rows.split(' ')) drawn.add(row)
  }
  if (figure.measured) {
    const size = (mark) => (figure.measured === 'x' ? (mark.box.left + mark.box.right) / 2 : mark.box[figure.measured])
    const sorted = figure.marks
      .filter((mark) => figure.measured === 'x' || Number(mark.value) > 0)
      .map((mark) => ({ value: Number(mark.value), size: size(mark), says: mark.says }))
      .sort((one, other) => one.value - other.value)
    const most = sorted.at(-1)
    const zero =
      figure.measured === 'x' && most.value > sorted[0].value
        ? sorted[0].size - (sorted[0].value * (most.size - sorted[0].size)) / (most.value - sorted[0].value)
        : 0
    for (const mark of sorted) {
      const wanted =
        figure.measured === 'x' ? zero + ((most.size - zero) * mark.value) / (most.value || 1) : (most.size * mark.value) / most.value
      if (Math.abs(mark.size - wanted) > 1.5) fail(`${view}, ${figure.id}: ${mark.says} is ${mark.size} pixels, not ${wanted}`)
    }
  }
  return drawn
}

function checkTexts(view, figure) {
  const { texts, svg } = figure
  for (const { text, box, size } of texts) {
    if (size < 11) fail(`${view}, ${figure.id}: '${text}' has ${size} pixels`)
    if (box.left < svg.left - 1 || box.right > svg.right + 1 || box.top < svg.top - 2 || box.bottom > svg.bottom + 2)
      fail(`${view}, ${figure.id}: '${text}' is cut off`)
    if (/undefined|NaN|null|Infinity/.test(text)) fail(`${view}, ${figure.id}: '${text}'`)
  }
  for (const [at, one] of texts.entries()) {
    for (const other of texts.slice(at + 1)) {
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left)
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top)
      if (across > 0.5 && down > 2) fail(`${view}, ${figure.id}: '${one.text}' and '${other.text}' overlap`)
    }
  }
}

async function open(client) {
  const { Page, Runtime, Network, Log, Emulation } = client
  const asked = []
  await Promise.all([Page.enable(), Runtime.enable(), Network.enable(), Log.enable()])
  Network.requestWillBeSent(({ request }) => asked.push(request.url))
  Runtime.exceptionThrown(({ exceptionDetails }) => fail(`script error: ${exceptionDetails.text}`))
  Log.entryAdded(({ entry }) => fail(`${entry.level}: ${entry.text}`))
  let figures = 0
  for (const view of VIEWS) {
    await Emulation.setDeviceMetricsOverride({ width: view.width, height: 900, deviceScaleFactor: 1, mobile: view.width < 700 })
    await Emulation.setEmulatedMedia({ features: [{ name: 'prefers-color-scheme', value: view.theme }] })
    const loaded = Page.loadEventFired()
    await Page.navigate({ url: pathToFileURL(resolve(page)).href })
    await loaded
    const { result, exceptionDetails } = await Runtime.evaluate({ expression: `(${look})()`, returnByValue: true })
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
    const seen = result.value
    if (seen.scripts) fail(`${view.name}: ${seen.scripts} scripts`)
    if (seen.innerWidth !== view.width) fail(`${view.name}: laid out at ${seen.innerWidth}`)
    if (seen.scrollWidth > view.width) fail(`${view.name}: ${seen.scrollWidth} pixels wide: ${seen.wide.slice(0, 5).join('; ')}`)
    for (const text of seen.small) fail(`${view.name}: '${text}' is smaller than 11 pixels`)
    for (const one of seen.wide) fail(`${view.name}: ${one} is cut off`)
    for (const { what, ratio } of seen.contrasts) if (ratio < 4.5) fail(`${view.name}: ${what} has a contrast of ${ratio.toFixed(2)}`)
    if ((seen.background === 'rgb(255, 255, 255)') !== (view.theme === 'light')) fail(`${view.name}: the background is ${seen.background}`)
    for (const figure of seen.figures) {
      if (figure.failed) {
        fail(`${figure.id} failed: ${figure.statement}`)
        continue
      }
      if (figure.empty && process.env.EMPTY !== '1') fail(`${view.name}, ${figure.id}: empty`)
      if (figure.differs) fail(`${figure.id}: totals that differ`)
      if (!figure.empty) {
        if (figure.shown !== 1) fail(`${view.name}, ${figure.id}: ${figure.shown} drawings`)
        if (!figure.marks.length) fail(`${view.name}, ${figure.id}: no marks`)
        if (!figure.checks) fail(`${figure.id}: no totals`)
        if (figure.marks.some((mark) => mark.fill === 'none' || mark.fill === 'rgb(0, 0, 0)'))
          fail(`${view.name}, ${figure.id}: a mark without its colour`)
        checkMarks(view.name, figure)
        checkTexts(view.name, figure)
      }
      if (view === VIEWS[0] && process.env.URL) checkRows(figure)
      figures += 1
      if (folder) {
        const clip = { x: 0, y: Math.max(0, figure.box.top), width: view.width, height: figure.box.height, scale: view.width < 700 ? 2 : 1 }
        writeFileSync(
          join(folder, `${figure.id}-${view.name}.png`),
          Buffer.from((await Page.captureScreenshot({ clip, captureBeyondViewport: true })).data, 'base64'),
        )
      }
    }
    if (folder) {
      const clip = { x: 0, y: 0, width: view.width, height: Math.min(seen.height, 1200), scale: 1 }
      writeFileSync(
        join(folder, `page-${view.name}.png`),
        Buffer.from((await Page.captureScreenshot({ clip, captureBeyondViewport: true })).data, 'base64'),
      )
    }
  }
  if (folder)
    writeFileSync(
      join(folder, 'report.pdf'),
      Buffer.from(
        (await Page.printToPDF({ printBackground: true, paperWidth: 8.27, paperHeight: 11.69, preferCSSPageSize: true })).data,
        'base64',
      ),
    )
  const elsewhere = asked.filter((url) => !url.startsWith('file:'))
  if (elsewhere.length) fail(`the page asks for ${elsewhere[0]}`)
  return figures
}

const profile = mkdtempSync(join(tmpdir(), 'report-'))
const browser = spawn(
  chromium,
  [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--hide-scrollbars',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
    'about:blank',
  ],
  { stdio: 'ignore' },
)
try {
  if (folder) mkdirSync(folder, { recursive: true })
  let port
  for (let tries = 0; tries < 300 && !port; tries += 1) {
    await new Promise((done) => setTimeout(done, 100))
    try {
      port = Number(readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n')[0])
    } catch {
      /* not yet */
    }
  }
  if (!port) throw new Error('Chromium does not start')
  const client = await CDP({ port })
  const figures = await open(client)
  if (!figures) fail('no figure')
  console.log(`${figures} figures in ${VIEWS.length} views looked at, ${wrong} wrong`)
  await client.close()
} finally {
  browser.kill()
  await new Promise((done) => browser.once('exit', done))
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
}
process.exitCode = wrong ? 1 : 0
