/** What the benchmark says of the genotype that is shown. */

import type { Campaign, Evaluated } from '../evaluated'
import type { Prediction } from '../models/benchmark'
import { count, percent, points, seconds } from '../numbers'
import { CurveChart } from './curve_chart'

interface Props {
  prediction: Prediction
  /** Predicted accuracy of the genotype before; undefined if there was none. */
  before: number | undefined
  /** Predicted accuracy of the best known genotype. */
  best: number
  measured: Evaluated | undefined
  campaign: Campaign | null
}

export function PredictionPanel({ prediction, before, best, measured, campaign }: Props) {
  const answer = prediction.answers.val_accuracy
  const {
    test_accuracy: test,
    best_val_accuracy: bestEpoch,
    train_time_s: time,
  } = prediction.answers
  return (
    <section class="panel prediction" aria-label="Prediction">
      <h2>Predicted validation accuracy</h2>
      <div class="headline">
        <div>
          <p class="value" data-value={answer.value}>
            {percent(answer.value)}
          </p>
          {answer.interval && (
            <p class="interval" title="Where a new training would end, in 90 of 100 cases">
              {(100 * answer.interval[0]).toFixed(1)} to {percent(answer.interval[1], 1)}
              <span> in 90 % of trainings</span>
            </p>
          )}
          <p class="change">
            {before !== undefined && <Change value={answer.value - before} than="the one before" />}
            {answer.value === best ? (
              <span>as the best known</span>
            ) : (
              <Change value={answer.value - best} than="the best known" />
            )}
          </p>
        </div>
        <CurveChart curve={prediction.curve} interval={answer.interval} />
      </div>
      <dl class="facts">
        {test && <Fact name="test accuracy" value={percent(test.value)} />}
        {bestEpoch && <Fact name="best epoch" value={percent(bestEpoch.value)} />}
        {time && <Fact name="training time" value={seconds(time.value)} />}
        {prediction.params !== null && <Fact name="params" value={count(prediction.params)} />}
        {prediction.macs !== null && <Fact name="MACs" value={count(prediction.macs)} />}
        <Fact
          name="noise of a training"
          value={answer.noiseStd === null ? 'unknown' : `±${percent(answer.noiseStd)}`}
          title="noise_std: standard deviation between trainings with different seeds"
        />
        <Fact
          name="error of the mean"
          value={answer.epistemicStd === null ? 'unknown' : `±${percent(answer.epistemicStd)}`}
          title="epistemic_std: standard deviation of the predicted mean's error"
        />
        {prediction.support !== null && (
          <Fact
            name="support"
            value={percent(prediction.support, 0)}
            warning={prediction.support < 0.05}
            title="How many of the training architectures are at least as far from each other as this one is from them; near 0 % it is extrapolation"
          />
        )}
      </dl>
      {campaign && (
        <p class="measured">
          {measured ? (
            <>
              Trained: <strong>{percent(measured.accuracy)}</strong>, {trainings(measured)}; found
              by {campaign.samplers[measured.sampler].name}.
            </>
          ) : (
            'Trained: never in this campaign.'
          )}
        </p>
      )}
    </section>
  )
}

export function trainings({ trainings: n }: Evaluated): string {
  return n === 1 ? 'one training' : `mean of ${n} trainings`
}

function Change({ value, than }: { value: number; than: string }) {
  const text = points(value)
  const sign = text.startsWith('+') ? 'up' : text === '0.00' ? '' : 'down'
  return (
    <span>
      <b class={sign}>{text}</b> points to {than}
    </span>
  )
}

interface FactProps {
  name: string
  value: string
  title?: string
  warning?: boolean
}

function Fact({ name, value, title, warning = false }: FactProps) {
  return (
    <div title={title} class={warning ? 'warning' : undefined}>
      <dt>{name}</dt>
      <dd>{warning ? `${value} ⚠` : value}</dd>
    </div>
  )
}
