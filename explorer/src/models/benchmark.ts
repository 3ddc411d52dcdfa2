/** A benchmark's answers: what nasforge's Benchmark.query, .curve and .support give. */

import type { Tensor } from '../container'
import { canonical } from '../darts/canonical'
import type { NetworkShape } from '../darts/costs'
import { costs } from '../darts/costs'
import type { Encoding } from '../darts/encodings'
import { encode } from '../darts/encodings'
import type { Genotype } from '../darts/genotype'
import { format } from '../darts/genotype'
import { VARIABLES, toVector } from '../darts/vector'
import type { Arrays, Predictor } from './predictors'
import { makePredictor } from './predictors'

export type Scale = 'identity' | 'log' | 'log_error'

export interface PartContent {
  kind: string
  encoding: Encoding
  link: Scale
  weight: number
  arrays: Arrays
}

export interface TargetContent {
  unit: 'fraction' | 's'
  scale: Scale
  noise: { log_variance: number; slope: number } | null
  epistemic_scale: number | null
  parts: PartContent[]
}

export interface ModelContent {
  surrogate: string
  targets: Record<string, TargetContent>
  curve: { mean: Tensor; components: Tensor; parts: PartContent[] } | null
  support: { vectors: Tensor; nearest: Tensor } | null
  network: NetworkShape | null
}

/** A prediction of one target, on its natural scale. */
export interface Answer {
  readonly value: number
  /** Of a training's outcome between seeds, on the target's scale; null if unknown. */
  readonly noiseStd: number | null
  /** Of the predicted mean's error, on the target's scale; null if unknown. */
  readonly epistemicStd: number | null
  /** Where a new training ends with a probability of 90 %; null if both are unknown. */
  readonly interval: readonly [number, number] | null
}

/** By target; every benchmark has `val_accuracy`. */
export type Answers = Readonly<Partial<Record<string, Answer>>> & { readonly val_accuracy: Answer }

export interface Prediction {
  readonly canonical: Genotype
  readonly answers: Answers
  readonly params: number | null
  readonly macs: number | null
  /** val_accuracy after every epoch; null if there is no such model. */
  readonly curve: readonly number[] | null
  /** Part of the training architectures that are as far from each other; null if unknown. */
  readonly support: number | null
}

/** A target's answer, and its mean on the scale that models answer in. */
interface Estimate {
  readonly mean: number
  readonly answer: Answer
}

/** Kinds that answer within a small part of a frame, as SMALL in src/nasforge/explorer/answering.py. */
const FAST = ['linear', 'forest']

/** How many accuracies are kept: those of a few menus, in which the same networks come again. */
const KEPT = 1000

/** The standard normal's 95 % quantile, for intervals of 90 %. */
const Z90 = 1.6448536269514722

const BACK: Record<Scale, (x: number) => number> = {
  identity: (x) => x,
  log: Math.exp,
  log_error: (x) => 1 - Math.exp(x),
}

interface Part {
  predict: Predictor
  encoding: Encoding
  link: Scale
  weight: number
}

type Rows = (encoding: Encoding) => Float32Array

export class Benchmark {
  readonly targets: readonly string[]
  /** Whether a dozen accuracies can be asked for before the page is drawn. */
  readonly isFast: boolean
  private readonly models: ReadonlyMap<string, { content: TargetContent; parts: Part[] }>
  private readonly curveParts: Part[]
  /** By canonical form. */
  private readonly accuracies = new Map<string, Estimate>()

  constructor(private readonly content: ModelContent) {
    this.targets = Object.keys(content.targets)
    this.isFast = content.targets.val_accuracy.parts.every(({ kind }) => FAST.includes(kind))
    this.models = new Map(
      Object.entries(content.targets).map(([name, target]) => [
        name,
        { content: target, parts: target.parts.map(makePart) },
      ]),
    )
    this.curveParts = content.curve?.parts.map(makePart) ?? []
  }

  /** All there is to say of a genotype. */
  predict(genotype: Genotype): Prediction {
    const form = canonical(genotype)
    const rows = encoder(form)
    const accuracy = this.estimateAccuracy(form, rows)
    const answers = { val_accuracy: accuracy.answer }
    const others = this.targets.filter((target) => target !== 'val_accuracy')
    for (const target of others) {
      Object.assign(answers, { [target]: this.estimate(target, rows).answer })
    }
    const cost = this.content.network && costs(genotype, this.content.network)
    return {
      canonical: form,
      answers,
      params: cost && cost.params,
      macs: cost && cost.macs,
      curve: this.curve(rows, accuracy.mean),
      support: this.support(form),
    }
  }

