import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GenotypeError, format, formatNamedtuple, parse } from '../src/darts/genotype'
import { sample } from '../src/darts/moves'
import { random } from './random'

const CELL =
  'sep_conv_3x3@0+skip_connect@1/max_pool_3x3@0+dil_conv_5x5@2/' +
  'avg_pool_3x3@1+sep_conv_5x5@3/dil_conv_3x3@0+skip_connect@4'
const TEXT = `normal:${CELL}-reduce:${CELL}`

test('both forms are read back', () => {
  const next = random(1)
  for (let i = 0; i < 200; i++) {
    const genotype = sample(next)
    assert.deepEqual(parse(format(genotype)), genotype)
    assert.deepEqual(parse(formatNamedtuple(genotype)), genotype)
  }
})

test('what DARTS code prints in other ways is read', () => {
  const genotype = parse(TEXT)
  const text = formatNamedtuple(genotype)
  const variants = [
    `  ${text}\n`,
    text.replaceAll("'", '"'),
    text.replaceAll(', ', ',\n    '),
    text.replaceAll('range(2, 6)', '[2, 3, 4, 5]'),
    text.replaceAll('range(2, 6)', '(2, 3, 4, 5)'),
    text.replaceAll("('sep_conv_3x3', 0)", "['sep_conv_3x3', 0]"),
    text.replace(/normal=(.*), reduce=(.*)\)$/, 'reduce=$2, normal=$1)'),
  ]
  for (const variant of variants) assert.deepEqual(parse(variant), genotype, variant)
})

const NAMEDTUPLE = formatNamedtuple(parse(TEXT))

const REFUSED: [string, string, RegExp][] = [
  ['nothing', '  ', /Paste a genotype/],
  ['prose', 'hello', /“hello” is no genotype. Expected “normal/],
  ['a long text', `normal:${'x'.repeat(5000)}`, /5007 characters/],
  [
    'a misspelt operation',
    TEXT.replace('sep_conv_3x3', 'sepconv3x3'),
    /did you mean “sep_conv_3x3”/,
  ],
  ['an unknown operation', TEXT.replace('sep_conv_3x3', 'none'), /normal cell, node 2: unknown/],
  [
    'a later input',
    TEXT.replace('dil_conv_5x5@2', 'dil_conv_5x5@3'),
    /node 3: input 3 is no earlier/,
  ],
  [
    'one input twice',
    TEXT.replace('skip_connect@1', 'skip_connect@0'),
    /both edges come from node 0/,
  ],
  ['a missing edge', TEXT.replace('+skip_connect@1', ''), /must be two edges joined/],
  ['a missing node', TEXT.replace(/^normal:[^/]*\//, 'normal:'), /3 nodes separated/],
  ['no input', TEXT.replace('skip_connect@1', 'skip_connect'), /must be operation@input/],
  [
    'a code',
    'Genotype(normal=exit(), normal_concat=range(2, 6), reduce=1, reduce_concat=2)',
    /must be/,
  ],
  [
    'another concat',
    NAMEDTUPLE.replace('range(2, 6)', 'range(3, 6)'),
    /normal_concat must be range/,
  ],
  ['a missing field', NAMEDTUPLE.replace(/, reduce_concat.*/, ')'), /has normal, .*; must have/],
  ['an open bracket', NAMEDTUPLE.slice(0, -1), /brackets do not close/],
  [
    'an edge too many',
    NAMEDTUPLE.replace("('skip_connect', 1)", "('skip_connect', 1), ('skip_connect', 1)"),
    /9 edges/,
  ],
  ['white space in a name', NAMEDTUPLE.replace('sep_conv_3x3', 'sep_conv _3x3'), /did you mean/],
]

for (const [name, text, message] of REFUSED) {
  test(`${name} is refused with a reason`, () => {
    assert.throws(
      () => parse(text),
      (error) => {
        assert.ok(error instanceof GenotypeError)
        assert.match(error.message, message)
        return true
      },
    )
  })
}
