/** Colours and shapes of series: by both, so that neither eyes nor a printer must tell colours. */

import type { SymbolType } from 'd3-shape'
import {
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
} from 'd3-shape'

/** Okabe and Ito's colours, which style.css adapts to light and dark. */
const COLOURS = 7

const SHAPES: SymbolType[] = [
  symbolCircle,
  symbolTriangle,
  symbolSquare,
  symbolDiamond,
  symbolCross,
  symbolStar,
  symbolWye,
]

/** The custom property that holds the colour of a series. */
export function colourOf(series: number): string {
  return `--series-${series % COLOURS}`
}

/** Numbers the series by name, so that an optimizer looks the same in every chart. */
export function seriesByName(names: readonly string[]): (name: string) => number {
  const all = [...new Set(names)]
  return (name) => all.indexOf(name)
}

export function shapeOf(series: number): SymbolType {
  return SHAPES[(series + Math.floor(series / COLOURS)) % SHAPES.length]
}
