/** Names of series with their marks; a click hides one. */

import { symbol } from 'd3-shape'
import { colourOf, shapeOf } from './marks'

export interface Series {
  readonly name: string
  /** Which colour and shape. */
  readonly series: number
}

interface Props {
  series: readonly Series[]
  hidden: ReadonlySet<number>
  onToggle: (series: number) => void
}

export function Legend({ series: all, hidden, onToggle }: Props) {
  return (
    <div class="legend" role="group" aria-label="Shown">
      {all.map(({ name, series }) => (
        <button
          key={name}
          type="button"
          aria-pressed={!hidden.has(series)}
          onClick={() => onToggle(series)}
        >
          <svg viewBox="-8 -8 16 16" width={14} height={14} aria-hidden="true">
            <path
              d={symbol(shapeOf(series), 70)() ?? ''}
              style={{ fill: `var(${colourOf(series)})` }}
            />
          </svg>
          {name.replaceAll('_', ' ')}
        </button>
      ))}
    </div>
  )
}

/** The set with one element more, or less. */
export function toggled(set: ReadonlySet<number>, element: number): Set<number> {
  const next = new Set(set)
  if (!next.delete(element)) next.add(element)
  return next
}
