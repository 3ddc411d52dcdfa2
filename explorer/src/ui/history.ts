/** Genotypes that were shown, to go back and forth. */

import type { Genotype } from '../darts/genotype'
import { format } from '../darts/genotype'

export interface History {
  readonly past: readonly Genotype[]
  readonly present: Genotype
  readonly future: readonly Genotype[]
}

export type Step =
  | { type: 'show'; genotype: Genotype }
  | { type: 'change'; change: (genotype: Genotype) => Genotype }
  | { type: 'undo' }
  | { type: 'redo' }

export function initial(genotype: Genotype): History {
  return { past: [], present: genotype, future: [] }
}

export function step(history: History, action: Step): History {
  const { past, present, future } = history
  switch (action.type) {
    case 'undo':
      if (past.length === 0) return history
      return {
        past: past.slice(0, -1),
        present: past[past.length - 1],
        future: [present, ...future],
      }
    case 'redo':
      if (future.length === 0) return history
      return { past: [...past, present], present: future[0], future: future.slice(1) }
    default: {
      const next = action.type === 'show' ? action.genotype : action.change(present)
      if (format(next) === format(present)) return history
      return { past: [...past, present], present: next, future: [] }
    }
  }
}
