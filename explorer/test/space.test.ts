import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonical, canonicalCell } from '../src/darts/canonical'
import type { Cell } from '../src/darts/genotype'
import { KINDS, format, parse } from '../src/darts/genotype'
import { inputChoices, mutate, sample, withEdge } from '../src/darts/moves'
import { PAIRS, fromVector, toVector } from '../src/darts/vector'
import { random } from './random'

test('cells of one operation have 79 canonical forms', () => {
  const forms = new Set<string>()
  let cells = 0
  for (const a of PAIRS[1]) {
    for (const b of PAIRS[2]) {
      for (const c of PAIRS[3]) {
        const inputs = [0, 1, ...a, ...b, ...c]
        const cell: Cell = inputs.map((input) => ({ operation: 3, input }))
        forms.add(JSON.stringify(canonicalCell(cell)))
        cells++
      }
    }
  }
  assert.equal(cells, 180)
  assert.equal(forms.size, 79)
})

test('the canonical form is one of its own, and of a node with its edges swapped', () => {
  const next = random(2)
  for (let i = 0; i < 200; i++) {
    const genotype = sample(next)
    const form = canonical(genotype)
    assert.deepEqual(canonical(form), form)
    const [first, second, ...others] = genotype.normal
    assert.deepEqual(canonical({ ...genotype, normal: [second, first, ...others] }), form)
  }
})

test('vectors are read back', () => {
  const next = random(3)
  for (let i = 0; i < 200; i++) {
    const genotype = sample(next)
    assert.deepEqual(fromVector(toVector(genotype)), genotype)
  }
})

test('a mutation is a valid genotype that differs in one operation or one input', () => {
  const next = random(4)
  let operations = 0
  for (let i = 0; i < 500; i++) {
    const genotype = sample(next)
    const mutant = mutate(genotype, next)
    assert.deepEqual(parse(format(mutant)), mutant)
    const changes = KINDS.flatMap((kind) =>
      genotype[kind].flatMap((edge, position) => {
        const now = mutant[kind][position]
        return [edge.operation !== now.operation, edge.input !== now.input].filter(Boolean)
      }),
    )
    assert.equal(changes.length, 1)
    operations += Number(
      toVector(genotype).slice(0, 8).join() !== toVector(mutant).slice(0, 8).join(),
    )
  }
  assert.ok(operations > 0)
})

test('all choices of an edge are valid, and no other input is', () => {
  const next = random(5)
  for (let i = 0; i < 100; i++) {
    const genotype = sample(next)
    for (const kind of KINDS) {
      genotype[kind].forEach(({ operation }, edge) => {
        const allowed = inputChoices(genotype[kind], edge)
        for (let input = 0; input < 6; input++) {
          const text = format(withEdge(genotype, kind, edge, { operation, input }))
          if (allowed.includes(input)) parse(text)
          else assert.throws(() => parse(text))
        }
      })
    }
  }
})
