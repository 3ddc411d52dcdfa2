/** Buttons that show another genotype. */

interface Props {
  actions: Record<'best' | 'random' | 'mutate' | 'undo' | 'redo', () => void>
  canUndo: boolean
  canRedo: boolean
}

export function Toolbar({ actions, canUndo, canRedo }: Props) {
  return (
    <div class="toolbar" role="toolbar" aria-label="Genotype">
      <Action name="Best known" letter="b" onClick={actions.best} />
      <Action name="Random" letter="r" onClick={actions.random} />
      <Action name="Mutate" letter="m" onClick={actions.mutate} />
      <span class="gap" />
      <Action name="Undo" letter="u" onClick={actions.undo} disabled={!canUndo} />
      <Action name="Redo" letter="y" onClick={actions.redo} disabled={!canRedo} />
    </div>
  )
}

interface ActionProps {
  name: string
  letter: string
  onClick: () => void
  disabled?: boolean
}

function Action({ name, letter, onClick, disabled = false }: ActionProps) {
  return (
    <button type="button" onClick={onClick} disabled={disabled} aria-keyshortcuts={letter}>
      {name} <kbd>{letter}</kbd>
    </button>
  )
}
