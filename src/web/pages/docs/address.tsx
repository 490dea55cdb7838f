/** One address: what it is for, and once it is opened what it takes and answers. */
import { type CSSProperties, useState } from "react"
import { type Address as One, contentOf, type Parameter } from "../../docs/document.ts"
import { type JsonSchema, type Line, linesOf, type Schemas } from "../../docs/shape.ts"

interface AddressProps {
  readonly address: One
  readonly schemas: Schemas
}

export const Address = ({ address: { method, operation, path }, schemas }: AddressProps) => {
  // Some hundred addresses with all their fields would be ten thousand lines.
  const [isOpen, setOpen] = useState(false)
  return (
    <details className="address" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="address-method" data-method={method}>
          {method.toUpperCase()}
        </span>
        <code className="address-path">{path}</code>
        <span className="quiet">{operation.summary}</span>
      </summary>
      {isOpen ? (
        <div className="address-body">
          <p>{operation.description}</p>
          <Parameters parameters={operation.parameters ?? []} />
          <Body
            title={operation.requestBody?.required === false ? "Body, if any" : "Body"}
            content={operation.requestBody?.content}
            schemas={schemas}
          />
          {Object.entries(operation.responses)
            .filter(([status]) => status < "300")
            .map(([status, { content }]) => (
              <Body key={status} title={`Answer ${status}`} content={content} schemas={schemas} />
            ))}
          <Refusals responses={operation.responses} />
        </div>
      ) : null}
    </details>
  )
}

const Parameters = ({ parameters }: { readonly parameters: ReadonlyArray<Parameter> }) =>
  parameters.length === 0 ? null : (
    <>
      <h3>Parameters</h3>
      <ul className="shape">
        {parameters.map(({ description, name, required, schema, in: where }) => (
          <ShapeLine
            key={`${where} ${name}`}
            depth={0}
            name={name}
            isOptional={!required}
            takes={`${linesOf(schema, {})[0]?.takes ?? ""} (${where})`}
            {...(description === undefined ? {} : { note: description })}
          />
        ))}
      </ul>
    </>
  )

interface BodyProps {
  readonly title: string
  readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> | undefined
  readonly schemas: Schemas
}

const Body = ({ title, content, schemas }: BodyProps) => {
  const found = contentOf(content)
  if (found === undefined) return null
  return (
    <>
      <h3>
        {title}
        {found.mediaType === undefined ? null : <span className="quiet"> {found.mediaType}</span>}
      </h3>
      <ul className="shape">
        {linesOf(found.schema, schemas).map((line, index) => (
          <ShapeLine key={index} {...line} />
        ))}
      </ul>
    </>
  )
}

const ShapeLine = ({ depth, isOptional, name, note, takes }: Line) => (
  <li style={{ "--depth": depth } as CSSProperties}>
    {name === undefined ? null : (
      <>
        <code>{name}</code>
        {isOptional ? <span className="quiet"> optional</span> : null}{" "}
      </>
    )}
    <span className="shape-takes">{takes}</span>
    {note === undefined ? null : <span className="quiet"> {note}</span>}
  </li>
)

const Refusals = ({ responses }: { readonly responses: One["operation"]["responses"] }) => {
  const refusals = Object.entries(responses).filter(([status]) => status >= "300")
  return refusals.length === 0 ? null : (
    <>
      <h3>Otherwise</h3>
      <ul className="shape">
        {refusals.map(([status, { description }]) => (
          <li key={status}>
            <code>{status}</code> {description}
          </li>
        ))}
      </ul>
    </>
  )
}
