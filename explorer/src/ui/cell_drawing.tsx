/**
 * Where things of a cell stand. Every node has a lane that runs down from it; an operation is a row,
 * with a wire from the lane of its input. A node's two operations join on the right, and lead back to
 * the node, where its own lane begins. So no wire ever runs over an operation.
 */

import type { Cell } from '../darts/genotype'
import { INPUTS, NODES, nodeOf } from '../darts/genotype'

export const WIDTH = 324
const LANE = 23
const LEFT = 26
const RADIUS = 11
const TOP = 24
/** Rows of a node: two operations, and the node. */
const ROW = 36
const GROUP = 2 * ROW + 32
/** Where a node's two operations join. */
const JOINT = 312
const END = TOP + NODES * GROUP + 14
export const HEIGHT = END + 20

export const PILL = { x: 164, width: 136, height: 28 }

/** Vertical centre of an edge's operation. */
export function pillY(edge: number): number {
  return TOP + 26 + (nodeOf(edge) - INPUTS) * GROUP + (edge % 2) * ROW
}

export const placeOfNodes = Array.from({ length: INPUTS + NODES }, (_, node) => ({
  x: LEFT + LANE * node,
  y: node < INPUTS ? TOP - 6 : pillY(2 * (node - INPUTS) + 1) + ROW - 3,
}))

export function NodeMark({ node, x, y }: { node: number; x: number; y: number }) {
  return (
    <g class="node">
      <circle cx={x} cy={y} r={RADIUS} />
      <text x={x} y={y}>
        {node}
      </text>
    </g>
  )
}

/** All lanes and wires; those of the marked edge stand out. */
export function CellWires({ cell, marked }: { cell: Cell; marked: number | null }) {
  const used = placeOfNodes.map((_, node) =>
    Math.max(0, ...cell.map((edge, i) => (edge.input === node ? pillY(i) : 0))),
  )
  return (
    <g class="wires">
      {placeOfNodes.map(({ x, y }, node) => (
        <path key={node} class="wire" d={`M${x} ${y}V${node < INPUTS ? used[node] : END}`} />
      ))}
      {cell.map((edge, i) => (
        <EdgeWire key={i} source={edge.input} edge={i} isMarked={i === marked} />
      ))}
      <text class="caption" x={placeOfNodes[1].x + 20} y={placeOfNodes[1].y}>
        inputs: c(k−2), c(k−1)
      </text>
      <Output />
    </g>
  )
}

function EdgeWire({ source, edge, isMarked }: { source: number; edge: number; isMarked: boolean }) {
  const y = pillY(edge)
  const from = placeOfNodes[source]
  const to = placeOfNodes[nodeOf(edge)]
  const into = `M${from.x} ${y}H${PILL.x}`
  const out = `M${PILL.x + PILL.width} ${y}H${JOINT - 7}q7 0 7 7V${to.y - 7}q0 7 -7 7H${to.x}`
  const mark = isMarked ? ' marked' : ''
  return (
    <>
      <path class="halo" d={`M${from.x + 4} ${y}H${PILL.x}`} />
      <path class={`wire${mark}`} d={into} />
      {isMarked && <path class="wire marked" d={`M${from.x} ${from.y}V${y}`} />}
      <path class={`wire${mark}`} d={out} />
      <circle class={`joint${mark}`} cx={from.x} cy={y} r={3.5} />
    </>
  )
}

function Output() {
  const first = placeOfNodes[INPUTS].x
  const last = placeOfNodes[INPUTS + NODES - 1].x
  return (
    <g class="output">
      <rect x={first - 8} y={END} width={last - first + 16} height={9} rx={4.5} />
      <text class="caption" x={last + 16} y={END + 5}>
        concatenated: c(k)
      </text>
    </g>
  )
}
