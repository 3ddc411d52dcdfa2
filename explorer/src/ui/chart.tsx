/** What all charts share: their size, and axes. */

import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface Margin {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

/** The width that a box has got. */
export function useWidth<T extends HTMLElement>(initial: number) {
  const ref = useRef<T>(null)
  const [width, setWidth] = useState(initial)
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return undefined
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { ref, width }
}

interface Scale {
  (value: number): number
  ticks: (count: number) => number[]
  range: () => number[]
}

interface AxesProps {
  x: Scale
  y: Scale
  xText: (value: number) => string
  yText: (value: number) => string
  xTicks: number
  yTicks: number
  xName?: string
  yName?: string
}

/** Ticks, their numbers, a grid, and names. */
export function Axes({ x, y, xText, yText, xTicks, yTicks, xName, yName }: AxesProps) {
  const [left, right] = x.range()
  const [bottom, top] = y.range()
  return (
    <g class="axes" aria-hidden="true">
      {y.ticks(yTicks).map((value) => (
        <g key={value} transform={`translate(0 ${y(value)})`}>
          <line x1={left} x2={right} />
          <text class="y" x={left - 6}>
            {yText(value)}
          </text>
        </g>
      ))}
      {x.ticks(xTicks).map((value) => (
        <g key={value} transform={`translate(${x(value)} ${bottom})`}>
          <line y1={0} y2={5} />
          <text class="x" y={17}>
            {xText(value)}
          </text>
        </g>
      ))}
      <line x1={left} x2={right} y1={bottom} y2={bottom} class="base" />
      {xName && (
        <text class="axis-name x" x={(left + right) / 2} y={bottom + 34}>
          {xName}
        </text>
      )}
      {yName && (
        <text class="axis-name" x={0} y={top - 9}>
          {yName}
        </text>
      )}
    </g>
  )
}

interface PanelProps {
  title: string
  children: ComponentChildren
  className?: string
  /** Beside the heading. */
  controls?: ComponentChildren
}

/** A box with a heading. */
export function Panel(props: PanelProps) {
  return (
    <section class={`panel ${props.className ?? ''}`} aria-label={props.title}>
      <div class="panel-head">
        <h2>{props.title}</h2>
        {props.controls}
      </div>
      {props.children}
    </section>
  )
}
