/** Against answers of nasforge: every_kind.json, which tests/explorer_fixture.py writes. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { unpack } from '../src/container'
import type { PageContent } from '../src/content'
import { format, parse } from '../src/darts/genotype'
import { Benchmark } from '../src/models/benchmark'

interface Case {
  surrogate: string
  packed: string
  answers: {
    architecture: string
    canonical: string
    targets: Record<string, number>
    noise_std: number
    epistemic_std: number
    params: number
    macs: number
    curve: number[]
  }[]
}

const CASES = JSON.parse(
  readFileSync(new URL('every_kind.json', import.meta.url), 'utf8'),
) as Case[]

function near(value: number | null | undefined, expected: number, what: string) {
  assert.ok(value !== null && value !== undefined, what)
  assert.ok(
    Math.abs(value - expected) <= 1e-6 * Math.abs(expected) + 1e-8,
    `${what}: ${value} ${expected}`,
  )
}

for (const { surrogate, packed, answers } of CASES) {
  test(`${surrogate} answers as in nasforge`, async () => {
    const content = (await unpack(packed)) as PageContent
    const bench = new Benchmark(content.model)
    for (const expected of answers) {
      const prediction = bench.predict(parse(expected.architecture))
      assert.equal(format(prediction.canonical), expected.canonical)
      for (const [target, value] of Object.entries(expected.targets)) {
        near(prediction.answers[target]?.value, value, target)
      }
      near(prediction.answers.val_accuracy.noiseStd, expected.noise_std, 'noise_std')
      near(prediction.answers.val_accuracy.epistemicStd, expected.epistemic_std, 'epistemic_std')
      assert.equal(prediction.params, expected.params)
      assert.equal(prediction.macs, expected.macs)
      expected.curve.forEach((value, epoch) => near(prediction.curve?.[epoch], value, 'curve'))
    }
  })
}

test('every kind of predictor is there', () => {
  const names = CASES.map(({ surrogate }) => surrogate).sort()
  assert.deepEqual(names, ['blend', 'forest', 'gin', 'kernel', 'linear', 'mlp'])
})
