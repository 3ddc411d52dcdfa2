/** Genotypes as 22 choices: per cell the operations of 8 edges, then the input pairs of nodes 3 to 5. */

import type { Cell, Edge, Genotype } from './genotype'
import { EDGES, INPUTS, NODES, OPERATIONS } from './genotype'

/** Possible pairs of inputs of every intermediate node, in lexicographic order. */
export const PAIRS: readonly (readonly [number, number])[][] = Array.from(
  { length: NODES },
  (_, node) => {
    const found: [number, number][] = []
    for (let low = 0; low < INPUTS + node; low++) {
      for (let high = low + 1; high < INPUTS + node; high++) found.push([low, high])
    }
    return found
  },
)

/** Number of choices at every position of a cell's half of the vector. */
export const CHOICES: readonly number[] = [
  ...new Array<number>(EDGES).fill(OPERATIONS.length),
  ...PAIRS.slice(1).map((pairs) => pairs.length),
]

export const VARIABLES = 2 * CHOICES.length

/** 22 choices; a node's lower input comes first. */
export function toVector(genotype: Genotype): number[] {
  return [...cellChoices(genotype.normal), ...cellChoices(genotype.reduce)]
}

function cellChoices(cell: Cell): number[] {
  const operations: number[] = []
  const inputs: number[] = []
  for (let node = 0; node < NODES; node++) {
    let [low, high] = [cell[2 * node], cell[2 * node + 1]]
    if (low.input > high.input) [low, high] = [high, low]
    operations.push(low.operation, high.operation)
    inputs.push(PAIRS[node].findIndex(([a, b]) => a === low.input && b === high.input))
  }
  return [...operations, ...inputs.slice(1)]
}

/** The genotype of 22 choices that are known to be in range. */
export function fromVector(vector: ArrayLike<number>): Genotype {
  const values = Array.from(vector)
  return {
    normal: cellOf(values.slice(0, CHOICES.length)),
    reduce: cellOf(values.slice(CHOICES.length)),
  }
}

function cellOf(choices: number[]): Cell {
  const inputs = [0, ...choices.slice(EDGES)].flatMap((pair, node) => [...PAIRS[node][pair]])
  return inputs.map((input, edge): Edge => ({ operation: choices[edge], input }))
}
