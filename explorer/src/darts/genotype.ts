/** A DARTS genotype, and its two text forms: docs/format.md, and the namedtuple of DARTS code. */

export const OPERATIONS = [
  'max_pool_3x3',
  'avg_pool_3x3',
  'skip_connect',
  'sep_conv_3x3',
  'sep_conv_5x5',
  'dil_conv_3x3',
  'dil_conv_5x5',
] as const

export const KINDS = ['normal', 'reduce'] as const
export type Kind = (typeof KINDS)[number]

/** Nodes 0 and 1 are a cell's inputs, 2 to 5 its intermediate nodes. */
export const INPUTS = 2
export const NODES = 4
export const EDGES = 2 * NODES

/** Far longer than any genotype, as in nasforge. */
const MAX_TEXT = 4096

/** `operation` is an index into OPERATIONS; it is applied to the node `input`. */
export interface Edge {
  readonly operation: number
  readonly input: number
}

/** Eight edges; 2i and 2i + 1 end in node 2 + i. */
export type Cell = readonly Edge[]

export interface Genotype {
  readonly normal: Cell
  readonly reduce: Cell
}

/** The text is no genotype; the message says why. */
export class GenotypeError extends Error {}

/** The node that an edge ends in. */
export function nodeOf(edge: number): number {
  return INPUTS + (edge >> 1)
}

/** Our one-line text form. */
export function format(genotype: Genotype): string {
  const [normal, reduce] = KINDS.map((kind) => formatCell(genotype[kind]))
  return `normal:${normal}-reduce:${reduce}`
}

function formatCell(cell: Cell): string {
  const edges = cell.map((edge) => `${OPERATIONS[edge.operation]}@${edge.input}`)
  return pairs(edges)
    .map((pair) => pair.join('+'))
    .join('/')
}

/** The namedtuple that DARTS code bases print. */
export function formatNamedtuple(genotype: Genotype): string {
  const [normal, reduce] = KINDS.map((kind) => {
    const edges = genotype[kind].map((edge) => `('${OPERATIONS[edge.operation]}', ${edge.input})`)
    return `[${edges.join(', ')}]`
  })
  return (
    `Genotype(normal=${normal}, normal_concat=range(2, 6), ` +
    `reduce=${reduce}, reduce_concat=range(2, 6))`
  )
}

function pairs<T>(values: readonly T[]): T[][] {
  return Array.from({ length: values.length / 2 }, (_, i) => values.slice(2 * i, 2 * i + 2))
}

/** Reads either text form; throws GenotypeError. */
export function parse(given: string): Genotype {
  const text = given.trim()
  if (text === '') throw new GenotypeError('Paste a genotype first.')
  if (text.length > MAX_TEXT) {
    throw new GenotypeError(`${text.length} characters are more than any genotype has.`)
  }
  if (text.startsWith('Genotype')) return parseNamedtuple(text)
  const match = /^normal:(.*)-reduce:(.*)$/s.exec(text)
  if (!match) {
    throw new GenotypeError(
      `“${shortened(text)}” is no genotype. Expected “normal:…-reduce:…”, with edges as ` +
        'operation@input, + within a node and / between nodes; or “Genotype(normal=[…], …)”.',
    )
  }
  return { normal: parseCell(match[1], 'normal'), reduce: parseCell(match[2], 'reduce') }
}

function parseCell(text: string, kind: Kind): Cell {
  const nodes = text.split('/')
  if (nodes.length !== NODES) {
    throw new GenotypeError(
      `${kind} cell: ${nodes.length} nodes separated by “/”, must be ${NODES}.`,
    )
  }
  const edges = nodes.flatMap((part, i) => {
    const where = `${kind} cell, node ${INPUTS + i}`
    const pair = part.split('+')
    if (pair.length !== 2) {
      throw new GenotypeError(`${where}: “${shortened(part)}” must be two edges joined by “+”.`)
    }
    return pair.map((edge) => {
      const match = /^([^@]*)@(\d)$/.exec(edge)
      if (!match) {
        throw new GenotypeError(`${where}: “${shortened(edge)}” must be operation@input.`)
      }
      return { operation: operationIndex(match[1], where), input: Number(match[2]) }
    })
  })
  return checked(edges, kind)
}

