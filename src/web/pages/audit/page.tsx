/** The audit log: every administrative act with who did it and what came of it, the newest first. */
import { useState } from "react"
import type { StoredAct } from "../../../access/acts.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { timeOf } from "../../app/formats.ts"
import { Box, Pager, Ready, Table } from "../../app/parts.tsx"
import { usePages } from "../../app/use-pages.ts"

const EVERY_MS = 5_000
const SHOWN = 100

const COLUMNS = ["When", "Who", "Did", "To what", "Outcome", "From"]

export const AuditPage = () => {
  const [sought, setSought] = useState("")
  const { list, pages } = usePages("/v1/audit", {}, { limit: SHOWN, everyMs: EVERY_MS, cursor: "before" })
  return (
    <div className="page">
      <h1 className="visually-hidden">Audit log</h1>
      <ConnectionNotice />
      <div className="page-body">
        <div className="page-tools">
          <input
            type="search"
            className="tool-search"
            aria-label="Search on this page"
            placeholder="Who, what, to what"
            value={sought}
            onChange={({ target }) => setSought(target.value)}
          />
        </div>
        <Ready of={list} what="the audit log">
          {({ items, next }) => (
            <>
              <Listed acts={items} sought={sought.trim().toLowerCase()} />
              <Pager what="the audit log" next={next === undefined ? undefined : String(next)} {...pages} />
            </>
          )}
        </Ready>
      </div>
    </div>
  )
}

/** An outcome is told as the status that it had over HTTP. */
const outcomeWords = (outcome: number): string => {
  if (outcome < 400) return "done"
  return outcome === 401 || outcome === 403 ? "not allowed" : outcome < 500 ? "refused" : "failed"
}

const textOf = ({ action, outcome, target, who }: StoredAct): string =>
  `${who.name} ${action} ${target} ${outcomeWords(outcome)}`.toLowerCase()

const Listed = ({ acts, sought }: { readonly acts: ReadonlyArray<StoredAct>; readonly sought: string }) => {
  const found = acts.filter((act) => textOf(act).includes(sought))
  if (acts.length === 0) {
    return (
      <div className="none">
        <h2>Nothing was done yet</h2>
        <p>Whatever changes something administrative is kept here, with who did it, also what was refused.</p>
      </div>
    )
  }
  return (
    <Box id="acts" title="Audit log" note="the newest first">
      {found.length === 0 ? (
        <p className="quiet">None of the {acts.length} on this page.</p>
      ) : (
        <Table label="Audit log" columns={COLUMNS} stacks={true}>
          {found.map((act) => (
            <tr key={act.id}>
              <td>{timeOf(act.at)}</td>
              <td>
                {act.who.name} <span className="quiet">{act.who.kind}</span>
              </td>
              <td className="code">{act.action}</td>
              <td className="words">{act.target}</td>
              <td>
                <span className="channel-state" data-state={act.outcome < 400 ? undefined : "down"}>
                  {outcomeWords(act.outcome)}
                </span>
              </td>
              <td>{act.address}</td>
            </tr>
          ))}
        </Table>
      )}
    </Box>
  )
}
