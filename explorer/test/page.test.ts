import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Evaluated } from '../src/evaluated'
import { paretoFront } from '../src/evaluated'
import { count, points, seconds } from '../src/numbers'
import { initial, step } from '../src/ui/history'
import { seriesByName } from '../src/ui/marks'
import { sample } from '../src/darts/moves'
import { random } from './random'

function evaluated(params: number, accuracy: number): Evaluated {
  const x = { params, macs: NaN, train_time_s: NaN }
  return { genotype: sample(random(0)), accuracy, trainings: 1, sampler: 0, x }
}

test('the front keeps what nothing beats', () => {
  const points = [
    evaluated(3, 0.5),
    evaluated(1, 0.2),
    evaluated(2, 0.6),
    evaluated(2, 0.4),
    evaluated(4, 0.6),
    evaluated(5, 0.7),
  ]
  const front = paretoFront(points, 'params').map(({ x, accuracy }) => [x.params, accuracy])
  assert.deepEqual(front, [
    [1, 0.2],
    [2, 0.6],
    [5, 0.7],
  ])
})

test('numbers are short', () => {
  assert.deepEqual([34512, 1_790_000, 950, 2.5e9].map(count), ['34.5 k', '1.79 M', '950', '2.5 G'])
  assert.deepEqual([0.0123, -0.005, 0.000001, -0.00004].map(points), [
    '+1.23',
    '−0.50',
    '0.00',
    '0.00',
  ])
  assert.deepEqual([14.31, 600, 9687].map(seconds), ['14.3 s', '10.0 min', '2.69 h'])
})

test('undo and redo go through what was shown', () => {
  const next = random(6)
  const [a, b, c] = [sample(next), sample(next), sample(next)]
  let history = initial(a)
  history = step(history, { type: 'undo' })
  assert.equal(history.present, a)
  for (const genotype of [b, b, c]) history = step(history, { type: 'show', genotype })
  assert.equal(history.past.length, 2)
  history = step(step(history, { type: 'undo' }), { type: 'undo' })
  assert.equal(history.present, a)
  history = step(history, { type: 'redo' })
  assert.equal(history.present, b)
  history = step(history, { type: 'change', change: () => a })
  assert.deepEqual(step(history, { type: 'redo' }), history)
})

test('a name has one number in every chart', () => {
  const seriesOf = seriesByName(['random', 'tpe', 'random', 'bananas'])
  assert.deepEqual(['random', 'tpe', 'bananas'].map(seriesOf), [0, 1, 2])
})
