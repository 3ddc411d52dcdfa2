/** The predicted learning curve. */

import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { Axes } from './chart'

const [WIDTH, HEIGHT] = [300, 136]
const MARGIN = { top: 22, right: 12, bottom: 24, left: 36 }

interface Props {
  curve: readonly number[] | null
  interval: readonly [number, number] | null
}

export function CurveChart({ curve, interval }: Props) {
  if (!curve) return <p class="none">This benchmark predicts no learning curves.</p>
  const high = Math.max(...curve, interval?.[1] ?? 0)
  const low = Math.min(...curve)
  const x = scaleLinear([1, curve.length], [MARGIN.left, WIDTH - MARGIN.right])
  const y = scaleLinear(
    [low - 0.08 * (high - low), high],
    [HEIGHT - MARGIN.bottom, MARGIN.top],
  ).nice(4)
  const path = line<number>(
    (_, epoch) => x(epoch + 1),
    (value) => y(value),
  )
  const last = curve.length
  return (
    <svg
      class="curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Predicted learning curve over ${last} epochs, from ${curve[0].toFixed(3)} to ${curve[last - 1].toFixed(3)}`}
    >
      <Axes
        x={x}
        y={y}
        xText={(value) => (Number.isInteger(value) ? String(value) : '')}
        yText={(value) => `${Math.round(100 * value)}`}
        xTicks={Math.min(last, 8)}
        yTicks={4}
        yName="accuracy in %, by epoch"
      />
      <path class="series" d={path([...curve]) ?? ''} />
      {interval && <path class="whisker" d={`M${x(last)} ${y(interval[0])}V${y(interval[1])}`} />}
      {curve.map((value, epoch) => (
        <circle
          key={epoch}
          class="point"
          cx={x(epoch + 1)}
          cy={y(value)}
          r={curve.length > 30 ? 1 : 2.5}
        />
      ))}
    </svg>
  )
}
