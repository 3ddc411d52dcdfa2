/**
 * Bundles the page into one file, src/nasforge/explorer/page.html, which is committed. With an
 * argument it is written there instead.
 */

import { build } from 'esbuild'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const output = process.argv[2] ?? here('../src/nasforge/explorer/page.html')

async function bundle(entry) {
  const result = await build({
    entryPoints: [here(entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'inline',
    charset: 'utf8',
  })
  return result.outputFiles[0].text.trim()
}

const [script, style] = await Promise.all([bundle('src/main.tsx'), bundle('src/style.css')])
if (script.includes('</script') || style.includes('</style')) {
  throw new Error('the bundle holds a closing tag, which would end it within the page')
}
const page = (await readFile(here('src/page.html'), 'utf8'))
  .replace('/*style*/', () => style)
  .replace('/*script*/', () => script)
await writeFile(output, page)
