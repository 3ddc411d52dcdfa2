/** Reads what src/nasforge/explorer/container.py packed: JSON with typed arrays in it. */

const TYPES = {
  float64: Float64Array,
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
}

/** An array; `shape` is the number of its elements along each axis. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

interface Described {
  array: keyof typeof TYPES
  shape: number[]
  at: number
}

/** The packed content. */
export async function unpack(text: string): Promise<unknown> {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  const buffer = await new Response(stream).arrayBuffer()
  const length = new DataView(buffer).getUint32(0, true)
  const document = new TextDecoder().decode(new Uint8Array(buffer, 4, length))
  // A copy, so that arrays begin at multiples of their elements' size.
  const arrays = buffer.slice(4 + length)
  return JSON.parse(document, (_, value: unknown) =>
    isDescribed(value) ? tensor(value, arrays) : value,
  )
}

function isDescribed(value: unknown): value is Described {
  return typeof value === 'object' && value !== null && 'array' in value && 'at' in value
}

function tensor({ array, shape, at }: Described, buffer: ArrayBuffer): Tensor {
  const length = shape.reduce((a, b) => a * b, 1)
  return { shape, data: new TYPES[array](buffer, at, length) }
}
