/** How good the surrogates are, beside what no surrogate could beat. */

import { useState } from 'preact/hooks'
import type { BenchmarkContent, ScoreRow } from '../content'
import { Panel } from './chart'

/** In the order of the columns; others follow as they come. */
const FIRST = ['r2', 'kendall_tau', 'spearman', 'mae', 'rmse', 'coverage_90']
/** Metrics whose score is a part of a ceiling of at most 1. */
const PARTS = ['r2', 'kendall_tau', 'sparse_kendall_tau', 'spearman', 'top_tenth_overlap']
const SHOWN = 6

export function Scores({ benchmark }: { benchmark: BenchmarkContent }) {
  const targets = [...new Set(benchmark.scores.map((row) => row.target))]
  const [target, setTarget] = useState(
    targets.includes('val_accuracy') ? 'val_accuracy' : targets[0],
  )
  const [isWide, setWide] = useState(false)
  const rows = benchmark.scores.filter((row) => row.target === target)
  const all = [...new Set(rows.map((row) => row.metric))].sort((a, b) => rank(a) - rank(b))
  const metrics = isWide ? all : all.slice(0, SHOWN)
  const surrogates = [...new Set(rows.map((row) => row.surrogate))]
  if (rows.length === 0) {
    return (
      <Panel title="How good it is">
        <p class="none">The benchmark records no scores.</p>
      </Panel>
    )
  }
  const cell = (surrogate: string, metric: string) =>
    rows.find((row) => row.surrogate === surrogate && row.metric === metric)
  const limit = (metric: string) => rows.find((row) => row.metric === metric)
  return (
    <Panel title="How good it is" className="scores">
      <div class="choices">
        <label>
          target{' '}
          <select value={target} onChange={(event) => setTarget(event.currentTarget.value)}>
            {targets.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {all.length > SHOWN && (
          <button type="button" aria-pressed={isWide} onClick={() => setWide(!isWide)}>
            all metrics
          </button>
        )}
      </div>
      <div class="table" tabindex={0} role="region" aria-label="Scores">
        <table>
          <thead>
            <tr>
              <th scope="col">on {rows[0].n} held-out</th>
              {metrics.map((metric) => (
                <th key={metric} scope="col">
                  {metric}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {surrogates.map((name) => (
              <tr key={name} class={name === benchmark.surrogate ? 'answering' : undefined}>
                <th scope="row">
                  {name}
                  {name === benchmark.surrogate && <span class="tag">this page</span>}
                  {name === benchmark.selected && <span class="tag">default</span>}
                </th>
                {metrics.map((metric) => (
                  <Score key={metric} row={cell(name, metric)} />
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <Limit name="ceiling" metrics={metrics} value={(m) => limit(m)?.ceiling} />
            <Limit name="one-run table" metrics={metrics} value={(m) => limit(m)?.table} />
          </tfoot>
        </table>
      </div>
      <p class="note">
        On architectures held out from all fitting and selection, with 90 % intervals. The ceiling
        is what a perfect surrogate would score on labels as noisy as these (of mae and rmse: a
        floor), the one-run table what a table of one training per architecture would. A bar fills
        to the score; its mark is the ceiling.
      </p>
    </Panel>
  )
}

function rank(metric: string): number {
  const place = FIRST.indexOf(metric)
  return place < 0 ? FIRST.length : place
}

function Score({ row }: { row: ScoreRow | undefined }) {
  if (!row) return <td>–</td>
  if (row.score === null) return <td class="unknown">undefined</td>
  const isPart = PARTS.includes(row.metric)
  const percentOf = (value: number) => `${100 * Math.min(Math.max(value, 0), 1)}%`
  return (
    <td>
      <span class="score">{digits(row.score, row.metric)}</span>
      {row.low !== null && row.high !== null && (
        <span class="range">
          {digits(row.low, row.metric)} to {digits(row.high, row.metric)}
        </span>
      )}
      {isPart && (
        <span class="bar" aria-hidden="true">
          <span style={{ width: percentOf(row.score) }} />
          {row.ceiling !== null && <i style={{ left: percentOf(row.ceiling) }} />}
        </span>
      )}
    </td>
  )
}

interface LimitProps {
  name: string
  metrics: string[]
  value: (metric: string) => number | null | undefined
}

function Limit({ name, metrics, value }: LimitProps) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {metrics.map((metric) => {
        const number = value(metric)
        return (
          <td key={metric} class={number == null ? 'unknown' : undefined}>
            {number == null ? 'not estimable' : digits(number, metric)}
          </td>
        )
      })}
    </tr>
  )
}

function digits(value: number, metric: string): string {
  const number = value.toFixed(['mae', 'rmse', 'crps'].includes(metric) ? 4 : 2)
  return number.replace('-', '−')
}
