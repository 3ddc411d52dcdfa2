/** The choices of one edge, each with what the network would be worth. */

import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { Cell, Edge, Genotype } from '../darts/genotype'
import { OPERATIONS } from '../darts/genotype'
import { inputChoices } from '../darts/moves'
import { points } from '../numbers'

interface Props {
  title: string
  /** What the gains are gains on. */
  genotype: Genotype
  cell: Cell
  edge: number
  position: Record<string, string>
  accuracyOf: (edge: Edge) => number
  onChoose: (edge: Edge) => void
  onClose: () => void
}

export function EdgeMenu(props: Props) {
  const { title, genotype, cell, edge, position, accuracyOf, onChoose, onClose } = props
  const current = cell[edge]
  const menu = useRef<HTMLDivElement>(null)
  const choices = useMemo(() => {
    const now = accuracyOf(current)
    const withGain = (choice: Edge) => ({ choice, gain: accuracyOf(choice) - now })
    return {
      operations: OPERATIONS.map((_, operation) => withGain({ ...current, operation })),
      inputs: inputChoices(cell, edge).map((input) => withGain({ ...current, input })),
    }
  }, [genotype, edge])
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
      <p class="hint">operation, and the change of predicted accuracy in points</p>
      <div class="operations">
        {choices.operations.map(({ choice, gain }) => (
          <button
            key={choice.operation}
            type="button"
            aria-pressed={choice.operation === current.operation}
            data-operation={OPERATIONS[choice.operation]}
            onClick={() => onChoose(choice)}
          >
            <span>{OPERATIONS[choice.operation]}</span>
            <Gain value={gain} isCurrent={choice.operation === current.operation} />
          </button>
        ))}
      </div>
      <p class="hint">from node</p>
      <div class="inputs">
        {choices.inputs.map(({ choice, gain }) => (
          <button
            key={choice.input}
            type="button"
            aria-pressed={choice.input === current.input}
            data-input={choice.input}
            onClick={() => onChoose(choice)}
          >
            <span>{choice.input}</span>
            <Gain value={gain} isCurrent={choice.input === current.input} />
          </button>
        ))}
      </div>
    </div>
  )
}

function Gain({ value, isCurrent }: { value: number; isCurrent: boolean }) {
  if (isCurrent) return <span class="gain">now</span>
  const sign = value > 0 ? ' up' : value < 0 ? ' down' : ''
  return <span class={`gain${sign}`}>{points(value)}</span>
}
