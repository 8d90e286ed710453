// From an option of ECharts to SVG: drawn for three widths, of which the page shows the one that fits; colours are the page's variables,
// so that one drawing serves light and dark; what a mark stands for is its title, which browsers show.
import { createRequire } from 'node:module'

const echarts = createRequire(import.meta.url)('echarts')
export const WIDTHS = { narrow: 320, middle: 480, wide: 860 }
export const FONT = 12

// Widths of letters in hundredths of the font's size, as a wide sans serif has them: what fits here fits everywhere.
const WIDE = /[mwMWOQGD@%&—…]/
const THIN = /[ijl.,:;|!'’() It]/
export function textWidth(text, size = FONT) {
  let width = 0
  for (const letter of String(text)) width += WIDE.test(letter) ? 88 : THIN.test(letter) ? 34 : letter.codePointAt(0) > 0x2e80 ? 100 : 61
  return (width * size) / 100
}
echarts.setPlatformAPI({
  measureText: (text, font) => ({ width: textWidth(text, parseFloat(/([\d.]+)px/.exec(font ?? '')?.[1] ?? FONT)) }),
})

// A text cut so that it fits, by whole letters.
export function cut(text, room, size = FONT) {
  const letters = [...String(text)]
  if (textWidth(text, size) <= room) return String(text)
  while (letters.length > 1 && textWidth(letters.join('') + '…', size) > room) letters.pop()
  return letters.join('').trimEnd() + '…'
}

export const escape = (text) => String(text ?? '').replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`)

function draw(name, label, width, build) {
  const { height, option, marks } = build(width)
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit', fontSize: FONT }, ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
    .replace(
      /<svg [^>]*>/,
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(label)}">`,
    )
    .replace(/<style *>[^]*?<\/style>/g, '')
    .replace(/ class="zr[^"]*"/g, '')
    .replace(/ ecmeta_series_index="(\d+)" ecmeta_data_index="(\d+)" ecmeta_ssr_type="chart"([^>]*)>/g, (all, series, data, rest) => {
      const mark = marks[series]?.[data]
      if (!mark) return `${rest}>`
      return `${rest} class="mark" data-rows="${mark.rows.join(' ')}" data-columns="${mark.columns}" data-value="${mark.value}"><title>${escape(mark.says)}</title>`
    })
    .replace(/ ecmeta_\w+="[^"]*"/g, '')
}

export const drawings = (name, label, build) =>
  Object.entries(WIDTHS)
    .map(([size, width]) => `<div class="${size}">${draw(name, label, width, build)}</div>`)
    .join('\n')
