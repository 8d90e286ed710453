// Figures, days and sums as the page writes them. Figures arrive as text, so that no digit is lost; sums are exact.
const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 20 })
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export const number = (value) => grouped.format(value)

export function money(value) {
  const [whole, decimals] = String(value).replace('-', '').split('.')
  return `${String(value).startsWith('-') ? '−' : ''}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${decimals ? `.${decimals}` : ''}`
}

// A share as a percentage, with a decimal where it is small.
export function percent(share) {
  const value = 100 * share
  if (value > 0 && value < 0.05) return '< 0.1 %'
  return `${value === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} %`
}

// 2026-05-31T00:00:00 or 2026-05-31 → 31 May
export function day(text, withYear = false) {
  const [, year, month, date] = /^(\d+)-(\d\d)-(\d\d)/.exec(text)
  return `${Number(date)} ${MONTHS[month - 1]}${withYear ? ` ${year}` : ''}`
}

export function sum(texts) {
  const decimals = Math.max(0, ...texts.map((text) => (String(text).split('.')[1] ?? '').length))
  const total = texts.reduce((all, text) => {
    const [whole, part = ''] = String(text).split('.')
    return all + BigInt(whole + part.padEnd(decimals, '0'))
  }, 0n)
  const digits = String(total < 0n ? -total : total).padStart(decimals + 1, '0')
  return (total < 0n ? '-' : '') + digits.slice(0, digits.length - decimals) + (decimals ? `.${digits.slice(-decimals)}` : '')
}

export const equal = (one, other) => {
  const trim = (text) => (String(text).includes('.') ? String(text).replace(/\.?0+$/, '') : String(text))
  return trim(one) === trim(other)
}

// 00:05:15 or 3 days 04:00:00 → 5 min, 3 days
export function span(text) {
  const found = /^(?:(\d+) days? ?)?(?:(\d+):(\d\d):(\d\d))?/.exec(text ?? '')
  if (!text || !found) return ''
  const hours = Number(found[1] ?? 0) * 24 + Number(found[2] ?? 0)
  if (hours >= 48) return `${Math.round(hours / 24)} days`
  if (hours >= 1) return `${hours} h`
  return Number(found[3]) ? `${Number(found[3])} min` : `${Number(found[4])} s`
}
