/** Who is at this page. */
import { useSyncExternalStore } from "react"
import { useHub } from "../hub/client.ts"
import type { OwnSession, SessionState } from "./session.ts"

export const useSession = (): SessionState => {
  const { session } = useHub()
  return useSyncExternalStore(session.subscribe, session.state)
}

/** Absent until the hub has said it. */
export const useOwn = (): OwnSession | undefined => {
  const state = useSession()
  return state.phase === "known" ? state.own : undefined
}