function parseNamedtuple(text: string): Genotype {
  // White space within quotes stays, so that it is seen.
  const squeezed = text.replace(/'[^']*'|"[^"]*"|\s+/g, (part) => part.trim())
  const fields = new Map<string, string>()
  const inside = /^Genotype\((.*?),?\)$/.exec(squeezed)
  const isClosed = squeezed.split(/[([]/).length === squeezed.split(/[)\]]/).length
  if (!inside || !isClosed) throw new GenotypeError('Genotype(…): the brackets do not close.')
  // A value is a call, or runs up to a bracket that closes it; both end before “,name=”.
  for (const part of inside[1].split(/,(?=[a-z_]+=)/)) {
    const equals = part.indexOf('=')
    fields.set(part.slice(0, equals), part.slice(equals + 1))
  }
  const names = ['normal', 'normal_concat', 'reduce', 'reduce_concat']
  const given = [...fields.keys()]
  if ([...given].sort().join() !== names.join()) {
    throw new GenotypeError(
      `Genotype(…): has ${given.map(shortened).join(', ')}; must have ${names.join(', ')}.`,
    )
  }
  const [normal, reduce] = KINDS.map((kind) => {
    const concat = fields.get(`${kind}_concat`) ?? ''
    if (!/^(range\(2,6\)|\[2,3,4,5,?\]|\(2,3,4,5,?\))$/.test(concat)) {
      throw new GenotypeError(`Genotype(…): ${kind}_concat must be range(2, 6).`)
    }
    return namedtupleCell(fields.get(kind) ?? '', kind)
  })
  return { normal, reduce }
}

function namedtupleCell(text: string, kind: Kind): Cell {
  const edge = /[([](?:'([^']*)'|"([^"]*)"),(\d+),?[)\]]/g
  const rest = text.replace(edge, 'E')
  if (!/^[[(](E(,E)*,?)?[\])]$/.test(rest)) {
    throw new GenotypeError(`Genotype(…): ${kind} must be a list of (operation, input) pairs.`)
  }
  const edges = [...text.matchAll(edge)].map((match, i) => ({
    operation: operationIndex(
      match[0].replace(/^.['"]|['"].*$/g, ''),
      `${kind} cell, node ${nodeOf(i)}`,
    ),
    input: Number(match[3]),
  }))
  return checked(edges, kind)
}

function checked(edges: Edge[], kind: Kind): Cell {
  if (edges.length !== EDGES) {
    throw new GenotypeError(
      `${kind} cell: ${edges.length} edges, must be ${EDGES}, two for each node.`,
    )
  }
  edges.forEach((edge, i) => {
    const node = nodeOf(i)
    if (edge.input >= node) {
      throw new GenotypeError(
        `${kind} cell, node ${node}: input ${edge.input} is no earlier node (0 to ${node - 1}).`,
      )
    }
    if (i % 2 === 1 && edges[i - 1].input === edge.input) {
      throw new GenotypeError(
        `${kind} cell, node ${node}: both edges come from node ${edge.input}; they must come ` +
          'from two different nodes.',
      )
    }
  })
  return edges
}

function operationIndex(name: string, where: string): number {
  const index = (OPERATIONS as readonly string[]).indexOf(name)
  if (index >= 0) return index
  const close = closest(name)
  const hint = close ? `did you mean “${close}”?` : `allowed: ${OPERATIONS.join(', ')}.`
  throw new GenotypeError(`${where}: unknown operation “${shortened(name)}”; ${hint}`)
}

/** The operation that a misspelt name probably is. */
function closest(name: string): string | undefined {
  if (name.length > 24) return undefined
  const [best] = OPERATIONS.map((o) => ({ o, d: editDistance(name.toLowerCase(), o) })).sort(
    (a, b) => a.d - b.d,
  )
  return best.d <= 4 ? best.o : undefined
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + same))
    }
    row = next
  }
  return row[b.length]
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
