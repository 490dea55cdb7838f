/** People: who they are, what they may, and a password for one who has lost theirs. */
import { type SyntheticEvent, useState } from "react"
import type { Role } from "../../../../actors/access/actions.ts"
import type { UserView } from "../../../access/protocol.ts"
import { timeOf, UNKNOWN } from "../../app/formats.ts"
import { Box, Ready, Table } from "../../app/parts.tsx"
import type { Acted } from "../../app/use-acts.ts"
import { useReading } from "../../app/use-reading.ts"
import { deleteJson, postJson } from "../../hub/http.ts"
import type { Shown } from "./page.tsx"
import { boundsWords, RoleChoice, SureButton } from "./shared.tsx"

const EVERY_MS = 10_000

interface GivenPassword {
  readonly oneTimePassword: string
}

interface UsersProps {
  readonly acts: Acted
  readonly onSecret: (shown: Shown) => void
}

const pathOf = (name: string): string => `/v1/access/users/${encodeURIComponent(name)}`

export const Users = ({ acts: { act, isActing, round }, onSecret }: UsersProps) => {
  const list = useReading<{ readonly items: ReadonlyArray<UserView> }>("/v1/access/users", EVERY_MS, round)
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
                void withPassword(name, () => postJson(`${pathOf(name)}/password`, {}), `${name} has a new password.`)
              }
              onRemove={(name) =>
                void act(async () => {
                  await deleteJson(pathOf(name))
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
          withPassword(name, () => postJson("/v1/access/users", { name, ...body }), `${name} may come in.`)
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
  readonly onAdd: (
    name: string,
    body: { readonly roles: ReadonlyArray<Role>; readonly tenant?: string }
  ) => Promise<boolean>
}

const AddUser = ({ isActing, onAdd }: AddUserProps) => {
  const [name, setName] = useState("")
  const [tenant, setTenant] = useState("")
  const [roles, setRoles] = useState<ReadonlyArray<Role>>(["viewer"])
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void onAdd(name.trim(), tenant.trim() === "" ? { roles } : { roles, tenant: tenant.trim() }).then(
      (isDone) => isDone && setName("")
    )
  }
  return (
    <form className="add-form" aria-label="Add a user" onSubmit={onSubmit}>
      <input
        aria-label="Name of the new user"
        placeholder="Name"
        required={true}
        maxLength={64}
        autoComplete="off"
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
      <input
        aria-label="Tenant of the new user"
        placeholder="Tenant (all)"
        maxLength={64}
        autoComplete="off"
        value={tenant}
        onChange={({ target }) => setTenant(target.value)}
      />
      <RoleChoice of="the new user" chosen={roles} onChoose={setRoles} />
      <button type="submit" className="button" disabled={isActing || roles.length === 0}>
        Add user
      </button>
    </form>
  )
}
