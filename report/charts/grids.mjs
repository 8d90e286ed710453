// Shades in rows and columns: the cohort triangle and the hours of the week.
import { FONT } from '../svg.mjs'
import { INK, MUTED } from './bars.mjs'

export const SHADES = 6

// 0 for nothing, else one of six shades up to the most.
export const shade = (value, most) => (value > 0 ? Math.min(SHADES, Math.max(1, Math.ceil((SHADES * value) / most))) : 0)

// lines: { name, figure, cells: [{ text, shade, rows, value, says } or null] }; heads: the names of the columns, '' for none
export const shadedGrid =
  (heads, lines, { left, high, figures = 0 }) =>
  (width) => {
    const from = left + figures
    const cell = (width - from) / heads.length
    const flat = lines.flatMap((line, row) => line.cells.map((one, column) => one && { ...one, row, column })).filter(Boolean)
    const y = (row) => 22 + row * high
    const text = (x, top, content, fill, align) => ({
      type: 'text',
      style: { x, y: top, text: content, fill, align, verticalAlign: 'middle', fontSize: FONT },
    })
    const layer = (data, render) => ({
      type: 'custom',
      coordinateSystem: 'none',
      data: data.map((_, at) => at),
      renderItem: (params) => render(data[params.dataIndex]),
    })
    return {
      height: 22 + lines.length * high + 2,
      option: {
        series: [
          layer(flat, (one) => ({
            type: 'rect',
            style: { fill: `var(--h${one.shade})` },
            shape: { x: from + one.column * cell + 0.5, y: y(one.row) + 0.5, width: Math.max(1, cell - 1), height: high - 1, r: 2 },
          })),
          layer([0], () => ({
            type: 'group',
            silent: true,
            children: [
              ...heads.map((head, column) => text(from + (column + 0.5) * cell, 10, head, MUTED, 'center')),
              ...lines.flatMap((line, row) => [
                text(0, y(row) + high / 2, line.name, INK, 'left'),
                ...(figures ? [text(from - 8, y(row) + high / 2, line.figure, MUTED, 'right')] : []),
              ]),
              ...flat
                .filter((one) => one.text)
                .map((one) =>
                  text(from + (one.column + 0.5) * cell, y(one.row) + high / 2, one.text(cell), `var(--t${one.shade})`, 'center'),
                ),
            ],
          })),
        ],
      },
      marks: [flat, []],
    }
  }
