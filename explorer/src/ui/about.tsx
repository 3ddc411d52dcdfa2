/** What the benchmark is, and where it must not be trusted. */

import type { PageContent } from '../content'
import { grouped, seconds } from '../numbers'
import { Panel } from './chart'

const EVALUATORS: Record<string, string> = {
  train: 'trained by nasforge',
  replay: 'trained by nasforge, looked up in a table',
  simulate: 'SIMULATED, drawn from another benchmark; nothing was trained',
  import: 'imported, trained elsewhere',
}

export function About({ content: { benchmark, software } }: { content: PageContent }) {
  const training = benchmark.training_set
  const campaign = training.campaign_evaluations
  const time = training.campaign_train_time_s
  return (
    <div class="about">
      <Panel title="Where it must not be trusted">
        <ul>
          {benchmark.limits.map((line) => (
            <li key={line}>
              <Prose text={line} />
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="What it is">
        <dl>
          <Row name="benchmark" value={`${benchmark.full_name}/${benchmark.surrogate}`} />
          <Row name="evaluations" value={EVALUATORS[benchmark.evaluator] ?? benchmark.evaluator} />
          <Row
            name="fitted on"
            value={`${grouped(training.evaluations)} trainings of ${grouped(training.architectures)} architectures`}
          />
          {campaign !== undefined && (
            <Row
              name="campaign"
              value={
                `${grouped(campaign)} trainings` + (time ? `, ${seconds(time)} of training` : '')
              }
            />
          )}
          {training.samplers && (
            <Row
              name="samplers"
              value={training.samplers
                .map(({ sampler, proposals }) => `${sampler} (${grouped(proposals)})`)
                .join(', ')}
            />
          )}
          <Row name="data set" value={benchmark.dataset} />
          <Row name="recipe" value={benchmark.recipe} />
          {benchmark.noise.map((line) => {
            const [target, text] = line.split(/:(.*)/s)
            return <Row key={target} name={`noise of ${target}`} value={text} />
          })}
          <Row name="licence" value={benchmark.licence} />
          <Row name="cite as" value={benchmark.citation} />
          <Row name="page made with" value={`nasforge ${software}; answers are computed in it`} />
        </dl>
      </Panel>
    </div>
  )
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

/** Text in which `backticks` mark code. */
function Prose({ text }: { text: string }) {
  return <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</>
}
