// What each section draws from the rows of its statement, and the totals that stand below it.
import { namedBars, stackedBars } from './charts/bars.mjs'
import { shade, shadedGrid, SHADES } from './charts/grids.mjs'
import { beforeAndNow, intervals } from './charts/points.mjs'
import { textWidth } from './svg.mjs'
import { day, equal, money, number, percent, span, sum } from './format.mjs'

const PALETTE = ['var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--c4)', 'var(--c5)', 'var(--c6)', 'var(--c7)']
const OTHER = 'var(--c0)'
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const MODELS = { last_touch: 'last touch', linear: 'linear', data_driven: 'data-driven', markov: 'Markov chain' }
const FLAGS = {
  falling: 'half as many calls as the month before',
  missed: 'more calls missed than answered',
  silent: 'no call for 30 days',
  pays_unused: 'pays and gets no calls',
  unpaid: 'gets calls and does not pay',
  never_called: 'never had a call',
  unknown: 'unknown to the table of businesses',
}

const withPlaces = (rows) => rows.map((row, place) => ({ ...row, place }))
const unique = (values) => [...new Set(values)]
// A figure of the rows beside the same counted another way.
const check = (what, figure, counted, by) => ({ what, figure, counted, by, agrees: equal(figure, counted) })
const when = (about) => ({ '1 day': 'day', '7 days': 'week of ', '1 month': 'month of ' })[about.width]
const bucketName = (about, local) => (about.width === '1 day' ? day(local) : `${when(about)}${day(local)}`)
const per = { '1 day': 'day', '7 days': 'week', '1 month': 'month' }

export function channels({ rows, counts }, about) {
  const all = withPlaces(rows)
  const total = sum(rows.map((row) => row.visits))
  const sizes = unique(rows.map((row) => row.channel))
    .map((channel) => ({ channel, visits: Number(sum(rows.filter((row) => row.channel === channel).map((row) => row.visits))) }))
    .sort((one, other) => other.visits - one.visits)
  const shown = sizes.length > 8 ? sizes.slice(0, 7) : sizes.slice(0, 8)
  const names = shown.map((one) => one.channel)
  const rest = sizes.slice(shown.length)
  const stacks = [
    ...shown.map(({ channel }, at) => ({ name: channel, color: PALETTE[at] ?? OTHER })),
    ...(rest.length ? [{ name: `${rest.length} others`, color: OTHER, rest: true }] : []),
  ]
  const buckets = unique(rows.map((row) => row.local))
  for (const stack of stacks) {
    stack.cells = buckets.map((bucket) => {
      const those = all.filter((row) => row.local === bucket && (stack.rest ? !names.includes(row.channel) : row.channel === stack.name))
      const value = Number(sum(those.map((row) => row.visits)))
      return {
        rows: those.map((row) => row.place),
        columns: 'visits',
        value,
        says: `${stack.name}, ${bucketName(about, bucket)}: ${number(value)} visits`,
      }
    })
  }
  return {
    title: 'Where visits come from',
    lead: `Visits per ${per[about.width]} by channel, bots included.`,
    empty: total === '0',
    legend: stacks.map((stack) => ({
      color: stack.color,
      text: `${stack.name} ${percent((stack.rest ? rest.reduce((one, other) => one + other.visits, 0) : shown.find((one) => one.channel === stack.name).visits) / Number(total))}`,
    })),
    chart: stackedBars(buckets, stacks),
    measured: 'height',
    checks: [check('visits in all bars', total, counts.visits, 'in mrcall.visits')],
  }
}

