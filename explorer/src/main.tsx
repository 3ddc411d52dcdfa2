/** Reads what is in the page, and shows it. */

import { render } from 'preact'
import { unpack } from './container'
import type { PageContent } from './content'
import { format, parse } from './darts/genotype'
import { Campaign } from './evaluated'
import { Benchmark } from './models/benchmark'
import { App } from './ui/app'

declare global {
  interface Window {
    /** For the console, and for tests. */
    nasforge: { predict: (text: string) => object }
  }
}

async function start(root: HTMLElement): Promise<void> {
  const packed = document.getElementById('content')?.textContent ?? ''
  const content = (await unpack(packed)) as PageContent
  const bench = new Benchmark(content.model)
  const campaign = content.evaluated && new Campaign(content.evaluated, content.model.network)
  window.nasforge = {
    predict: (text) => {
      const prediction = bench.predict(parse(text))
      return { ...prediction, canonical: format(prediction.canonical) }
    },
  }
  root.replaceChildren()
  render(<App content={content} bench={bench} campaign={campaign} />, root)
}

const root = document.getElementById('app')
if (root) {
  start(root).catch((error: unknown) => {
    root.textContent = `This page cannot be shown: ${String(error)}. It needs a browser of 2023 or later.`
  })
}
