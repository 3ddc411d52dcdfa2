/** What src/nasforge/explorer put into the page. */

import type { Tensor } from './container'
import type { ModelContent } from './models/benchmark'

export interface ScoreRow {
  surrogate: string
  target: string
  metric: string
  n: number
  score: number | null
  low: number | null
  high: number | null
  ceiling: number | null
  table: number | null
}

export interface BenchmarkContent {
  name: string
  version: number
  full_name: string
  description: string
  evaluator: string
  dataset: string
  recipe: string
  training_set: {
    evaluations: number
    architectures: number
    campaign_evaluations?: number
    campaign_architectures?: number
    campaign_train_time_s?: number | null
    samplers?: { sampler: string; optimizer: string; proposals: number }[]
  }
  best_known: { architecture: string; val_accuracy?: number; surrogate?: string }
  selected: string
  surrogate: string
  scores: ScoreRow[]
  limits: string[]
  noise: string[]
  licence: string
  citation: string
}

export interface EvaluatedContent {
  vectors: Tensor
  trainings: Tensor
  val_accuracy: Tensor
  train_time_s: Tensor
  samplers: [name: string, optimizer: string][]
  sampler: Tensor
  sequences: Tensor[]
}

export interface RunContent {
  optimizer: string
  backend: string
  seeds: number
  noisy: boolean
  evaluations: Tensor
  low: Tensor
  middle: Tensor
  high: Tensor
}

export interface PageContent {
  software: string
  benchmark: BenchmarkContent
  model: ModelContent
  evaluated: EvaluatedContent | null
  runs: RunContent[] | null
}
