/** One customer's whole timeline: every decision with its reason, the newest first. */
import { type RefObject, type SyntheticEvent, useState } from "react"
import type { TimelineItem } from "../../../recovery/figures-protocol.ts"
import { timeOf } from "../../app/formats.ts"
import { Box, Pager, Ready } from "../../app/parts.tsx"
import { usePages } from "../../app/use-pages.ts"
import { refusedWords, sentenceOf } from "./wording.ts"

const EVERY_MS = 3_000
const SHOWN = 40

interface StoryProps {
  /** In the address, so that it can be linked. */
  readonly customerId: string | undefined
  readonly heading: RefObject<HTMLHeadingElement | null>
  readonly onCustomer: (customerId: string | undefined) => void
}

export const Story = ({ customerId, heading, onCustomer }: StoryProps) => {
  const [written, setWritten] = useState<string | undefined>()
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault()
    const wanted = (written ?? customerId ?? "").trim()
    setWritten(undefined)
    onCustomer(wanted === "" ? undefined : wanted)
  }
  return (
    <Box id="story" title="One customer" heading={heading}>
      <form className="story-form" onSubmit={onSubmit}>
        <input
          aria-label="Customer"
          placeholder="The customer’s id"
          value={written ?? customerId ?? ""}
          onChange={(event) => setWritten(event.target.value)}
        />
        <button type="submit" className="button">
          Show
        </button>
      </form>
      {customerId === undefined ? (
        <p className="quiet">
          Everything that was decided for a customer, with the reasons: name one, or pick one in the queue.
        </p>
      ) : (
        <Told key={customerId} customerId={customerId} />
      )}
    </Box>
  )
}

const Told = ({ customerId }: { readonly customerId: string }) => {
  const { list: timeline, pages } = usePages(
    "/v1/customers/:customer/timeline",
    { names: { customer: customerId } },
    { limit: SHOWN, everyMs: EVERY_MS }
  )
  return (
    <Ready of={timeline} what="the timeline" isAsked={true}>
      {({ items, next }) => (
        <>
          <ol className="story" aria-label={`What happened to ${customerId}, the newest first`}>
            {items.map((item, index) => (
              // Several things happen in one moment, and none of them ever changes.
              // oxlint-disable-next-line react/no-array-index-key
              <Entry key={`${item.at} ${item.type} ${items.length - index}`} item={item} />
            ))}
          </ol>
          <Pager what="the timeline" next={next} {...pages} />
        </>
      )}
    </Ready>
  )
}

const Entry = ({ item }: { readonly item: TimelineItem }) => {
  const refused = refusedWords(item)
  return (
    <li>
      <time dateTime={item.at}>{timeOf(item.at)}</time>
      <div>
        <p>{sentenceOf(item)}</p>
        {refused.map((words) => (
          <p key={words} className="story-refused">
            {words}
          </p>
        ))}
      </div>
    </li>
  )
}
