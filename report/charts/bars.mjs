// Stacked bars over time, and bars with their names above them.
import { cut, FONT, textWidth } from '../svg.mjs'
import { day, number } from '../format.mjs'

export const INK = 'var(--ink)'
export const MUTED = 'var(--muted)'
export const LINE = 'var(--line)'

// stacks: { name, color, cells: [{ rows, value, says }] }, one cell for each bucket
export const stackedBars = (buckets, stacks) => (width) => {
  const most = Math.max(1, ...buckets.map((_, at) => stacks.reduce((all, stack) => all + stack.cells[at].value, 0)))
  const left = Math.ceil(textWidth(number(most * 1.2))) + 12
  const room = (width - left - 16) / buckets.length
  const step = Math.max(1, Math.ceil((textWidth('31 May') + 14) / room))
  return {
    height: width < 400 ? 260 : 320,
    option: {
      grid: { left, right: 16, top: 14, bottom: 30 },
      xAxis: {
        type: 'category',
        data: buckets.map((bucket) => day(bucket)),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: LINE } },
        axisLabel: { color: MUTED, interval: (at) => at % step === 0 },
      },
      yAxis: {
        type: 'value',
        splitNumber: 4,
        minInterval: 1,
        axisLabel: { color: MUTED, formatter: number },
        splitLine: { lineStyle: { color: LINE } },
      },
      series: stacks.map((stack) => ({
        type: 'bar',
        stack: 'all',
        barCategoryGap: '22%',
        itemStyle: { color: stack.color },
        data: stack.cells.map((cell) => cell.value),
      })),
    },
    marks: stacks.map((stack) => stack.cells),
  }
}

// bars: { name, figure, color, rows, value, says }; the name to the left above each bar, what it says to the right
export const namedBars = (bars) => (width) => {
  const most = Math.max(1, ...bars.map((bar) => bar.value))
  const place = (at) => 8 + at * 46
  const layer = (render) => ({
    type: 'custom',
    coordinateSystem: 'none',
    data: bars.map((bar) => bar.value),
    renderItem: (params) => render(bars[params.dataIndex], params.dataIndex),
  })
  return {
    height: bars.length * 46 + 8,
    option: {
      series: [
        layer((bar, at) => ({
          type: 'group',
          silent: true,
          children: [
            { type: 'rect', shape: { x: 1, y: place(at) + 18, width: width - 2, height: 16, r: 3 }, style: { fill: 'var(--track)' } },
            {
              type: 'text',
              style: { x: 1, y: place(at), text: cut(bar.name, width - textWidth(bar.figure) - 16), fill: INK, fontSize: FONT },
            },
            { type: 'text', style: { x: width - 1, y: place(at), text: bar.figure, align: 'right', fill: MUTED, fontSize: FONT } },
          ],
        })),
        layer((bar, at) => ({
          type: 'rect',
          style: { fill: bar.color },
          shape: { x: 1, y: place(at) + 18, width: bar.value ? Math.max(1, ((width - 2) * bar.value) / most) : 0, height: 16, r: 3 },
        })),
      ],
    },
    marks: [[], bars],
  }
}
