/** The genotype as text: to copy in either form, or to paste or edit. */

import { useId, useState } from 'preact/hooks'
import type { Genotype } from '../darts/genotype'
import { GenotypeError, format, formatNamedtuple, parse } from '../darts/genotype'

/** What is in the box. */
interface Draft {
  /** The genotype that was shown when it was written; for another one it is dropped. */
  of: string
  text: string
  error: string
}

interface Props {
  genotype: Genotype
  onLoad: (genotype: Genotype) => void
  announce: (message: string) => void
}

export function GenotypeText({ genotype, onLoad, announce }: Props) {
  const text = format(genotype)
  const [draft, setDraft] = useState<Draft>({ of: text, text, error: '' })
  const id = useId()
  // While rendering, not in an effect: that would show the old text for a frame, and render twice.
  if (draft.of !== text) setDraft({ of: text, text, error: '' })

  const edit = (next: string) => {
    try {
      onLoad(parse(next))
      setDraft({ of: text, text: next, error: '' })
    } catch (problem) {
      if (!(problem instanceof GenotypeError)) throw problem
      setDraft({ of: text, text: next, error: problem.message })
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
        value={draft.text}
        aria-invalid={draft.error !== ''}
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
      <p class="error" id={`${id}-error`} role="alert" hidden={draft.error === ''}>
        {draft.error} The cells still show the last genotype that could be read.
      </p>
    </div>
  )
}