  /** val_accuracy alone. */
  accuracy(genotype: Genotype): number {
    const form = canonical(genotype)
    return this.estimateAccuracy(form, encoder(form)).answer.value
  }

  /** Whether `accuracy` costs nothing, as it was asked for before. */
  knowsAccuracy(genotype: Genotype): boolean {
    return this.accuracies.has(format(canonical(genotype)))
  }

  private estimateAccuracy(form: Genotype, rows: Rows): Estimate {
    const key = format(form)
    const known = this.accuracies.get(key)
    if (known) return known
    if (this.accuracies.size === KEPT) this.accuracies.clear()
    const estimate = this.estimate('val_accuracy', rows)
    this.accuracies.set(key, estimate)
    return estimate
  }

  private estimate(target: string, rows: Rows): Estimate {
    const { content, parts } = this.model(target)
    const members = blend(parts, rows)
    const mean = average(members)
    const { noise, epistemic_scale: c } = content
    const noiseStd = noise && Math.exp((noise.log_variance + noise.slope * mean) / 2)
    const known = c !== null && members.length > 1
    const epistemicStd = known ? Math.sqrt(c * variance(members, mean)) : null
    const natural = (x: number) => {
      const y = BACK[content.scale](x)
      return content.unit === 'fraction' ? clip(y) : y
    }
    const std = Math.hypot(noiseStd ?? 0, epistemicStd ?? 0)
    const ends = [natural(mean - Z90 * std), natural(mean + Z90 * std)].sort((a, b) => a - b)
    const answer: Answer = {
      value: natural(mean),
      noiseStd,
      epistemicStd,
      interval: noiseStd === null && epistemicStd === null ? null : [ends[0], ends[1]],
    }
    return { mean, answer }
  }

  /** `last` is the mean of val_accuracy, where the curve ends. */
  private curve(rows: Rows, last: number): number[] | null {
    const { curve } = this.content
    if (!curve) return null
    const coefficients = this.curveParts.map((part) =>
      average(blend([{ ...part, weight: 1 }], rows)),
    )
    const epochs = curve.mean.data.length
    const values = Array.from({ length: epochs }, (_, epoch) =>
      coefficients.reduce(
        (sum, c, k) => sum + c * curve.components.data[k * epochs + epoch],
        last + curve.mean.data[epoch],
      ),
    )
    return [...values, last].map(clip)
  }

  private support(form: Genotype): number | null {
    const { support } = this.content
    if (!support) return null
    const own = toVector(form)
    const vectors = support.vectors.data
    let smallest = Infinity
    for (let row = 0; row < vectors.length; row += VARIABLES) {
      let distance = 0
      for (let i = 0; i < VARIABLES; i++) distance += Number(vectors[row + i] !== own[i])
      smallest = Math.min(smallest, distance)
    }
    const nearest = Array.from(support.nearest.data)
    return nearest.filter((distance) => distance >= smallest).length / nearest.length
  }

  private model(target: string) {
    const model = this.models.get(target)
    if (!model) throw new Error(`no target ${target}`)
    return model
  }
}

function makePart({ kind, encoding, link, weight, arrays }: PartContent): Part {
  return { predict: makePredictor(kind, arrays), encoding, link, weight }
}

/** Rows of a canonical genotype, each computed once. */
function encoder(form: Genotype): Rows {
  const known = new Map<Encoding, Float32Array>()
  return (encoding) => {
    const row = known.get(encoding) ?? encode(form, encoding)
    known.set(encoding, row)
    return row
  }
}

/** Members on the target's scale. */
function blend(parts: Part[], rows: Rows): Float64Array {
  const [total, ...others] = parts.map(({ predict, encoding, link, weight }) =>
    predict(rows(encoding)).map((x) => weight * BACK[link](x)),
  )
  for (const part of others) part.forEach((x, m) => (total[m] += x))
  return total
}

function average(values: Float64Array): number {
  return values.reduce((a, b) => a + b) / values.length
}

function variance(values: Float64Array, mean: number): number {
  return values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1)
}

function clip(value: number): number {
  return Math.min(Math.max(value, 0), 1)
}
