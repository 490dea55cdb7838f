/** Every version: who saved it, when and why, what it changes from the one that is there, and the way back to it. */
import { useEffect, useState } from "react"
import type { RecoverySettings } from "../../../../actors/recovery/settings.ts"
import type { SettingsView, VersionLine } from "../../../recovery/protocol.ts"
import { timeOf } from "../../app/formats.ts"
import { Box } from "../../app/parts.tsx"
import { isHidden } from "../../hub/client.ts"
import { get } from "../../hub/http.ts"
import { type Change, changesBetween } from "../../recovery/described.ts"

const SHOWN = 20
/** What could not be read is read again so often. */
const AGAIN_MS = 3_000

interface HistoryProps {
  /** Read again when there is another. */
  readonly newest: number
  readonly draft: RecoverySettings
  readonly onRestore: (view: SettingsView) => void
}

const useVersions = (newest: number) => {
  const [items, setItems] = useState<ReadonlyArray<VersionLine> | undefined>()
  const [next, setNext] = useState<number | undefined>()
  const [isFailed, setFailed] = useState(false)
  const read = async (before: number | undefined): Promise<void> => {
    try {
      const query = { limit: SHOWN, ...(before === undefined ? {} : { before }) }
      const page = await get("/v1/recovery/settings/versions", { query })
      setItems((known) => (before === undefined ? page.items : [...(known ?? []), ...page.items]))
      setNext(page.next)
      setFailed(false)
    } catch {
      setFailed(true)
    }
  }
  useEffect(() => void read(undefined), [newest])
  useEffect(() => {
    if (!isFailed) return undefined
    const again = setInterval(() => {
      if (!isHidden()) void read(undefined)
    }, AGAIN_MS)
    return () => clearInterval(again)
  }, [isFailed])
  return {
    items,
    isFailed,
    more: next === undefined ? undefined : () => void read(next),
    again: () => void read(undefined)
  }
}

export const History = ({ draft, newest, onRestore }: HistoryProps) => {
  const { again, isFailed, items, more } = useVersions(newest)
  const [shown, setShown] = useState<SettingsView | undefined>()
  const [failure, setFailure] = useState<string | undefined>()
  const show = async (version: number): Promise<void> => {
    if (shown?.version === version) return setShown(undefined)
    try {
      setShown(await get("/v1/recovery/settings", { query: { version } }))
      setFailure(undefined)
    } catch {
      setFailure(`Version ${version} cannot be read now; try again.`)
    }
  }
  return (
    <Box id="history-title" title="Versions">
      {isFailed ? (
        <p className="field-fault">
          The versions cannot be read now.{" "}
          <button type="button" className="button" onClick={again}>
            Try again
          </button>
        </p>
      ) : null}
      {failure === undefined ? null : (
        <p className="field-fault" role="alert">
          {failure}
        </p>
      )}
      <ol className="versions">
        {(items ?? []).map(({ at, by, note, version }) => (
          <li key={version}>
            <button
              type="button"
              className="version"
              aria-expanded={shown?.version === version}
              onClick={() => void show(version)}
            >
              <strong>Version {version}</strong>
              <span>{by}</span>
              <time dateTime={at}>{timeOf(at)}</time>
              {note === undefined ? null : <em>{note}</em>}
            </button>
            {shown?.version === version ? (
              <div className="version-diff">
                <Changes
                  changes={changesBetween(draft, shown.settings)}
                  none="This is what is shown above."
                  label={`What version ${version} changes`}
                />
                <button type="button" className="button" onClick={() => onRestore(shown)}>
                  Restore version {version}
                </button>
              </div>
            ) : null}
          </li>
        ))}
      </ol>
      {more === undefined ? null : (
        <button type="button" className="button" onClick={more}>
          Older versions
        </button>
      )}
    </Box>
  )
}

interface ChangesProps {
  readonly changes: ReadonlyArray<Change>
  readonly label: string
  readonly none: string
}

export const Changes = ({ changes, label, none }: ChangesProps) =>
  changes.length === 0 ? (
    <p className="quiet">{none}</p>
  ) : (
    <div className="changes" role="group" aria-label={label} tabIndex={0}>
      <dl>
        {changes.map(({ after, before, name }) => (
          <div key={name}>
            <dt>{name}</dt>
            {before === undefined ? null : (
              <dd>
                <del>{before}</del>
              </dd>
            )}
            {after === undefined ? null : (
              <dd>
                <ins>{after}</ins>
              </dd>
            )}
          </div>
        ))}
      </dl>
    </div>
  )
