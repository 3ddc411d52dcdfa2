/** The canonical form: one representative of all genotypes that are the same network. */

import type { Cell, Edge, Genotype } from './genotype'
import { EDGES, INPUTS, NODES } from './genotype'

/** order[new] is the old position of a node, 0 to 3. */
const ORDERS = permutations([0, 1, 2, 3])

function permutations(values: number[]): number[][] {
  if (values.length === 0) return [[]]
  return values.flatMap((first) =>
    permutations(values.filter((value) => value !== first)).map((rest) => [first, ...rest]),
  )
}

/** Both cells in canonical form. */
export function canonical(genotype: Genotype): Genotype {
  return { normal: canonicalCell(genotype.normal), reduce: canonicalCell(genotype.reduce) }
}

/** The renumbering with the smallest list of inputs and then of operations. */
export function canonicalCell(cell: Cell): Cell {
  let best: Cell | undefined
  for (const order of ORDERS) {
    const form = renumbered(cell, order)
    if (form && (!best || isBefore(form, best))) best = form
  }
  if (!best) throw new Error('a cell has at least its own numbering')
  return best
}

function renumbered(cell: Cell, order: number[]): Cell | undefined {
  const place = [0, 1, 0, 0, 0, 0]
  order.forEach((old, now) => (place[INPUTS + old] = INPUTS + now))
  const edges: Edge[] = []
  for (let now = 0; now < NODES; now++) {
    const a = cell[2 * order[now]]
    const b = cell[2 * order[now] + 1]
    const pair = [
      { operation: a.operation, input: place[a.input] },
      { operation: b.operation, input: place[b.input] },
    ]
    if (Math.max(pair[0].input, pair[1].input) >= INPUTS + now) return undefined
    if (pair[0].input > pair[1].input) pair.reverse()
    edges.push(...pair)
  }
  return edges
}

function isBefore(a: Cell, b: Cell): boolean {
  for (const key of ['input', 'operation'] as const) {
    for (let edge = 0; edge < EDGES; edge++) {
      if (a[edge][key] !== b[edge][key]) return a[edge][key] < b[edge][key]
    }
  }
  return false
}
