/** The choices of one edge, each with what the network would be worth. */

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Edge, Genotype, Kind } from '../darts/genotype'
import { OPERATIONS } from '../darts/genotype'
import { inputChoices, withEdge } from '../darts/moves'
import type { Benchmark } from '../models/benchmark'
import { percent, points } from '../numbers'

interface Props {
  title: string
  bench: Benchmark
  genotype: Genotype
  kind: Kind
  edge: number
  position: Record<string, string>
  onChoose: (genotype: Genotype) => void
  onClose: () => void
}

export function EdgeMenu(props: Props) {
  const { title, bench, genotype, kind, edge, position, onChoose, onClose } = props
  const cell = genotype[kind]
  const current = cell[edge]
  const menu = useRef<HTMLDivElement>(null)
  const gainOf = useGains(bench, genotype)
  const choiceOf = (value: Edge) => {
    const next = withEdge(genotype, kind, edge, value)
    return { value, gain: gainOf(next), onClick: () => onChoose(next) }
  }
  const operations = OPERATIONS.map((_, operation) => choiceOf({ ...current, operation }))
  const inputs = inputChoices(cell, edge).map((input) => choiceOf({ ...current, input }))
  useEffect(() => menu.current?.querySelector<HTMLElement>('[aria-pressed=true]')?.focus(), [])

  const onKeyDown = (event: KeyboardEvent) => {
    const buttons = [...(menu.current?.querySelectorAll<HTMLElement>('button') ?? [])]
    const at = buttons.indexOf(document.activeElement as HTMLElement)
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowRight: 1,
      ArrowUp: -1,
      ArrowLeft: -1,
    }
    if (event.key === 'Escape') onClose()
    else if (event.key in steps) {
      buttons[(at + steps[event.key] + buttons.length) % buttons.length].focus()
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div
      class="menu"
      role="dialog"
      aria-label={`Edit ${title}`}
      style={position}
      ref={menu}
      onKeyDown={onKeyDown}
    >
      <div class="menu-head">
        <strong>{title}</strong>
        <button type="button" class="close" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </div>
      <p class="hint">
        operation, and what it changes of the predicted {percent(bench.accuracy(genotype))}, in
        points
      </p>
      <div class="operations">
        {operations.map(({ value: { operation }, gain, onClick }) => (
          <button
            key={operation}
            type="button"
            aria-pressed={operation === current.operation}
            data-operation={OPERATIONS[operation]}
            onClick={onClick}
          >
            <span>{OPERATIONS[operation]}</span>
            <Gain value={gain} isCurrent={operation === current.operation} />
          </button>
        ))}
      </div>
      <p class="hint">from node</p>
      <div class="inputs">
        {inputs.map(({ value: { input }, gain, onClick }) => (
          <button
            key={input}
            type="button"
            aria-pressed={input === current.input}
            data-input={input}
            onClick={onClick}
          >
            <span>{input}</span>
            <Gain value={gain} isCurrent={input === current.input} />
          </button>
        ))}
      </div>
    </div>
  )
}

/**
 * What networks would gain on the one that is shown. Where a surrogate is slow, the page is drawn
 * first, and then one after the other is asked for; until then a gain is undefined.
 */
function useGains(bench: Benchmark, genotype: Genotype) {
  const [turn, setTurn] = useState<{ of: Genotype }>()
  const now = bench.accuracy(genotype)
  let allowed = bench.isFast ? Infinity : Number(turn?.of === genotype)
  let isComplete = true
  useEffect(() => {
    if (isComplete) return undefined
    const timer = setTimeout(() => setTurn({ of: genotype }))
    return () => clearTimeout(timer)
  })
  return (next: Genotype): number | undefined => {
    if (!bench.knowsAccuracy(next) && allowed-- <= 0) {
      isComplete = false
      return undefined
    }
    return bench.accuracy(next) - now
  }
}

function Gain({ value, isCurrent }: { value: number | undefined; isCurrent: boolean }) {
  if (isCurrent) return <span class="gain">now</span>
  if (value === undefined) return <span class="gain">…</span>
  const sign = value > 0 ? ' up' : value < 0 ? ' down' : ''
  return <span class={`gain${sign}`}>{points(value)}</span>
}
