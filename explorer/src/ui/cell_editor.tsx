/** One cell as a graph: click an operation to edit its edge. */

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Edge, Genotype, Kind } from '../darts/genotype'
import { EDGES, INPUTS, NODES, OPERATIONS, nodeOf } from '../darts/genotype'
import type { Benchmark } from '../models/benchmark'
import { CellWires, HEIGHT, NodeMark, PILL, WIDTH, pillY, placeOfNodes } from './cell_drawing'
import { EdgeMenu } from './edge_menu'

const NAMES: Record<Kind, string> = { normal: 'Normal cell', reduce: 'Reduction cell' }

const FAMILIES = ['pool', 'pool', 'skip', 'sep', 'sep', 'dil', 'dil']

interface Props {
  kind: Kind
  genotype: Genotype
  bench: Benchmark
  onChange: (genotype: Genotype) => void
}

export function CellEditor({ kind, genotype, bench, onChange }: Props) {
  const [open, setOpen] = useState<number | null>(null)
  const [hovered, setHovered] = useState<number | null>(null)
  const frame = useRef<HTMLDivElement>(null)
  const pills = useRef<(SVGGElement | null)[]>([])
  const cell = genotype[kind]
  useClickOutside(frame, () => setOpen(null))

  const close = () => {
    if (open !== null) pills.current[open]?.focus()
    setOpen(null)
  }
  const move = (edge: number, key: string) => {
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowRight: 1,
      ArrowUp: -1,
      ArrowLeft: -1,
    }
    const to = edge + (steps[key] ?? 0)
    if (to === edge || to < 0 || to >= EDGES) return false
    pills.current[to]?.focus()
    return true
  }
  return (
    <div class="cell" ref={frame} data-kind={kind}>
      <h2>{NAMES[kind]}</h2>
      <div class="drawing">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label={NAMES[kind]}>
          <CellWires cell={cell} marked={open ?? hovered} />
          {placeOfNodes.map((place, node) => (
            <NodeMark key={node} node={node} {...place} />
          ))}
          {cell.map((edge, position) => (
            <g
              key={position}
              ref={(element) => {
                pills.current[position] = element
              }}
              class={`pill ${FAMILIES[edge.operation]}${open === position ? ' open' : ''}`}
              role="button"
              tabindex={0}
              aria-haspopup="dialog"
              aria-expanded={open === position}
              aria-label={label(edge, position)}
              data-edge={position}
              onClick={() => setOpen(open === position ? null : position)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' || event.key === ' ') setOpen(position)
                else if (!move(position, event.key)) return
                event.preventDefault()
              }}
              onPointerEnter={() => setHovered(position)}
              onPointerLeave={() => setHovered(null)}
            >
              <rect
                x={PILL.x}
                y={pillY(position) - PILL.height / 2}
                width={PILL.width}
                height={PILL.height}
                rx={PILL.height / 2}
              />
              <circle class="source" cx={PILL.x + 14} cy={pillY(position)} r={9} />
              <text class="number" x={PILL.x + 14} y={pillY(position)}>
                {edge.input}
              </text>
              <text class="name" x={PILL.x + 30} y={pillY(position)}>
                {OPERATIONS[edge.operation]}
              </text>
            </g>
          ))}
        </svg>
        {open !== null && (
          <EdgeMenu
            key={open}
            title={`${NAMES[kind]}, node ${nodeOf(open)}`}
            bench={bench}
            genotype={genotype}
            kind={kind}
            edge={open}
            position={menuPosition(open)}
            onChoose={onChange}
            onClose={close}
          />
        )}
      </div>
    </div>
  )
}

function label(edge: Edge, position: number): string {
  return `Node ${nodeOf(position)}: ${OPERATIONS[edge.operation]} from node ${edge.input}. Edit`
}

/** Below the pill in the upper half, above it in the lower one. */
function menuPosition(edge: number): Record<string, string> {
  const y = pillY(edge)
  const gap = PILL.height / 2 + 5
  return edge < (INPUTS * NODES) / 2
    ? { top: `${(100 * (y + gap)) / HEIGHT}%` }
    : { bottom: `${(100 * (HEIGHT - y + gap)) / HEIGHT}%` }
}

function useClickOutside(ref: { current: HTMLElement | null }, onOutside: () => void): void {
  useEffect(() => {
    const onDown = (event: PointerEvent) => {
      if (!ref.current?.contains(event.target as Node)) onOutside()
    }
    document.addEventListener('pointerdown', onDown)
    return () => document.removeEventListener('pointerdown', onDown)
  })
}