export function models({ rows, counts }) {
  const all = withPlaces(rows)
  const names = unique(rows.map((row) => row.model))
  const mean = (channel) => rows.filter((row) => row.channel === channel).reduce((total, row) => total + Number(row.share), 0)
  const sorted = unique(rows.map((row) => row.channel)).sort((one, other) => mean(other) - mean(one))
  const colors = Object.fromEntries(names.map((name, at) => [name, PALETTE[at] ?? OTHER]))
  const groups = sorted.slice(0, 8).map((channel) => ({
    name: channel,
    points: names
      .flatMap((name) => all.filter((row) => row.channel === channel && row.model === name))
      .map((row) => {
        const [share, lower, upper] = [Number(row.share), Number(row.lower ?? row.share), Number(row.upper ?? row.share)]
        return {
          color: colors[row.model],
          share,
          lower,
          upper,
          rows: [row.place],
          columns: 'share',
          value: row.share,
          says: `${channel}, ${MODELS[row.model] ?? row.model}: ${percent(share)}, between ${percent(Math.max(0, lower))} and ${percent(upper)}`,
        }
      }),
  }))
  const shares = names.map((name) => rows.filter((row) => row.model === name).reduce((total, row) => total + Number(row.share), 0))
  const attributed = counts && sum([counts['sign-ups'], `-${counts.unattributed ?? 0}`])
  const rest = sorted.length - groups.length
  return {
    title: 'Which channels bring sign-ups',
    lead: `Each channel's share of the sign-ups that a visit led to, by four models; the line is the 95 % interval.${rest > 0 ? ` ${rest} smaller channels are in the rows.` : ''}`,
    empty: shares.every((share) => share === 0),
    legend: names.map((name) => ({ color: colors[name], text: MODELS[name] ?? name })),
    chart: intervals(groups),
    measured: 'x',
    checks: [
      ...names.map((name, at) => check(`shares by ${MODELS[name] ?? name}`, (100 * shares[at]).toFixed(6), '100.000000', '%')),
      ...(counts
        ? [
            check(
              'sign-ups',
              sum([attributed, counts.unattributed ?? '0']),
              counts['sign-ups'],
              `in mrcall.conversions, ${number(attributed)} of them with a visit`,
            ),
          ]
        : []),
    ],
  }
}

export function funnel({ rows, counts }) {
  const first = Number(rows[0]?.visitors ?? 0)
  const bars = rows.map((row, place) => {
    const value = Number(row.visitors)
    const before = row.step_conversion === null || place === 0 ? '' : ` · ${percent(Number(row.step_conversion))} of before`
    return {
      name: row.step,
      value,
      rows: [place],
      columns: 'visitors',
      color: 'var(--c1)',
      figure: `${number(row.visitors)}${place ? ` · ${percent(first ? value / first : 0)}${before}` : ' visitors'}`,
      says: `${row.step}: ${number(row.visitors)} visitors${row.drop_off ? `, ${number(row.drop_off)} left before` : ''}${row.median_time && place ? `, half of them within ${span(row.median_time)}` : ''}`,
    }
  })
  return {
    title: 'How far visitors come',
    lead: 'Visitors who take the steps in this order within 30 days: of all, and of those who took the step before.',
    empty: first === 0,
    chart: namedBars(bars),
    measured: 'width',
    checks: rows.map((row) => check(`visitors, ${row.step}`, row.visitors, counts[row.step_no] ?? '0', 'of all channels')),
  }
}

export function cohorts({ rows, counts }, about) {
  const all = withPlaces(rows)
  const periods = unique(rows.map((row) => Number(row.period))).filter((period) => period > 0)
  const most = Math.max(0.0001, ...rows.filter((row) => row.period !== '0').map((row) => Number(row.retention ?? 0)))
  const lines = unique(rows.map((row) => row.local)).map((local) => {
    const those = all.filter((row) => row.local === local)
    return {
      name: day(local),
      figure: number(those[0].visitors),
      cells: periods.map((period) => {
        const row = those.find((one) => Number(one.period) === period)
        if (!row || row.retention === null) return null
        const share = Number(row.retention)
        return {
          rows: [row.place],
          columns: 'retention',
          value: row.retention,
          shade: shade(share, most),
          text: (room) => (room < 46 ? String(Math.round(100 * share)) : percent(share)),
          says: `first seen in the ${bucketName(about, local)}: ${number(row.returned)} of ${number(row.visitors)} came back ${period} ${per[about.width]}${period > 1 ? 's' : ''} later, ${percent(share)}`,
        }
      }),
    }
  })
  const newcomers = sum(all.filter((row) => row.period === '0').map((row) => row.visitors))
  return {
    title: 'Who comes back',
    lead: `Of the visitors first seen in each ${per[about.width]}, the percentage that came back 1, 2, 3 … ${per[about.width]}s later. What is not over yet is blank.`,
    empty: newcomers === '0',
    chart: shadedGrid(
      periods.map((period) => `+${period}`),
      lines,
      { left: 52, figures: Math.ceil(Math.max(...lines.map((line) => textWidth(line.figure)), 0)) + 14, high: 26 },
    ),
    scale: { from: '0 %', to: percent(most) },
    checks: [check('newcomers', newcomers, counts.newcomers, 'first seen then in mrcall.events')],
  }
}

