/**
 * When a message was stored. Of one that came back from a backup the server says when it was restored, so a restore puts the
 * time that it had into a header where people are shown it.
 */
import type { StoredMsg } from "@nats-io/jetstream"

export const STORED_AT = "Holdfast-Stored-At"

/** ISO 8601. */
export const storedAt = ({ header, time }: Pick<StoredMsg, "header" | "time">): string => {
  const then = header.get(STORED_AT)
  return then === "" ? time.toISOString() : then
}
