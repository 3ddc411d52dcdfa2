/** The kinds of predictors, each with its members' answers: docs/format.md, Predicting. */

import type { Tensor } from '../container'

export type Arrays = Readonly<Record<string, Tensor>>

/** A row of features to one number per member. */
export type Predictor = (row: Float32Array) => Float64Array

/** Makes the predictor of a kind; throws if it is unknown. */
export function makePredictor(kind: string, arrays: Arrays): Predictor {
  const make = MAKERS.get(kind)
  if (!make) throw new Error(`this page knows no predictor of kind “${kind}”`)
  return make(arrays)
}

interface Matrices extends Tensor {
  readonly data: Float64Array
}

/** All arrays as float64: code that sees one type of array runs several times as fast. */
function asFloat64(arrays: Arrays): Record<string, Matrices> {
  const entries = Object.entries(arrays).map(([name, { shape, data }]) => {
    return [name, { shape, data: Float64Array.from(data) }] as const
  })
  return Object.fromEntries(entries)
}

const MAKERS = new Map<string, (arrays: Arrays) => Predictor>([
  ['linear', linear],
  ['forest', forest],
  ['kernel', kernel],
  ['gin', gin],
  ['mlp', mlp],
])

function linear(arrays: Arrays): Predictor {
  const { weights, bias } = asFloat64(arrays)
  const [members, width] = weights.shape
  return (row) => {
    const answers = Float64Array.from(bias.data)
    for (let m = 0; m < members; m++) answers[m] += dot(weights.data, m * width, row, width)
    return answers
  }
}

/** Of the compact form in src/nasforge/explorer/forests.py: trees in preorder. */
function forest(arrays: Arrays): Predictor {
  const { is_leaf, test, feature, threshold, value, first_tree, base } = arrays
  const nodes = is_leaf.data.length
  const right = new Int32Array(nodes) // 0 for a leaf
  const what = new Int32Array(nodes) // a test, or a leaf's number
  const roots: number[] = []
  const open: number[] = [] // nodes whose right child is still to come
  let tests = 0
  let leaves = 0
  let starts = true // a tree
  for (let node = 0; node < nodes; node++) {
    if (starts) roots.push(node)
    starts = false
    if (is_leaf.data[node] === 0) {
      what[node] = test.data[tests++]
      open.push(node)
      continue
    }
    what[node] = leaves++
    const parent = open.pop()
    if (parent === undefined) starts = true
    else right[parent] = node + 1
  }
  const features = Uint16Array.from(feature.data)
  const thresholds = Float64Array.from(threshold.data)
  const values = Float64Array.from(value.data)
  const firsts = Int32Array.from([...Array.from(first_tree.data), roots.length])
  const starting = Int32Array.from(roots)
  const isLeft = new Uint8Array(features.length)
  return (row) => {
    // Trees share their tests, so each is made once.
    for (let asked = 0; asked < isLeft.length; asked++) {
      isLeft[asked] = Number(row[features[asked]] <= thresholds[asked])
    }
    const answers = Float64Array.from(base.data)
    for (let m = 0; m < answers.length; m++) {
      let sum = answers[m]
      for (let tree = firsts[m]; tree < firsts[m + 1]; tree++) {
        let node = starting[tree]
        let next = right[node]
        while (next !== 0) {
          node = isLeft[what[node]] === 1 ? node + 1 : next
          next = right[node]
        }
        sum += values[what[node]]
      }
      answers[m] = sum
    }
    return answers
  }
}

function kernel(arrays: Arrays): Predictor {
  const { rows, dual, first_row, scale, kernel: form, bias } = asFloat64(arrays)
  const [count, width] = rows.shape
  const firsts = [...Array.from(first_row.data), count]
  const [table, scales] = [rows.data, scale.data]
  return (row) => {
    const answers = Float64Array.from(bias.data)
    for (let m = 0; m < answers.length; m++) {
      for (let i = firsts[m]; i < firsts[m + 1]; i++) {
        let square = 0
        for (let j = 0; j < width; j++) {
          const d = (row[j] - table[i * width + j]) * scales[m * width + j]
          square += d * d
        }
        const r = Math.sqrt(5 * square)
        const near =
          form.data[m] === 0 ? Math.exp(-square / 2) : (1 + r + (r * r) / 3) * Math.exp(-r)
        answers[m] += dual.data[i] * near
      }
    }
    return answers
  }
}

/** The cells are graphs apart, which only meet in the readout: an edit leaves one of them as it was. */
function gin(arrays: Arrays): Predictor {
  const a = asFloat64(arrays)
  const r = a.readout_biases.shape[1]
  const cells = [0, 1].map((cell) => keepingLast(ginCell(a, cell)))
  return (row) => {
    const answers = Float64Array.from(a.output_biases.data)
    const half = row.length / cells.length
    const sums = cells.map((ask, cell) => ask(row.subarray(cell * half, (cell + 1) * half)))
    for (let m = 0; m < answers.length; m++) {
      for (let j = m * r; j < (m + 1) * r; j++) {
        const out = sums.reduce((sum, of) => sum + of[j], a.readout_biases.data[j])
        answers[m] += Math.max(0, out) * a.output_weights.data[j]
      }
    }
    return answers
  }
}

