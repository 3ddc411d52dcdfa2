/** Numbers as people read them. */

export function percent(fraction: number, digits = 2): string {
  return `${(100 * fraction).toFixed(digits)} %`
}

/** A difference of fractions in percentage points, with its sign; "0.00" has none. */
export function points(difference: number): string {
  const text = (100 * Math.abs(difference)).toFixed(2)
  if (Number(text) === 0) return '0.00'
  return `${difference > 0 ? '+' : '−'}${text}`
}

export function count(value: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (value >= size) return `${Number((value / size).toPrecision(3))} ${unit}`
  }
  return String(value)
}

export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US').replaceAll(',', ' ')
}

export function seconds(value: number): string {
  if (value < 120) return `${value.toPrecision(3)} s`
  if (value < 7200) return `${(value / 60).toPrecision(3)} min`
  return `${(value / 3600).toPrecision(3)} h`
}
