/** People: who they are, what they may, and a password for one who has lost theirs. */
import { useState } from "react"
import type { UserView } from "../../../access/protocol.ts"
import { timeOf, UNKNOWN } from "../../app/formats.ts"
import { Box, Ready, Table } from "../../app/parts.tsx"
import type { Acted } from "../../app/use-acts.ts"
import { useReading } from "../../app/use-reading.ts"
import { post, remove } from "../../hub/http.ts"
import type { Shown } from "./page.tsx"
import { AddForm, boundsWords, SureButton } from "./shared.tsx"

const EVERY_MS = 10_000

interface GivenPassword {
  readonly oneTimePassword: string
}

interface UsersProps {
  readonly acts: Acted
  readonly onSecret: (shown: Shown) => void
}

type NewUser = Parameters<typeof post<"/v1/access/users">>[1]["body"]

export const Users = ({ acts: { act, isActing, round }, onSecret }: UsersProps) => {
  const list = useReading("/v1/access/users", {}, EVERY_MS, round)
  const withPassword = (name: string, work: () => Promise<GivenPassword>, said: string) =>
    act(async () => {
      const { oneTimePassword } = await work()
      onSecret({ of: `The password of ${name}`, secret: oneTimePassword })
      return said
    })
  return (
    <Box id="users" title="Users" note="people">
      <Ready of={list} what="the users">
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">None: nobody has a name here.</p>
          ) : (
            <Rows
              users={items}
              isActing={isActing}
              onReset={(name) =>
                void withPassword(
                  name,
                  () => post("/v1/access/users/:user/password", { names: { user: name } }),
                  `${name} has a new password.`
                )
              }
              onRemove={(name) =>
                void act(async () => {
                  await remove("/v1/access/users/:user", { names: { user: name } })
                  return `${name} is removed.`
                })
              }
            />
          )
        }
      </Ready>
      <AddUser
        isActing={isActing}
        onAdd={(name, body) =>
          withPassword(name, () => post("/v1/access/users", { body: { name, ...body } }), `${name} may come in.`)
        }
      />
    </Box>
  )
}

interface RowsProps {
  readonly users: ReadonlyArray<UserView>
  readonly isActing: boolean
  readonly onReset: (name: string) => void
  readonly onRemove: (name: string) => void
}

const COLUMNS = ["Name", "Roles", "Bound to", "Since", "Password", { label: "What to do", isHidden: true }]

const Rows = ({ users, isActing, onReset, onRemove }: RowsProps) => (
  <Table label="Users" columns={COLUMNS}>
    {users.map((user) => (
      <tr key={user.name}>
        <th scope="row">{user.name}</th>
        <td>{user.roles.join(", ")}</td>
        <td>{boundsWords(user) || UNKNOWN}</td>
        <td>{timeOf(user.addedAt)}</td>
        <td>{user.mustChangePassword ? "to be changed" : "their own"}</td>
        <td className="remedies">
          <SureButton
            word="New password"
            of={`for ${user.name}`}
            isDisabled={isActing}
            onSure={() => onReset(user.name)}
          />
          <SureButton word="Remove" of={user.name} isDisabled={isActing} onSure={() => onRemove(user.name)} />
        </td>
      </tr>
    ))}
  </Table>
)

interface AddUserProps {
  readonly isActing: boolean
  readonly onAdd: (name: string, body: Omit<NewUser, "name">) => Promise<boolean>
}

const AddUser = ({ isActing, onAdd }: AddUserProps) => {
  const [written, setWritten] = useState("")
  const tenant = written.trim()
  return (
    <AddForm
      what="user"
      usual="viewer"
      isActing={isActing}
      onAdd={(name, roles) => onAdd(name, tenant === "" ? { roles } : { roles, tenant })}
    >
      <input
        aria-label="Tenant of the new user"
        placeholder="Tenant (all)"
        maxLength={64}
        autoComplete="off"
        value={written}
        onChange={({ target }) => setWritten(target.value)}
      />
    </AddForm>
  )
}
