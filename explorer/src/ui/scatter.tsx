/** The evaluated architectures: accuracy against a cost. */

import { Delaunay } from 'd3-delaunay'
import { scaleLinear } from 'd3-scale'
import { symbol } from 'd3-shape'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Genotype } from '../darts/genotype'
import type { Axis, Campaign, Evaluated } from '../evaluated'
import { paretoFront } from '../evaluated'
import type { Prediction } from '../models/benchmark'
import { count, percent, seconds } from '../numbers'
import { Axes, Panel, useWidth } from './chart'
import { Legend, toggled } from './legend'
import { colourOf, shapeOf } from './marks'
import { trainings } from './prediction_panel'

const HEIGHT = 250
const MARGIN = { top: 26, right: 14, bottom: 42, left: 40 }
/** How near a pointer must be to a point, in pixels. */
const REACH = 24

const AXES: Record<Axis, { name: string; short: string; text: (value: number) => string }> = {
  params: { name: 'parameters', short: 'params', text: count },
  macs: { name: 'multiply-adds', short: 'MACs', text: count },
  train_time_s: { name: 'training time', short: 'time', text: seconds },
}

interface Props {
  campaign: Campaign | null
  prediction: Prediction
  seriesOf: (optimizer: string) => number
  onLoad: (genotype: Genotype) => void
}

export function Scatter(props: Props) {
  if (!props.campaign) {
    return (
      <Panel title="Evaluated architectures">
        <p class="none">
          Not in this page: <code>nasforge explore</code> plots them with <code>--evaluations</code>
          .
        </p>
      </Panel>
    )
  }
  const axes = knownAxes(props.campaign)
  if (axes.length === 0) {
    return (
      <Panel title={title(props.campaign)}>
        <p class="none">Neither costs nor training times of these evaluations are known.</p>
      </Panel>
    )
  }
  return <Plot {...props} campaign={props.campaign} axes={axes} />
}

interface PlotProps extends Props {
  campaign: Campaign
  axes: Axis[]
}

function Plot({ campaign, axes, prediction, seriesOf, onLoad }: PlotProps) {
  const seriesOfSampler = useMemo(
    () => campaign.samplers.map(({ optimizer }) => seriesOf(optimizer)),
    [campaign, seriesOf],
  )
  const [axis, setAxis] = useState<Axis>(axes[0])
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set())
  const [hovered, setHovered] = useState<Evaluated | null>(null)
  const { ref, width } = useWidth<HTMLDivElement>(560)

  const shown = useMemo(
    () =>
      campaign.architectures
        .filter((a) => !hidden.has(seriesOfSampler[a.sampler]) && Number.isFinite(a.x[axis]))
        .sort((a, b) => a.x[axis] - b.x[axis]),
    [campaign, hidden, seriesOfSampler, axis],
  )
  const { x, y } = useMemo(() => scales(campaign, axis, width), [campaign, axis, width])
  const front = useMemo(() => paretoFront(shown, axis), [shown, axis])
  const nearest = useMemo(
    () =>
      Delaunay.from(
        shown,
        (a) => x(a.x[axis]),
        (a) => y(a.accuracy),
      ),
    [shown, x, y, axis],
  )
  // The same elements after every edit, so that they are not rendered again.
  const backdrop = useMemo(
    () => (
      <>
        <Axes
          x={x}
          y={y}
          xText={AXES[axis].text}
          yText={(value) => String(Math.round(1000 * value) / 10)}
          xTicks={Math.max(3, Math.floor(width / 110))}
          yTicks={5}
          xName={AXES[axis].name}
          yName="measured val_accuracy in %"
        />
        <path class="front" d={steps(front.map((a) => [x(a.x[axis]), y(a.accuracy)]))} />
      </>
    ),
    [x, y, axis, width, front],
  )
  const find = (event: PointerEvent | MouseEvent): Evaluated | null => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    const [px, py] = [event.clientX - box.left, event.clientY - box.top]
    const found = shown[nearest.find(px, py)] as Evaluated | undefined
    if (!found) return null
    return Math.hypot(x(found.x[axis]) - px, y(found.accuracy) - py) < REACH ? found : null
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 }
    if (event.key in steps) {
      const at = hovered ? shown.indexOf(hovered) + steps[event.key] : 0
      setHovered(shown[Math.min(Math.max(at, 0), shown.length - 1)])
    } else if (event.key === 'Enter' && hovered) onLoad(hovered.genotype)
    else return
    event.preventDefault()
  }
  return (
    <Panel
      title={title(campaign)}
      className="scatter"
      controls={
        <div class="choices" role="radiogroup" aria-label="Horizontal axis">
          {axes.map((name) => (
            <button
              key={name}
              type="button"
              role="radio"
              aria-checked={axis === name}
              onClick={() => setAxis(name)}
            >
              {AXES[name].short}
            </button>
          ))}
        </div>
      }
    >
      <div class="plot" ref={ref} style={{ height: `${HEIGHT}px` }}>
        <Points {...{ seriesOfSampler, shown, axis, x, y, width }} />
        <svg
          width={width}
          height={HEIGHT}
          tabindex={0}
          role="application"
          aria-label="Measured accuracy of the evaluated architectures. Left and right arrow keys walk through them, Enter loads one."
          onPointerMove={(event) => setHovered(find(event))}
          onPointerLeave={() => setHovered(null)}
          onClick={(event) => {
            const found = find(event)
            if (found) onLoad(found.genotype)
          }}
          onKeyDown={onKeyDown}
          class={hovered ? 'over' : undefined}
        >
          {backdrop}
          <Current {...{ prediction, axis, x, y }} />
          {hovered && (
            <circle class="hovered" cx={x(hovered.x[axis])} cy={y(hovered.accuracy)} r={8} />
          )}
        </svg>
        {hovered && (
          <Tip
            {...{ campaign, hovered, axis }}
            left={x(hovered.x[axis])}
            top={y(hovered.accuracy)}
            width={width}
          />
        )}
      </div>
      <Legend
        series={campaign.optimizers.map((name) => ({ name, series: seriesOf(name) }))}
        hidden={hidden}
        onToggle={(series) => setHidden(toggled(hidden, series))}
      />
      <p class="note">
        <span class="key front">line: Pareto front of what is shown.</span>{' '}
        <span class="key ring">◎ the genotype above, as predicted.</span> Measured values hold the
        noise of their trainings: the highest are partly luck.
      </p>
    </Panel>
  )
}