export function calls({ rows, counts }, about) {
  const buckets = rows.map((row) => row.local)
  const total = sum(rows.map((row) => row.calls))
  const kinds = [
    ['answered', 'var(--c3)'],
    ['missed', 'var(--c2)'],
    ['neither', OTHER],
  ]
    .map(([name, color]) => ({
      name,
      color,
      cells: rows.map((row, place) => {
        const value = name === 'neither' ? Number(row.calls) - Number(row.answered) - Number(row.missed) : Number(row[name])
        return {
          rows: [place],
          columns: name === 'neither' ? 'calls -answered -missed' : name,
          value,
          says: `${bucketName(about, row.local)}: ${number(value)} calls ${name === 'neither' ? 'of which nobody knows' : name}`,
        }
      }),
    }))
    .map((kind) => ({ ...kind, total: kind.cells.reduce((all, cell) => all + cell.value, 0) }))
    .filter((kind) => kind.total > 0)
  return {
    title: 'How many call',
    lead: `Calls per ${per[about.width]}.`,
    empty: total === '0',
    legend: kinds.map((kind) => ({
      color: kind.color,
      text: `${kind.name === 'neither' ? 'not told' : kind.name} ${percent(kind.total / Number(total))}`,
    })),
    chart: stackedBars(buckets, kinds),
    measured: 'height',
    checks: [check('calls', total, counts.calls, 'in mrcall.calls')],
  }
}

export function service({ rows, counts }, about) {
  const total = sum(rows.flatMap((row) => [row.in_time, row.later, row.abandoned, row.waiting]))
  const kinds = [
    ['in_time', 'answered within 20 seconds', 'var(--c3)'],
    ['later', 'answered later, or nobody knows when', 'var(--c1)'],
    ['abandoned', 'abandoned', 'var(--c2)'],
    ['waiting', 'without an end', OTHER],
  ]
    .map(([column, name, color]) => ({
      name,
      color,
      cells: rows.map((row, place) => ({
        rows: [place],
        columns: column,
        value: Number(row[column]),
        says: `${bucketName(about, row.local)}: ${number(row[column])} calls ${name}${row.level === null ? '' : `; in time ${percent(Number(row.level))}`}`,
      })),
      total: Number(sum(rows.map((row) => row[column]))),
    }))
    .filter((kind) => kind.total > 0)
  return {
    title: 'How long callers wait',
    lead: `Calls that came in per ${per[about.width]}, and what became of them.`,
    empty: total === '0',
    legend: kinds.map((kind) => ({ color: kind.color, text: `${kind.name} ${percent(kind.total / Number(total))}` })),
    chart: stackedBars(rows.map((row) => row.local), kinds),
    measured: 'height',
    checks: [check('calls that came in', total, counts.offered, 'in mrcall.calls')],
  }
}

export function heatmap({ rows, counts }) {
  const all = withPlaces(rows)
  const most = Math.max(0, ...rows.map((row) => Number(row.calls)))
  const total = sum(rows.map((row) => row.calls))
  const lines = WEEKDAYS.map((name, at) => ({
    name,
    cells: all
      .filter((row) => Number(row.weekday) === at + 1)
      .map((row) => ({
        rows: [row.place],
        columns: 'calls',
        value: row.calls,
        shade: shade(Number(row.calls), most),
        says: `${name} ${row.hour}:00 to ${Number(row.hour) + 1}:00: ${number(row.calls)} calls, ${number(row.missed)} missed`,
      })),
  }))
  return {
    title: 'When they call',
    lead: "Calls by hour and day of the week, in each business's own time.",
    empty: most === 0,
    chart: shadedGrid(
      Array.from({ length: 24 }, (_, hour) => (hour % 3 === 0 ? String(hour) : '')),
      lines,
      { left: 36, high: 26 },
    ),
    scale: { from: '0', to: `${number(most)} calls` },
    checks: [check('calls in all hours', total, counts.calls, 'in mrcall.calls')],
  }
}

