/** In whose name something is done: who is known is taken at that; while everybody may do everything they say it themselves. */
import { NAME_LENGTH_MAX } from "../../../actors/access/limits.ts"
import { TEXT_LENGTH_MAX } from "../../../config/limits.ts"
import type { AskedRequest } from "../serving.ts"

export const whoActs = ({ principal }: AskedRequest, given: unknown): string => {
  if (principal.kind !== "open") return principal.name
  const name = typeof given === "string" ? given.trim().slice(0, NAME_LENGTH_MAX) : ""
  return name === "" || !name.isWellFormed() ? principal.name : name
}

/** A sentence or two that somebody writes beside what they do; `false`: it is none. */
export const noteOf = (given: unknown): string | undefined | false => {
  if (given === undefined || given === null || given === "") return undefined
  return typeof given === "string" && given.length <= TEXT_LENGTH_MAX && given.isWellFormed() ? given : false
}
