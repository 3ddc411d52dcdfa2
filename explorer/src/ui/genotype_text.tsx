/** The genotype as text: to copy in either form, or to paste or edit. */

import { useEffect, useId, useState } from 'preact/hooks'
import type { Genotype } from '../darts/genotype'
import { GenotypeError, format, formatNamedtuple, parse } from '../darts/genotype'

interface Props {
  genotype: Genotype
  onLoad: (genotype: Genotype) => void
  announce: (message: string) => void
}

export function GenotypeText({ genotype, onLoad, announce }: Props) {
  const text = format(genotype)
  const [draft, setDraft] = useState(text)
  const [error, setError] = useState('')
  const id = useId()
  useEffect(() => {
    setDraft(text)
    setError('')
  }, [text])

  const edit = (next: string) => {
    setDraft(next)
    try {
      const parsed = parse(next)
      setError('')
      onLoad(parsed)
    } catch (problem) {
      if (!(problem instanceof GenotypeError)) throw problem
      setError(problem.message)
    }
  }
  const copy = async (form: string, copied: string) => {
    try {
      await navigator.clipboard.writeText(copied)
      announce(`Copied the ${form}.`)
    } catch {
      announce('The browser does not let this page copy: select the text, and copy it.')
    }
  }
  return (
    <div class="genotype">
      <label for={id}>Genotype: paste one here, as text or as DARTS’s namedtuple</label>
      <textarea
        id={id}
        rows={3}
        spellcheck={false}
        autocomplete="off"
        value={draft}
        aria-invalid={error !== ''}
        aria-describedby={`${id}-error`}
        onInput={(event) => edit(event.currentTarget.value)}
        onFocus={(event) => event.currentTarget.select()}
      />
      <div class="copy">
        <button type="button" onClick={() => void copy('text', text)}>
          Copy text
        </button>
        <button type="button" onClick={() => void copy('namedtuple', formatNamedtuple(genotype))}>
          Copy namedtuple
        </button>
      </div>
      <p class="error" id={`${id}-error`} role="alert" hidden={error === ''}>
        {error} The cells still show the last genotype that could be read.
      </p>
    </div>
  )
}
