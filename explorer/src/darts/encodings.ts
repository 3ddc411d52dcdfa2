/** Encodings of canonical genotypes as float32 rows: docs/format.md, Encodings. */

import type { NetworkShape } from './costs'
import { costs } from './costs'
import type { Cell, Genotype } from './genotype'
import { EDGES, INPUTS, KINDS, NODES, OPERATIONS, nodeOf } from './genotype'
import { CHOICES, toVector } from './vector'

export type Encoding = 'one_hot' | 'graph_features' | 'features' | 'paths' | 'graph'

/** Sets of operations that graph features look at. */
const SETS: readonly (readonly number[])[] = [
  ...OPERATIONS.map((_, index) => [index]),
  [0, 1],
  [0, 1, 2],
  [3, 4],
  [5, 6],
  [3, 5],
  [4, 6],
  [3, 4, 5, 6],
  [2, 3, 4, 5, 6],
  [0, 1, 2, 3, 4, 5, 6],
]

const REFERENCE: NetworkShape = {
  cells: 8,
  channels: 16,
  image_size: 32,
  classes: 10,
  auxiliary_head: false,
}

/** The row of a canonical genotype. */
export function encode(genotype: Genotype, encoding: Encoding): Float32Array {
  return Float32Array.from(ENCODERS[encoding](genotype))
}

const ENCODERS: Record<Encoding, (genotype: Genotype) => ArrayLike<number>> = {
  one_hot: oneHot,
  graph_features: graphFeatures,
  features: (genotype) => [...oneHot(genotype), ...graphFeatures(genotype)],
  paths: pathRow,
  graph: graphRow,
}

function oneHot(genotype: Genotype): number[] {
  const numbers = [...CHOICES, ...CHOICES]
  return toVector(genotype).flatMap((choice, position) =>
    Array.from({ length: numbers[position] }, (_, i) => Number(i === choice)),
  )
}

function graphFeatures(genotype: Genotype): number[] {
  const row: number[] = []
  for (const kind of KINDS) {
    const cell = genotype[kind]
    for (const set of SETS) {
      const inside = cell.map((edge) => set.includes(edge.operation))
      const sources = cell.filter((_, edge) => inside[edge]).map((edge) => edge.input)
      const from = [0, 1].map((source) => pathsFrom(cell, inside, source))
      row.push(sources.filter((source) => source === 0).length)
      row.push(sources.filter((source) => source === 1).length)
      row.push(sources.length)
      for (const key of ['number', 'longest', 'most'] as const) row.push(from[0][key], from[1][key])
    }
  }
  const { params, macs } = costs(genotype, REFERENCE)
  return [...row, Math.log(params), Math.log(macs)]
}

/** Of the paths from an input to the output: how many are inside, and lengths. */
function pathsFrom(cell: Cell, inside: boolean[], source: number) {
  const number = new Array<number>(INPUTS + NODES).fill(0)
  const longest = new Array<number>(INPUTS + NODES).fill(-Infinity)
  const most = new Array<number>(INPUTS + NODES).fill(-Infinity)
  number[source] = 1
  longest[source] = 0
  most[source] = 0
  for (let edge = 0; edge < EDGES; edge++) {
    const node = nodeOf(edge)
    const { input } = cell[edge]
    if (inside[edge]) {
      number[node] += number[input]
      longest[node] = Math.max(longest[node], longest[input] + 1)
    }
    most[node] = Math.max(most[node], most[input] + Number(inside[edge]))
  }
  return {
    number: number.slice(INPUTS).reduce((a, b) => a + b),
    longest: Math.max(0, ...longest.slice(INPUTS)),
    most: Math.max(0, ...most.slice(INPUTS)),
  }
}

/** Sequences of operations of one to four on paths, as numbers in base 7 behind those shorter. */
function pathRow(genotype: Genotype): Float32Array {
  const lengths = [1, 2, 3, 4].map((length) => OPERATIONS.length ** length)
  const block = lengths.reduce((a, b) => a + b)
  const first = [0, 1, 2, 3].map((i) => lengths.slice(0, i).reduce((a, b) => a + b, 0))
  const row = new Float32Array(2 * INPUTS * block)
  KINDS.forEach((kind, k) => {
    for (let source = 0; source < INPUTS; source++) {
      const reached: { length: number; code: number }[][] = Array.from(
        { length: INPUTS + NODES },
        (_, node) => (node === source ? [{ length: 0, code: 0 }] : []),
      )
      genotype[kind].forEach(({ operation, input }, edge) => {
        const paths = reached[input].map(({ length, code }) => ({
          length: length + 1,
          code: code * OPERATIONS.length + operation,
        }))
        for (const { length, code } of paths) {
          row[(INPUTS * k + source) * block + first[length - 1] + code] = 1
        }
        reached[nodeOf(edge)].push(...paths)
      })
    }
  })
  return row
}

/** 24 edges of (source, target, operation). */
function graphRow(genotype: Genotype): number[] {
  const output = INPUTS + NODES
  return KINDS.flatMap((kind, k) => {
    const nodes = (output + 1) * k
    const edges = genotype[kind].flatMap(({ operation, input }, edge) => [
      nodes + input,
      nodes + nodeOf(edge),
      OPERATIONS.length * k + operation,
    ])
    const outputs = Array.from({ length: NODES }, (_, node) => [
      nodes + INPUTS + node,
      nodes + output,
      2 * OPERATIONS.length,
    ])
    return [...edges, ...outputs.flat()]
  })
}