function title(campaign: Campaign): string {
  return `${campaign.architectures.length} evaluated architectures`
}

function knownAxes(campaign: Campaign): Axis[] {
  const all = Object.keys(AXES) as Axis[]
  return all.filter((axis) => campaign.architectures.some((a) => Number.isFinite(a.x[axis])))
}

function scales(campaign: Campaign, axis: Axis, width: number) {
  const xs = campaign.architectures.map((a) => a.x[axis]).filter(Number.isFinite)
  const ys = campaign.architectures.map((a) => a.accuracy)
  return {
    x: padded(xs, [MARGIN.left, Math.max(width, 200) - MARGIN.right]),
    y: padded(ys, [HEIGHT - MARGIN.bottom, MARGIN.top]),
  }
}

function padded(values: number[], range: [number, number]) {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity)
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
  const room = 0.04 * (high - low || Math.abs(high) || 1)
  return scaleLinear([low - room, high + room], range)
}

interface PointsProps {
  /** By number of the sampler. */
  seriesOfSampler: readonly number[]
  shown: readonly Evaluated[]
  axis: Axis
  x: (value: number) => number
  y: (value: number) => number
  width: number
}

/** On a canvas: there may be tens of thousands. */
function Points({ seriesOfSampler, shown, axis, x, y, width }: PointsProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const draw = () => {
      const element = canvas.current
      const context = element?.getContext('2d')
      if (!element || !context) return
      const style = getComputedStyle(element)
      const ratio = devicePixelRatio
      element.width = width * ratio
      element.height = HEIGHT * ratio
      const size = shown.length > 5000 ? 12 : 30
      const shapes = seriesOfSampler.map(
        (series) => new Path2D(symbol(shapeOf(series), size)() ?? ''),
      )
      const colours = seriesOfSampler.map((series) => style.getPropertyValue(colourOf(series)))
      context.globalAlpha = 0.75
      for (const architecture of shown) {
        context.setTransform(
          ratio,
          0,
          0,
          ratio,
          ratio * x(architecture.x[axis]),
          ratio * y(architecture.accuracy),
        )
        context.fillStyle = colours[architecture.sampler]
        context.fill(shapes[architecture.sampler])
      }
    }
    draw()
    document.addEventListener('themechange', draw)
    return () => document.removeEventListener('themechange', draw)
  }, [seriesOfSampler, shown, axis, x, y, width])
  return <canvas ref={canvas} style={{ width: `${width}px`, height: `${HEIGHT}px` }} />
}

interface CurrentProps {
  prediction: Prediction
  axis: Axis
  x: (value: number) => number
  y: (value: number) => number
}

/** The genotype that is shown, as predicted; kept within the plot. */
function Current({ prediction, axis, x, y }: CurrentProps) {
  const value = axis === 'train_time_s' ? prediction.answers.train_time_s?.value : prediction[axis]
  const { value: accuracy, interval } = prediction.answers.val_accuracy
  if (value === null || value === undefined) return null
  const [cx, cy] = [x(value), y(accuracy)]
  return (
    <g class="current" data-x={value}>
      {interval && <path d={`M${cx} ${y(interval[0])}V${y(interval[1])}`} />}
      <circle cx={cx} cy={cy} r={7} />
      <circle class="dot" cx={cx} cy={cy} r={2.5} />
    </g>
  )
}

/** The front as a line that goes right, then up. */
function steps(points: [number, number][]): string {
  return points.map(([px, py], i) => (i === 0 ? `M${px} ${py}` : `H${px}V${py}`)).join('')
}

interface TipProps {
  campaign: Campaign
  hovered: Evaluated
  axis: Axis
  left: number
  top: number
  width: number
}

function Tip({ campaign, hovered, axis, left, top, width }: TipProps) {
  const side = left > width / 2 ? { right: `${width - left + 12}px` } : { left: `${left + 12}px` }
  const height = top > HEIGHT / 2 ? { bottom: `${HEIGHT - top + 8}px` } : { top: `${top + 8}px` }
  const { name, optimizer } = campaign.samplers[hovered.sampler]
  return (
    <div class="tip" role="status" style={{ ...side, ...height }}>
      <strong>{percent(hovered.accuracy)}</strong> {trainings(hovered)}
      <br />
      {AXES[axis].text(hovered.x[axis])} {axis === 'train_time_s' ? 'of training' : AXES[axis].name}
      <br />
      {name === optimizer ? name : `${name} (${optimizer.replaceAll('_', ' ')})`}
      <br />
      <em>click or Enter loads it</em>
    </div>
  )
}
