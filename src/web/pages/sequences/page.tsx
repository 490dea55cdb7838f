/**
 * Sequences: what a customer who left a cart is told, when and by which channel, changed with a look at every message, saved
 * as a version that holds for carts left from then on.
 */
import { useEffect, useSyncExternalStore } from "react"
import { ConnectionNotice } from "../../app/connection.tsx"
import { isHidden } from "../../hub/client.ts"
import { get, post } from "../../hub/http.ts"
import { SettingsEditor } from "../../recovery/editor.ts"
import { Editing } from "./editing.tsx"

/** `randomUUID` is not there for a page that came over plain HTTP from another machine. */
const newId = (): string => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("")

/** One for as long as the console is open. */
const editor = new SettingsEditor({ get, post, newId, isHidden })

/** The browser asks before it drops what is not saved. */
const useAsking = (isChanged: boolean): void => {
  useEffect(() => {
    if (!isChanged) return undefined
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener("beforeunload", ask)
    return () => window.removeEventListener("beforeunload", ask)
  }, [isChanged])
}

export const SequencesPage = () => {
  const state = useSyncExternalStore(editor.subscribe, editor.state)
  useEffect(() => {
    editor.start()
    return () => editor.stop()
  }, [])
  useAsking(editor.isChanged)
  const { base, draft, phase } = state
  return (
    <div className="page sequences">
      <h1 className="visually-hidden">Sequences</h1>
      <ConnectionNotice />
      {phase === "loading" ? <Waiting /> : null}
      {phase === "failed" ? <Failed /> : null}
      {base === undefined || draft === undefined ? null : <Editing editor={editor} base={base} draft={draft} />}
    </div>
  )
}

const Waiting = () => (
  <div className="sequences-waits" aria-busy="true">
    <p className="visually-hidden">The settings are on their way.</p>
    <div />
    <div />
    <div />
  </div>
)

const Failed = () => (
  <div className="none" role="alert">
    <h2>The settings cannot be read</h2>
    <p>The hub did not answer. It is asked again every few seconds.</p>
    <button type="button" className="button" onClick={() => void editor.look()}>
      Try now
    </button>
  </div>
)
