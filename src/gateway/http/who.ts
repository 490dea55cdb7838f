/** In whose name something is done: who is known is taken at that; while everybody may do everything they say it themselves. */
import type { AskedRequest } from "../serving.ts"

export const whoActs = ({ principal }: AskedRequest, given: string | undefined): string => {
  if (principal.kind !== "open") return principal.name
  const name = given?.trim() ?? ""
  return name === "" ? principal.name : name
}