export function flags({ rows, counts }) {
  return {
    title: 'Which businesses need a look',
    lead: 'How many businesses for which reason; one can have several.',
    empty: rows.length === 0,
    chart: namedBars(
      rows.map((row, place) => ({
        name: FLAGS[row.flag] ?? row.flag,
        figure: number(row.businesses),
        value: Number(row.businesses),
        rows: [place],
        columns: 'businesses',
        color: 'var(--c2)',
        says: `${row.flag}: ${number(row.businesses)} businesses`,
      })),
    ),
    measured: 'width',
    checks: rows.map((row) => check(`businesses, ${row.flag}`, row.businesses, counts[row.flag] ?? '0', 'with that flag')),
  }
}

export function businesses({ rows, counts }) {
  const pairs = rows.map((row, place) => {
    const [before, now] = [Number(row.calls_30d_before), Number(row.calls_30d)]
    return {
      name: `${row.template ? `${row.template} ` : ''}${row.business_id}`,
      note: `${number(before)} → ${number(now)} · ${row.flags}`,
      before,
      now,
      value: row.calls_30d,
      rows: [place],
      columns: 'calls_30d',
      color: now < before ? 'var(--c2)' : 'var(--c3)',
      says: `${row.business_id}: ${number(now)} calls in the last 30 days, ${number(before)} in the 30 days before; ${row.flags}`,
    }
  })
  return {
    title: 'The largest of them',
    lead: 'Calls in the last 30 days beside those in the 30 days before (the open circle).',
    empty: rows.length === 0,
    legend: [
      { color: 'var(--c3)', text: 'as many or more' },
      { color: 'var(--c2)', text: 'fewer' },
    ],
    chart: beforeAndNow(pairs),
    measured: 'x',
    checks: [check('their calls in 30 days', sum(rows.map((row) => row.calls_30d)), counts.calls, 'in mrcall.calls')],
  }
}

export const converted = ({ rows, counts }) => [
  check(
    'sign-ups',
    sum(rows.filter((row) => row.conversion === 'signup').map((row) => row.conversions)),
    counts['sign-ups'],
    'new in mrcall.customers',
  ),
]

// The figures at the top: of the other sections, and what converted.
export function headline(found) {
  const rows = found.headline?.rows ?? []
  const of = (kind) => rows.filter((row) => row.conversion === kind)
  const count = (kind) => sum(of(kind).map((row) => row.conversions))
  const net = unique([...of('payment'), ...of('refund')].map((row) => row.currency ?? ''))
    .map((currency) => [
      currency,
      sum([...of('payment'), ...of('refund')].filter((row) => (row.currency ?? '') === currency).map((row) => row.value)),
      Number(
        sum(
          of('payment')
            .filter((row) => (row.currency ?? '') === currency)
            .map((row) => row.conversions),
        ),
      ),
    ])
    .sort((one, other) => other[2] - one[2])
  const visits = found.channels?.rows && sum(found.channels.rows.map((row) => row.visits))
  const called = found.calls?.rows
  const total = called && Number(sum(called.map((row) => row.calls)))
  return [
    visits && { name: 'visits', figure: number(visits) },
    rows.length && { name: 'sign-ups', figure: number(count('signup')) },
    rows.length && { name: 'paid subscriptions', figure: number(count('subscription')) },
    ...net
      .slice(0, 3)
      .map(([currency, value]) => ({ name: `${currency || 'without currency'}, payments less refunds`, figure: money(value) })),
    called && { name: 'calls', figure: number(total) },
    total > 0 && { name: 'of them answered', figure: percent(Number(sum(called.map((row) => row.answered))) / total) },
  ].filter(Boolean)
}

export { SHADES }
