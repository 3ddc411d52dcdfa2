/** What the page is of, and light or dark. */

import { useEffect, useState } from 'preact/hooks'
import type { PageContent } from '../content'

export function Header({ content: { benchmark } }: { content: PageContent }) {
  const isDefault = benchmark.surrogate === benchmark.selected
  return (
    <header>
      <div class="title">
        <h1>
          {benchmark.name} <span class="version">v{benchmark.version}</span>
        </h1>
        <p>{benchmark.description}</p>
      </div>
      <p class="answers">
        answers: <code>{benchmark.surrogate}</code>
        {!isDefault && <span> (default of the benchmark: {benchmark.selected})</span>}
      </p>
      <ThemeButton />
    </header>
  )
}

function ThemeButton() {
  const [isDark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  useEffect(() => {
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light'
    document.dispatchEvent(new Event('themechange'))
  }, [isDark])
  return (
    <button
      type="button"
      class="theme"
      aria-pressed={isDark}
      aria-label="Dark mode"
      title="Light or dark"
      onClick={() => setDark(!isDark)}
    >
      {isDark ? '☀' : '☾'}
    </button>
  )
}
