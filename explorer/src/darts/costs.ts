/** Exact parameters and multiply-adds of a network: docs/format.md, Parameters and multiply-adds. */

import type { Genotype } from './genotype'
import { OPERATIONS } from './genotype'

export interface NetworkShape {
  readonly cells: number
  readonly channels: number
  readonly image_size: number
  readonly classes: number
  readonly auxiliary_head: boolean
}

export interface Costs {
  params: number
  macs: number
}

/** Costs of the whole network. */
export function costs(genotype: Genotype, shape: NetworkShape): Costs {
  const total: Costs = { params: 0, macs: 0 }
  const convolution = (k: number, a: number, b: number, size: number, times = 1) => {
    total.params += times * (k * k * a * b + 2 * b)
    total.macs += times * k * k * a * b * size * size
  }
  let size = shape.image_size
  let c = shape.channels
  convolution(3, 3, 3 * c, size)
  let [before, last] = [3 * c, 3 * c]
  const reductions = [Math.floor(shape.cells / 3), Math.floor((2 * shape.cells) / 3)]
  for (let position = 0; position < shape.cells; position++) {
    const isReduction = reductions.includes(position)
    if (isReduction) c *= 2
    convolution(1, before, c, size)
    convolution(1, last, c, size)
    if (isReduction) size = Math.floor(size / 2)
    for (const { operation, input } of genotype[isReduction ? 'reduce' : 'normal']) {
      const name = OPERATIONS[operation]
      if (name === 'skip_connect') {
        if (isReduction && input < 2) convolution(1, c, c, size)
      } else if (name.includes('conv')) {
        const k = Number(name[name.length - 1])
        const times = name.startsWith('sep') ? 2 : 1
        total.params += times * k * k * c
        total.macs += times * k * k * c * size * size
        convolution(1, c, c, size, times)
      }
    }
    ;[before, last] = [last, 4 * c]
  }
  total.params += (last + 1) * shape.classes
  total.macs += last * shape.classes
  if (shape.auxiliary_head) {
    convolution(1, last, 128, 0)
    convolution(2, 128, 768, 0)
    total.params += 769 * shape.classes
  }
  return total
}
