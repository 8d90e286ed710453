// Points on a scale: shares with their intervals, and what was before beside what is now.
import { cut, FONT, textWidth } from '../svg.mjs'
import { INK, LINE, MUTED } from './bars.mjs'

const text = (x, y, content, fill, align) => ({ type: 'text', style: { x, y, text: content, fill, align, fontSize: FONT } })
const layer = (data, render) => ({
  type: 'custom',
  coordinateSystem: 'none',
  data: data.map((_, at) => at),
  renderItem: (params) => render(data[params.dataIndex], params.dataIndex),
})

// groups: { name, points: [{ color, share, lower, upper, rows, value, says }] }
export const intervals = (groups) => (width) => {
  const most = Math.max(0.01, ...groups.flatMap((group) => group.points.map((point) => Math.max(point.share, point.upper))))
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5].find((one) => most / one <= (width < 400 ? 4 : 8)) ?? 0.5
  const end = Math.ceil(most / step - 1e-9) * step
  const left = Math.min(Math.max(...groups.map((group) => textWidth(group.name))) + 14, width < 400 ? 112 : 190)
  const right = 20
  const x = (share) => left + ((width - left - right) * share) / end
  const each = 13
  const high = (group) => group.points.length * each + 14
  const tops = groups.reduce((all, group) => [...all, all.at(-1) + high(group)], [4])
  const bottom = tops.at(-1)
  const flat = groups.flatMap((group, at) => group.points.map((point, place) => ({ ...point, y: tops[at] + 7 + (place + 0.5) * each })))
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, at) => at * step)
  const line = (x1, y1, x2, y2, stroke, lineWidth = 1) => ({ type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke, lineWidth } })
  return {
    height: bottom + 24,
    option: {
      series: [
        layer([0], () => ({
          type: 'group',
          silent: true,
          children: [
            ...ticks.flatMap((tick) => [
              line(x(tick), 4, x(tick), bottom, LINE),
              text(x(tick), bottom + 6, `${Math.round(100 * tick)} %`, MUTED, 'center'),
            ]),
            ...groups.flatMap((group, at) => [
              ...(at ? [line(0, tops[at], width, tops[at], LINE)] : []),
              text(0, tops[at] + high(group) / 2 - 6, cut(group.name, left - 12), INK, 'left'),
            ]),
            ...flat
              .filter((point) => point.upper > point.lower)
              .map((point) => line(x(Math.max(0, point.lower)), point.y, x(point.upper), point.y, point.color, 2)),
          ],
        })),
        layer(flat, (point) => ({ type: 'circle', shape: { cx: x(point.share), cy: point.y, r: 4.5 }, style: { fill: point.color } })),
      ],
    },
    marks: [[], flat],
  }
}

// pairs: { name, note, before, now, color, rows, value, says }
export const beforeAndNow = (pairs) => (width) => {
  const most = Math.max(1, ...pairs.flatMap((pair) => [pair.before, pair.now]))
  const x = (value) => 8 + ((width - 16) * value) / most
  const top = (at) => 8 + at * 42
  return {
    height: pairs.length * 42 + 4,
    option: {
      series: [
        layer(pairs, (pair, at) => ({
          type: 'group',
          silent: true,
          children: [
            text(1, top(at), cut(pair.name, width - textWidth(pair.note) - 18), INK, 'left'),
            text(width - 1, top(at), pair.note, MUTED, 'right'),
            { type: 'line', shape: { x1: 8, y1: top(at) + 25, x2: width - 8, y2: top(at) + 25 }, style: { stroke: LINE } },
            {
              type: 'line',
              shape: { x1: x(pair.before), y1: top(at) + 25, x2: x(pair.now), y2: top(at) + 25 },
              style: { stroke: pair.color, lineWidth: 3 },
            },
            {
              type: 'circle',
              shape: { cx: x(pair.before), cy: top(at) + 25, r: 5 },
              style: { fill: 'var(--paper)', stroke: MUTED, lineWidth: 2 },
            },
          ],
        })),
        layer(pairs, (pair, at) => ({ type: 'circle', shape: { cx: x(pair.now), cy: top(at) + 25, r: 6 }, style: { fill: pair.color } })),
      ],
    },
    marks: [[], pairs],
  }
}
