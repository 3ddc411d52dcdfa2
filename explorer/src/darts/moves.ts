/** Random genotypes, single edits, and which edits an edge allows. */

import type { Cell, Edge, Genotype, Kind } from './genotype'
import { EDGES, KINDS, OPERATIONS, nodeOf } from './genotype'
import { CHOICES, fromVector } from './vector'

/** A number from 0 to below 1; Math.random, or a test's own. */
export type Random = () => number

function below(n: number, random: Random): number {
  return Math.floor(random() * n)
}

/** Uniform over the raw genotypes, as `nasforge sample`. */
export function sample(random: Random): Genotype {
  return fromVector([...CHOICES, ...CHOICES].map((n) => below(n, random)))
}

/** Earlier nodes that an edge may come from: not that of the node's other edge. */
export function inputChoices(cell: Cell, edge: number): number[] {
  const other = cell[edge ^ 1].input
  return Array.from({ length: nodeOf(edge) }, (_, node) => node).filter((node) => node !== other)
}

/** The genotype with one edge replaced. */
export function withEdge(genotype: Genotype, kind: Kind, edge: number, value: Edge): Genotype {
  const cell = genotype[kind].map((old, position) => (position === edge ? value : old))
  return { ...genotype, [kind]: cell }
}

/** One operation or one input changed, each with probability 1/2, as nasforge mutates. */
export function mutate(genotype: Genotype, random: Random): Genotype {
  const kind = KINDS[below(2, random)]
  const cell = genotype[kind]
  const changesInput = below(2, random) === 1
  const changes = Array.from({ length: EDGES }, (_, edge) => ({
    edge,
    values: changesInput ? otherInputs(cell, edge) : otherOperations(cell, edge),
  })).filter(({ values }) => values.length > 0)
  const { edge, values } = changes[below(changes.length, random)]
  return withEdge(genotype, kind, edge, values[below(values.length, random)])
}

function otherInputs(cell: Cell, edge: number): Edge[] {
  const { operation, input } = cell[edge]
  return inputChoices(cell, edge)
    .filter((node) => node !== input)
    .map((node) => ({ operation, input: node }))
}

function otherOperations(cell: Cell, edge: number): Edge[] {
  const { operation, input } = cell[edge]
  return OPERATIONS.map((_, index) => index)
    .filter((index) => index !== operation)
    .map((index) => ({ operation: index, input }))
}
