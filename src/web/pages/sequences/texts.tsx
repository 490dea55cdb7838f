/** What messages say: one text for all channels, a subject for e-mails, and the carrier's own template for WhatsApp. */
import { useState } from "react"
import type { RecoverySettings } from "../../../../actors/recovery/settings.ts"
import { Box } from "../../app/parts.tsx"
import { freeName, renamedTemplate, withoutTemplate, withTemplate } from "../../recovery/edit.ts"
import { GroupFault, SignButton, TextField } from "./fields.tsx"

interface TextsProps {
  readonly settings: RecoverySettings
  readonly onChange: (settings: RecoverySettings) => void
}

const BLANK = { text: "{items} is still in your cart: {link}", subject: "Your cart", approved: "" }

export const Texts = ({ onChange, settings }: TextsProps) => {
  const names = Object.keys(settings.templates)
  const add = (): void => {
    const name = freeName("text", names)
    onChange(withTemplate(settings, name, { ...BLANK, approved: name }))
  }
  const used = new Set(settings.sequences.flatMap(({ steps }) => steps.map(({ template }) => template)))
  return (
    <Box
      id="texts-title"
      title="Texts"
      note={
        <>
          <code>{"{items}"}</code> is the goods, <code>{"{link}"}</code> the way back to the cart.
        </>
      }
      aside={
        <button type="button" className="button" onClick={add}>
          Add a text
        </button>
      }
    >
      <GroupFault path="templates" />
      <ul className="texts">
        {Object.entries(settings.templates).map(([name, template], index) => (
          // The name is what is being written here.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index}>
            <header className="texts-head">
              <Name name={name} onRename={(to) => onChange(renamedTemplate(settings, name, to))} />
              <span className="badge">{used.has(name) ? "used" : "not used"}</span>
              <SignButton
                label={`Remove the text ${name}`}
                sign="×"
                isDisabled={used.has(name)}
                onClick={() => onChange(withoutTemplate(settings, name))}
              />
            </header>
            <GroupFault path={`templates.${name}`} />
            <TextField
              path={`templates.${name}.text`}
              label={`Text of ${name}`}
              isLabelHidden={true}
              rows={3}
              value={template.text}
              onChange={(text) => onChange(withTemplate(settings, name, { ...template, text }))}
            />
            <div className="field-grid">
              <TextField
                path={`templates.${name}.subject`}
                label="Subject"
                value={template.subject}
                onChange={(subject) => onChange(withTemplate(settings, name, { ...template, subject }))}
              />
              <TextField
                path={`templates.${name}.approved`}
                label="Approved template"
                value={template.approved}
                onChange={(approved) => onChange(withTemplate(settings, name, { ...template, approved }))}
              />
            </div>
          </li>
        ))}
      </ul>
    </Box>
  )
}

/** Taken when it is left: half a name would take the place of another text. */
const Name = ({ name, onRename }: { readonly name: string; readonly onRename: (to: string) => void }) => {
  const [written, setWritten] = useState<string | undefined>()
  const leave = (): void => {
    if (written !== undefined && written.trim() !== "") onRename(written.trim())
    setWritten(undefined)
  }
  return (
    <input
      className="texts-name"
      aria-label={`Name of the text ${name}`}
      value={written ?? name}
      onChange={({ target }) => setWritten(target.value)}
      onBlur={leave}
      onKeyDown={({ key }) => {
        if (key === "Enter") leave()
        if (key === "Escape") setWritten(undefined)
      }}
    />
  )
}
