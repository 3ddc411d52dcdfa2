/** The page: who edits the genotype, and who shows it. */

import { useCallback, useEffect, useMemo, useReducer, useState } from 'preact/hooks'
import type { PageContent } from '../content'
import type { Genotype } from '../darts/genotype'
import { parse } from '../darts/genotype'
import { mutate, sample } from '../darts/moves'
import type { Campaign } from '../evaluated'
import type { Benchmark } from '../models/benchmark'
import { About } from './about'
import { CellEditor } from './cell_editor'
import { GenotypeText } from './genotype_text'
import { Header } from './header'
import { initial, step } from './history'
import { seriesByName } from './marks'
import { PredictionPanel } from './prediction_panel'
import { Scatter } from './scatter'
import { Scores } from './scores'
import { Toolbar } from './toolbar'
import { Trajectories } from './trajectories'

interface Props {
  content: PageContent
  bench: Benchmark
  campaign: Campaign | null
}

export function App({ content, bench, campaign }: Props) {
  const { benchmark } = content
  const bestKnown = useMemo(() => parse(benchmark.best_known.architecture), [benchmark])
  const [history, dispatch] = useReducer(step, bestKnown, initial)
  const genotype = history.present
  const prediction = useMemo(() => bench.predict(genotype), [bench, genotype])
  const previous = history.past.at(-1)
  const before = useMemo(() => previous && bench.accuracy(previous), [bench, previous])
  const best = useMemo(() => bench.accuracy(bestKnown), [bench, bestKnown])
  const [message, announce] = useState('')
  const seriesOf = useMemo(() => {
    const runs = content.runs?.map((run) => run.optimizer) ?? []
    return seriesByName([...(campaign?.optimizers ?? []), ...runs])
  }, [campaign, content])

  const show = useCallback((next: Genotype) => dispatch({ type: 'show', genotype: next }), [])
  const actions = useMemo(
    () => ({
      best: () => show(bestKnown),
      random: () => show(sample(Math.random)),
      mutate: () => dispatch({ type: 'change', change: (g) => mutate(g, Math.random) }),
      undo: () => dispatch({ type: 'undo' }),
      redo: () => dispatch({ type: 'redo' }),
    }),
    [show, bestKnown],
  )
  useShortcuts(actions)
  // The same elements after every edit, so that they are not rendered again.
  const below = useMemo(
    () => (
      <>
        <Trajectories campaign={campaign} runs={content.runs} seriesOf={seriesOf} />
        <Scores benchmark={content.benchmark} />
        <About content={content} />
      </>
    ),
    [campaign, content, seriesOf],
  )

  return (
    <>
      <Header content={content} />
      <main>
        <div class="workbench">
          <div class="editor">
            <Toolbar
              actions={actions}
              canUndo={history.past.length > 0}
              canRedo={history.future.length > 0}
            />
            <section class="cells" aria-label="Cells">
              <CellEditor kind="normal" genotype={genotype} bench={bench} onChange={show} />
              <CellEditor kind="reduce" genotype={genotype} bench={bench} onChange={show} />
            </section>
            <GenotypeText genotype={genotype} onLoad={show} announce={announce} />
          </div>
          <div class="side">
            <PredictionPanel
              prediction={prediction}
              before={before}
              best={best}
              measured={campaign?.find(genotype)}
              campaign={campaign}
            />
            <Scatter
              campaign={campaign}
              prediction={prediction}
              seriesOf={seriesOf}
              onLoad={show}
            />
          </div>
        </div>
        {below}
      </main>
      <div class="announcer" role="status">
        {message}
      </div>
    </>
  )
}

/** Single letters, but not while something is typed. */
function useShortcuts(actions: Record<string, () => void>): void {
  useEffect(() => {
    const keys: Partial<Record<string, () => void>> = {
      b: actions.best,
      r: actions.random,
      m: actions.mutate,
      u: actions.undo,
      y: actions.redo,
    }
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      const isTyping = ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      keys[event.key]?.()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [actions])
}
