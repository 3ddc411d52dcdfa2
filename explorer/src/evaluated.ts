/** The evaluated architectures as objects, with what the page computes of them. */

import type { EvaluatedContent } from './content'
import { canonical } from './darts/canonical'
import type { NetworkShape } from './darts/costs'
import { costs } from './darts/costs'
import type { Genotype } from './darts/genotype'
import { VARIABLES, fromVector, toVector } from './darts/vector'

export interface Evaluated {
  readonly genotype: Genotype
  /** Mean over its trainings. */
  readonly accuracy: number
  readonly trainings: number
  /** Index of the sampler that proposed it first. */
  readonly sampler: number
  /** By name of an axis; nan if unknown. */
  readonly x: Readonly<Record<Axis, number>>
}

export type Axis = 'params' | 'macs' | 'train_time_s'

export interface Sampler {
  readonly name: string
  readonly optimizer: string
  /** Best mean accuracy so far, by number of proposals. */
  readonly bestSoFar: readonly number[]
}

export class Campaign {
  readonly architectures: readonly Evaluated[]
  readonly samplers: readonly Sampler[]
  /** Optimizers of the samplers, each once. */
  readonly optimizers: readonly string[]
  private readonly byVector: ReadonlyMap<string, Evaluated>

  constructor(content: EvaluatedContent, network: NetworkShape | null) {
    const n = content.trainings.data.length
    this.architectures = Array.from({ length: n }, (_, i) => {
      const vector = Array.from(
        { length: VARIABLES },
        (_, j) => content.vectors.data[i * VARIABLES + j],
      )
      const genotype = fromVector(vector)
      const cost = network && costs(genotype, network)
      return {
        genotype,
        accuracy: content.val_accuracy.data[i],
        trainings: content.trainings.data[i],
        sampler: content.sampler.data[i],
        x: {
          params: cost?.params ?? NaN,
          macs: cost?.macs ?? NaN,
          train_time_s: content.train_time_s.data[i],
        },
      }
    })
    this.samplers = content.samplers.map(([name, optimizer], sampler) => ({
      name,
      optimizer,
      bestSoFar: runningBest(
        Array.from(content.sequences[sampler].data, (i) => content.val_accuracy.data[i]),
      ),
    }))
    this.optimizers = [...new Set(this.samplers.map(({ optimizer }) => optimizer))]
    this.byVector = new Map(this.architectures.map((a) => [key(a.genotype), a]))
  }

  /** What the genotype's network scored; undefined if it was never trained. */
  find(genotype: Genotype): Evaluated | undefined {
    return this.byVector.get(key(canonical(genotype)))
  }
}

function key(form: Genotype): string {
  return toVector(form).join()
}

function runningBest(values: number[]): number[] {
  let best = -Infinity
  return values.map((value) => (best = Math.max(best, value)))
}

/** Those that no other beats in both: at most as much x, and a higher accuracy. Ascending in x. */
export function paretoFront(points: readonly Evaluated[], axis: Axis): Evaluated[] {
  const sorted = [...points].sort((a, b) => a.x[axis] - b.x[axis] || b.accuracy - a.accuracy)
  let best = -Infinity
  return sorted.filter(({ accuracy }) => {
    const isBetter = accuracy > best
    best = Math.max(best, accuracy)
    return isBetter
  })
}
