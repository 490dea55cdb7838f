/** What is one's own: the password, and where one is signed in. */
import { useState } from "react"
import { ChangePassword } from "../../access/sign-in.tsx"
import { useOwn } from "../../access/use-session.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { timeOf } from "../../app/formats.ts"
import { Box, Notice, Ready, Table } from "../../app/parts.tsx"
import { useActs } from "../../app/use-acts.ts"
import { useReading } from "../../app/use-reading.ts"
import { remove } from "../../hub/http.ts"

const EVERY_MS = 10_000

const COLUMNS = ["Signed in", "Last seen", "Ends", "From", "Here"]

export const AccountPage = () => {
  const own = useOwn()
  return (
    <div className="page">
      <h1 className="visually-hidden">Account</h1>
      <ConnectionNotice />
      {own?.mode === "open" ? <Nobody /> : null}
      {own?.principal.kind === "user" ? <Own name={own.principal.name} /> : null}
    </div>
  )
}

const Nobody = () => (
  <div className="none">
    <h2>Nobody is signed in</h2>
    <p>Access control is off: whoever reaches this machine may do everything, and has neither name nor password.</p>
  </div>
)

const Own = ({ name }: { readonly name: string }) => {
  const { act, isActing, notice, round, tone } = useActs()
  const [changes, setChanges] = useState(0)
  const sessions = useReading("/v1/access/sessions", {}, EVERY_MS, `${round} ${changes}`)
  return (
    <>
      <div className="page-body account-body">
        <Box id="password" title={`Password of ${name}`}>
          <p className="quiet">Changing it signs you out everywhere else.</p>
          <ChangePassword onChanged={() => setChanges(changes + 1)} />
          <p role="status" className="quiet">
            {changes === 0 ? "" : "It is changed."}
          </p>
        </Box>
        <Box
          id="sessions"
          title="Where you are signed in"
          aside={
            <button
              type="button"
              className="button"
              disabled={isActing}
              onClick={() =>
                void act(async () => {
                  await remove("/v1/access/sessions", {})
                  return "You are signed out everywhere."
                })
              }
            >
              Sign out everywhere
            </button>
          }
        >
          <Ready of={sessions} what="your sessions">
            {({ items }) => (
              <Table label="Your sessions" columns={COLUMNS}>
                {items.map((session) => (
                  <tr key={`${session.openedAt} ${session.address}`}>
                    <td>{timeOf(session.openedAt)}</td>
                    <td>{timeOf(session.seenAt)}</td>
                    <td>{timeOf(session.expiresAt)}</td>
                    <td>{session.address}</td>
                    <td>{session.isThis ? "this one" : ""}</td>
                  </tr>
                ))}
              </Table>
            )}
          </Ready>
        </Box>
      </div>
      <Notice notice={notice} tone={tone} />
    </>
  )
}
