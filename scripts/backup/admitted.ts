/**
 * Who may come in, as the events of users and keys: a file that outlives the backups, so that who was taken away after one was
 * made is not back when it is restored, and no password or key is good again that was replaced. Secrets stand in it as
 * hashes only; whoever has it can guess at passwords all the same.
 *
 * M1 Sessions are never restored: everybody signs in again. M2 The file and the backup tell of one history: where one begins
 *    with the other the longer one is restored, and otherwise neither.
 */
import { existsSync, readFileSync } from "node:fs"
import type { AccessEvent } from "../../actors/access/events.ts"
import { type AccessState, evolve, initialState } from "../../actors/access/state.ts"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { readSubject } from "../../streams/nats/subject-reader.ts"
import { ACCESS, ACCESS_EVENT_SUBJECT, accessSessionSubject } from "../../streams/subjects.ts"
import { writeDurably } from "../../src/durable-file.ts"
import { type CopiedMessage, Damaged } from "./stream-file.ts"

/** As they stand in the stream, oldest first. */
export type AdmittedEvents = ReadonlyArray<string>

const SESSIONS = accessSessionSubject("")

const textOf = (data: Uint8Array): string => new TextDecoder().decode(data)

/** `undefined`: it is no event of users and keys. */
export const admittedIn = ({ subject, data }: Pick<CopiedMessage, "subject" | "data">): string | undefined =>
  subject === ACCESS_EVENT_SUBJECT ? textOf(data) : undefined

export const isSession = ({ subject }: CopiedMessage): boolean => subject.startsWith(SESSIONS)

/** What the server has now. */
export const admittedNow = async (nats: NatsShape): Promise<AdmittedEvents> =>
  (await readSubject(nats, ACCESS, ACCESS_EVENT_SUBJECT)).map(({ data }) => textOf(data))

/** One event a line. Fails with `Damaged` when a line is none. */
export const readAdmitted = (path: string): AdmittedEvents => {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
  if (lines.every(isEvent)) return lines
  throw new Damaged(`${path} has a line that tells of no user or key; write it again to another file.`)
}

/** Never fewer than there are in it. */
export const keepAdmitted = (path: string, events: AdmittedEvents): AccessState => {
  const known = existsSync(path) ? readAdmitted(path) : []
  if (!isBegun(events, known)) {
    throw new Damaged(`${path} tells of what this hub knows nothing of: name another file, and keep that one.`)
  }
  writeDurably(path, events.map((event) => `${event}\n`).join(""))
  return admittedBy(events)
}

/** What comes behind the backup's own events. */
export const admittedSince = (backedUp: AdmittedEvents, kept: AdmittedEvents): AdmittedEvents => {
  if (isBegun(kept, backedUp)) return kept.slice(backedUp.length)
  if (isBegun(backedUp, kept)) return []
  throw new Damaged(
    "The file of who may come in is of another hub than the backup, or was begun after another restore."
  )
}

export const admittedBy = (events: AdmittedEvents): AccessState =>
  events.reduce((state, event) => evolve(state, JSON.parse(event) as AccessEvent), initialState)

export const admittedText = ({ keys, users }: AccessState): string => {
  const people = [...users.values()].map(({ name, roles }) => `${name} (${roles.join(", ")})`)
  const programs = [...keys.values()].map(({ id, name, roles }) => `${id} ${name} (${roles.join(", ")})`)
  return `users: ${people.join("; ") || "none"}\nkeys: ${programs.join("; ") || "none"}`
}

/** One history begins with the other. */
const isBegun = (history: AdmittedEvents, beginning: AdmittedEvents): boolean =>
  beginning.length <= history.length && beginning.every((event, index) => event === history[index])

const isEvent = (line: string): boolean => {
  try {
    const event = JSON.parse(line) as { readonly type?: unknown; readonly at?: unknown } | null
    return typeof event?.type === "string" && typeof event.at === "number"
  } catch {
    return false
  }
}
