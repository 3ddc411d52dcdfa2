/** How the best value grew: of the campaign's samplers, and of optimizers that ran on the benchmark. */

import { scaleLinear, scaleLog } from 'd3-scale'
import { area, curveStepAfter, line, symbol } from 'd3-shape'
import { useMemo, useState } from 'preact/hooks'
import type { RunContent } from '../content'
import type { Campaign } from '../evaluated'
import { count, percent } from '../numbers'
import { Axes, Panel, useWidth } from './chart'
import type { Series } from './legend'
import { Legend, toggled } from './legend'
import { colourOf, shapeOf } from './marks'

const HEIGHT = 260
const MARGIN = { top: 26, right: 18, bottom: 42, left: 40 }

/** Ticks that get a number: 1, 2, 5, 10, 20, ... */
const ROUND = /^[125]0*$/

interface Point {
  at: number
  middle: number
  low: number
  high: number
}

interface Line extends Series {
  points: Point[]
}

interface ChartProps {
  title: string
  note: string
  series: readonly Series[]
  lines: readonly Line[]
  xName: string
  yName: string
}

interface Props {
  campaign: Campaign | null
  runs: RunContent[] | null
  seriesOf: (optimizer: string) => number
}

export function Trajectories({ campaign, runs, seriesOf }: Props) {
  const charts = useMemo(
    () => [
      ...(runs ? runsCharts(runs, seriesOf) : []),
      ...(campaign ? [campaignChart(campaign, seriesOf)] : []),
    ],
    [campaign, runs, seriesOf],
  )
  if (charts.length === 0) return null
  return (
    <div class="trajectories">
      {charts.map((chart) => (
        <Chart key={chart.title} {...chart} />
      ))}
    </div>
  )
}

/** A chart for every backend. */
function runsCharts(runs: RunContent[], seriesOf: Props['seriesOf']): ChartProps[] {
  const backends = [...new Set(runs.map((run) => run.backend))]
  return backends.map((backend) =>
    runsChart(
      backend,
      runs.filter((run) => run.backend === backend),
      seriesOf,
    ),
  )
}

function runsChart(backend: string, runs: RunContent[], seriesOf: Props['seriesOf']): ChartProps {
  const seeds = [...new Set(runs.map((run) => run.seeds))].join(' or ')
  const isNoisy = runs.some((run) => run.noisy)
  const lines = runs.map((run) => ({
    name: run.optimizer,
    series: seriesOf(run.optimizer),
    points: Array.from(run.evaluations.data, (at, i) => ({
      at,
      middle: run.middle.data[i],
      low: run.low.data[i],
      high: run.high.data[i],
    })).filter(({ middle }) => Number.isFinite(middle)), // a run may begin with failures
  }))
  return {
    title: `Optimizers on ${backend}`,
    note:
      `Median and quartiles over ${seeds} seeds of ` +
      (isNoisy ? 'the best value seen, noise included.' : 'the incumbent’s value without noise.'),
    series: lines,
    lines,
    xName: 'evaluations',
    yName: 'val_accuracy in %',
  }
}

function campaignChart(campaign: Campaign, seriesOf: Props['seriesOf']): ChartProps {
  return {
    title: 'Trajectories of the campaign’s samplers',
    note:
      'A line per sampler: best measured accuracy so far, over its proposals. Noise is part of it, ' +
      'so lines rise a little even where nothing improves. An architecture counts with the mean of ' +
      'its trainings, those that came later included.',
    series: campaign.optimizers.map((name) => ({ name, series: seriesOf(name) })),
    lines: campaign.samplers.map(({ name, optimizer, bestSoFar }) => ({
      name,
      series: seriesOf(optimizer),
      points: bestSoFar.map((value, i) => ({ at: i + 1, middle: value, low: value, high: value })),
    })),
    xName: 'proposals, repeated ones once',
    yName: 'best val_accuracy in %',
  }
}

function Chart({ title, note, series: all, lines, xName, yName }: ChartProps) {
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set())
  const { ref, width } = useWidth<HTMLDivElement>(600)
  const shown = lines.filter(({ series, points }) => !hidden.has(series) && points.length > 0)
  const every = lines.flatMap(({ points }) => points)
  const last = every.reduce((most, { at }) => Math.max(most, at), 2)
  const low = every.reduce((least, point) => Math.min(least, point.low), Infinity)
  const high = every.reduce((most, point) => Math.max(most, point.high), -Infinity)
  const range: [number, number] = [MARGIN.left, Math.max(width, 200) - MARGIN.right]
  // Logarithmic: samplers differ in length, and what they find they find early.
  const x = scaleLog([1, last], range)
  const y = scaleLinear([low, high], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(5)
  const path = line<Point>(
    ({ at }) => x(at),
    ({ middle }) => y(middle),
  ).curve(curveStepAfter)
  const band = area<Point>()
    .x(({ at }) => x(at))
    .y0((point) => y(point.low))
    .y1((point) => y(point.high))
    .curve(curveStepAfter)
  return (
    <Panel title={title}>
      <div ref={ref}>
        <svg width={width} height={HEIGHT} role="img" aria-label={`${title}. ${summary(lines)}`}>
          <Axes
            x={x}
            y={y}
            xText={(value) => (ROUND.test(String(value)) ? count(value) : '')}
            yText={(value) => String(Math.round(1000 * value) / 10)}
            xTicks={Math.max(3, Math.floor(width / 110))}
            yTicks={5}
            xName={xName}
            yName={yName}
          />
          {shown.map(({ name, series, points }) => (
            <g key={name} style={{ '--colour': `var(${colourOf(series)})` }}>
              {points.some(({ low: a, high: b }) => a !== b) && (
                <path class="band" d={band(points) ?? ''} />
              )}
              <path class="line" d={path(points) ?? ''}>
                <title>{name}</title>
              </path>
              <path
                class="end"
                d={symbol(shapeOf(series), 60)() ?? ''}
                transform={`translate(${x(points[points.length - 1].at)} ${y(points[points.length - 1].middle)})`}
              >
                <title>{`${name}: ${percent(points[points.length - 1].middle)}`}</title>
              </path>
            </g>
          ))}
        </svg>
      </div>
      <Legend series={all} hidden={hidden} onToggle={(s) => setHidden(toggled(hidden, s))} />
      <p class="note">{note}</p>
    </Panel>
  )
}

function summary(lines: readonly Line[]): string {
  return lines
    .map(({ name, points }) => `${name} ends at ${percent(points.at(-1)?.middle ?? 0)}`)
    .join(', ')
}
