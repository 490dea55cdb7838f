/**
 * From anywhere to anything: pages, SKUs, channels, locations, carts and customers by their names, and what is done most. A field
 * with a list under it, of which one is picked by the arrows; the field keeps the focus.
 */
import { type KeyboardEvent, useEffect, useId, useState } from "react"
import { messageOf } from "../hub/http.ts"
import { type Command, matching } from "./commands.ts"
import { Dialog } from "./dialog.tsx"
import { useCommands } from "./palette-commands.ts"

const SHOWN = 12

interface PaletteProps {
  readonly onClose: () => void
  readonly onShortcuts: () => void
}

export const Palette = ({ onClose, onShortcuts }: PaletteProps) => {
  const [written, setWritten] = useState("")
  const [picked, setPicked] = useState(0)
  const [said, setSaid] = useState("")
  const list = useId()
  const found = matching(written, useCommands(written, onShortcuts), SHOWN)
  const at = Math.min(picked, found.length - 1)
  useEffect(() => {
    document.getElementById(`${list}-${at}`)?.scrollIntoView({ block: "nearest" })
  }, [list, at])
  const run = ({ id, run: work }: Command): void => {
    const answer = work()
    // Another dialog takes this one's place.
    if (!(answer instanceof Promise)) return id === "shortcuts" ? undefined : onClose()
    setSaid("…")
    answer.then(setSaid, (error: unknown) => setSaid(messageOf(error)))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = movedBy(event.key, at, found.length)
    const command = found[at]
    if (to !== undefined) {
      event.preventDefault()
      setPicked(to)
    } else if (event.key === "Enter" && command !== undefined) {
      event.preventDefault()
      run(command)
    }
  }
  return (
    <Dialog label="Go to anything" className="overlay palette" onClose={onClose}>
      <input
        role="combobox"
        aria-label="Page, SKU, channel, location or what to do"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={found.length === 0 ? undefined : `${list}-${at}`}
        aria-autocomplete="list"
        placeholder="Page, SKU, channel, location …"
        autoComplete="off"
        spellCheck={false}
        maxLength={160}
        autoFocus={true}
        value={written}
        onChange={({ target }) => {
          setWritten(target.value)
          setPicked(0)
          setSaid("")
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={list} className="palette-list" role="listbox" aria-label="Found">
        {found.map((command, index) => (
          <Option
            key={command.id}
            id={`${list}-${index}`}
            command={command}
            isPicked={index === at}
            isFirstOfGroup={command.group !== found[index - 1]?.group}
            onPick={() => run(command)}
          />
        ))}
      </ul>
      <p className="palette-foot" role="status">
        {said === "" ? countWords(found.length, written) : said}
      </p>
    </Dialog>
  )
}

const countWords = (count: number, written: string): string =>
  count === 0
    ? `Nothing is called “${written.trim()}”.`
    : "↑ ↓ to pick, Enter to go; “cart” or “customer” and a name finds one"

const movedBy = (key: string, at: number, count: number): number | undefined => {
  if (count === 0) return undefined
  switch (key) {
    case "ArrowDown":
      return (at + 1) % count
    case "ArrowUp":
      return (at + count - 1) % count
    default:
      return undefined
  }
}

interface OptionProps {
  readonly id: string
  readonly command: Command
  readonly isPicked: boolean
  readonly isFirstOfGroup: boolean
  readonly onPick: () => void
}

const Option = ({ id, command: { group, hint, label }, isPicked, isFirstOfGroup, onPick }: OptionProps) => (
  <li
    id={id}
    role="option"
    aria-selected={isPicked}
    className="palette-option"
    // The field keeps the focus.
    onMouseDown={(event) => event.preventDefault()}
    onClick={onPick}
  >
    <span className="palette-label">{label}</span>
    {hint === undefined ? null : <span className="quiet">{hint}</span>}
    <span className="palette-group" data-first={isFirstOfGroup || undefined}>
      {group}
    </span>
  </li>
)
