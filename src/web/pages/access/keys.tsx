/** Programs: the keys that they call with, how long each is good, and when it was used last. */
import { useState } from "react"
import type { Role } from "../../../../actors/access/actions.ts"
import type { KeyView } from "../../../access/protocol.ts"
import { timeOf, UNKNOWN } from "../../app/formats.ts"
import { Box, Ready, Table } from "../../app/parts.tsx"
import type { Acted } from "../../app/use-acts.ts"
import { useReading } from "../../app/use-reading.ts"
import { post, remove } from "../../hub/http.ts"
import type { Shown } from "./page.tsx"
import { AddForm, boundsWords, SureButton } from "./shared.tsx"

const EVERY_MS = 10_000
const DAY_MS = 86_400_000

const LASTS: ReadonlyArray<readonly [words: string, days: number]> = [
  ["good for ever", 0],
  ["good for 30 days", 30],
  ["good for 90 days", 90],
  ["good for a year", 365]
]

type NewKey = Parameters<typeof post<"/v1/access/keys">>[1]["body"]

interface GivenKey {
  readonly secret: string
}

interface KeysProps {
  readonly acts: Acted
  readonly onSecret: (shown: Shown) => void
}

export const Keys = ({ acts: { act, isActing, round }, onSecret }: KeysProps) => {
  const list = useReading("/v1/access/keys", {}, EVERY_MS, round)
  const withSecret = (name: string, work: () => Promise<GivenKey>, said: string) =>
    act(async () => {
      const { secret } = await work()
      onSecret({ of: `The key ${name}`, secret })
      return said
    })
  return (
    <Box id="keys" title="Keys" note="programs">
      <Ready of={list} what="the keys">
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">None: no program has a key.</p>
          ) : (
            <Rows
              keys={items}
              isActing={isActing}
              onRotate={(key) =>
                void withSecret(
                  key.name,
                  () => post("/v1/access/keys/:key/rotate", { names: { key: key.id } }),
                  `${key.name} has a new secret; the former one is good for a day.`
                )
              }
              onRevoke={(key) =>
                void act(async () => {
                  await remove("/v1/access/keys/:key", { names: { key: key.id } })
                  return `${key.name} is revoked.`
                })
              }
            />
          )
        }
      </Ready>
      <AddKey
        isActing={isActing}
        onAdd={(name, body) =>
          withSecret(name, () => post("/v1/access/keys", { body: { name, ...body } }), `${name} has a key.`)
        }
      />
    </Box>
  )
}

interface RowsProps {
  readonly keys: ReadonlyArray<KeyView>
  readonly isActing: boolean
  readonly onRotate: (key: KeyView) => void
  readonly onRevoke: (key: KeyView) => void
}

const COLUMNS = [
  "Name",
  "Begins with",
  "Roles",
  "Bound to",
  "Made",
  "Good until",
  "Last used",
  { label: "What to do", isHidden: true }
]

const Rows = ({ keys, isActing, onRotate, onRevoke }: RowsProps) => (
  <Table label="Keys" columns={COLUMNS}>
    {keys.map((key) => (
      <tr key={key.id}>
        <th scope="row">{key.name}</th>
        <td className="code">{key.prefix}</td>
        <td>{key.roles.join(", ")}</td>
        <td>{boundsWords(key) || UNKNOWN}</td>
        <td>
          {timeOf(key.addedAt)} by {key.addedBy}
        </td>
        <td>{key.expiresAt === undefined ? "for ever" : timeOf(key.expiresAt)}</td>
        <td>{key.lastUsedAt === undefined ? "never" : timeOf(key.lastUsedAt)}</td>
        <td className="remedies">
          <SureButton word="Rotate" of={key.name} isDisabled={isActing} onSure={() => onRotate(key)} />
          <SureButton word="Revoke" of={key.name} isDisabled={isActing} onSure={() => onRevoke(key)} />
        </td>
      </tr>
    ))}
  </Table>
)

interface AddKeyProps {
  readonly isActing: boolean
  readonly onAdd: (name: string, body: Omit<NewKey, "name">) => Promise<boolean>
}

const AddKey = ({ isActing, onAdd }: AddKeyProps) => {
  const [channels, setChannels] = useState("")
  const [days, setDays] = useState(0)
  const add = (name: string, roles: ReadonlyArray<Role>): Promise<boolean> => {
    const named = channels.split(",").flatMap((one) => (one.trim() === "" ? [] : [one.trim()]))
    return onAdd(name, {
      roles,
      ...(named.length === 0 ? {} : { channels: named }),
      ...(days === 0 ? {} : { expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() })
    })
  }
  return (
    <AddForm what="key" usual="operator" isActing={isActing} onAdd={add}>
      <input
        aria-label="Channels of the new key"
        placeholder="Channels (all)"
        maxLength={500}
        autoComplete="off"
        value={channels}
        onChange={({ target }) => setChannels(target.value)}
      />
      <select
        aria-label="How long the new key is good"
        value={days}
        onChange={({ target }) => setDays(Number(target.value))}
      >
        {LASTS.map(([words, lasts]) => (
          <option key={lasts} value={lasts}>
            {words}
          </option>
        ))}
      </select>
    </AddForm>
  )
}