/** What a cell's nodes add to the readouts, by member; its edges are the row. */
function ginCell(a: Record<string, Matrices>, cell: number): Predictor {
  const nodes = a.node_types.data.length / 2
  const first = cell * nodes
  const kinds = a.node_types.data.subarray(first, first + nodes)
  const [members, types, h] = a.node_embeddings.shape
  const layers = a.operation_embeddings.shape[1]
  const operations = a.operation_embeddings.shape[3]
  const r = a.readout_biases.shape[1]
  const embed = a.operation_embeddings.data
  const x = new Float64Array(nodes * h)
  const t = new Float64Array(nodes * h)
  const hidden = new Float64Array(h)
  const pass = (at: number, operation: number, from: number, to: number) => {
    const shift = (at * operations + operation) * h
    for (let j = 0; j < h; j++) {
      t[to * h + j] += Math.max(0, x[from * h + j] + embed[shift + j])
    }
  }
  const layer = (row: Float32Array, m: number, l: number) => {
    const at = m * layers + l
    for (let i = 0; i < t.length; i++) t[i] = a.self_weights.data[at] * x[i]
    for (let edge = 0; edge < row.length; edge += 3) {
      const [source, target, operation] = [row[edge] - first, row[edge + 1] - first, row[edge + 2]]
      if (operation === -1) continue
      pass(2 * at, operation, source, target)
      pass(2 * at + 1, operation, target, source)
    }
    for (let v = 0; v < nodes; v++) {
      affine(a.layer_weights, 2 * at, a.layer_biases, 2 * at, t, v * h, hidden)
      for (let j = 0; j < h; j++) hidden[j] = Math.max(0, hidden[j])
      for (let j = 0; j < h; j++) x[v * h + j] += a.layer_biases.data[(2 * at + 1) * h + j]
      addProduct(a.layer_weights, 2 * at + 1, hidden, 0, x, v * h, h)
    }
  }
  return (row) => {
    const sums = new Float64Array(members * r)
    for (let m = 0; m < members; m++) {
      for (let v = 0; v < nodes; v++) {
        for (let j = 0; j < h; j++) {
          x[v * h + j] = a.node_embeddings.data[(m * types + kinds[v]) * h + j]
        }
      }
      for (let l = 0; l < layers; l++) layer(row, m, l)
      for (let v = 0; v < nodes; v++) {
        addProduct(a.readout_weights, m * types + kinds[v], x, v * h, sums, m * r, r)
      }
    }
    return sums
  }
}

/** The same, but asked for the same row again it has the answer. */
function keepingLast(ask: Predictor): Predictor {
  let last: string | undefined
  let answer = new Float64Array()
  return (row) => {
    const key = row.join()
    if (key !== last) answer = ask(row) as typeof answer
    last = key
    return answer
  }
}

function mlp(arrays: Arrays): Predictor {
  const a = asFloat64(arrays)
  const [members, used, h] = a.input_weights.shape
  const layers = a.layer_weights.shape[1]
  return (row) => {
    const answers = Float64Array.from(a.output_biases.data)
    const inputs = Float64Array.from(a.columns.data, (column) => row[column])
    for (let m = 0; m < members; m++) {
      let x = new Float64Array(h)
      for (let j = 0; j < h; j++) x[j] = a.input_biases.data[m * h + j]
      for (let i = 0; i < used; i++) {
        if (inputs[i] === 0) continue // most paths are not there
        const at = (m * used + i) * h
        for (let j = 0; j < h; j++) x[j] += inputs[i] * a.input_weights.data[at + j]
      }
      for (let l = 0; l < layers; l++) {
        const next = new Float64Array(h)
        x = x.map((value) => Math.max(0, value))
        affine(a.layer_weights, m * layers + l, a.layer_biases, m * layers + l, x, 0, next)
        x = next
      }
      for (let j = 0; j < h; j++) answers[m] += Math.max(0, x[j]) * a.output_weights.data[m * h + j]
    }
    return answers
  }
}

function dot(weights: Float64Array, at: number, row: Float32Array, n: number): number {
  let sum = 0
  for (let j = 0; j < n; j++) sum += weights[at + j] * row[j]
  return sum
}

/** out = bias[b] + x[at:] @ weights[w], with the last axes of `weights` as a matrix. */
function affine(
  weights: Matrices,
  w: number,
  bias: Matrices,
  b: number,
  x: Float64Array,
  at: number,
  out: Float64Array,
): void {
  for (let j = 0; j < out.length; j++) out[j] = bias.data[b * out.length + j]
  addProduct(weights, w, x, at, out, 0, out.length)
}

/** out[to:] += x[at:] @ weights[w] */
function addProduct(
  weights: Matrices,
  w: number,
  x: Float64Array,
  at: number,
  out: Float64Array,
  to: number,
  width: number,
): void {
  const rows = weights.shape[weights.shape.length - 2]
  const matrix = weights.data
  for (let i = 0; i < rows; i++) {
    const value = x[at + i]
    if (value === 0) continue
    const start = (w * rows + i) * width
    for (let j = 0; j < width; j++) out[to + j] += value * matrix[start + j]
  }
}
