/** What an operator does on a page: one at a time, what came of it said aloud, and the lists read again. */
import { useCallback, useState } from "react"
import { messageOf } from "../hub/http.ts"

export interface Acted {
  readonly notice: string | undefined
  readonly tone: "good" | "bad"
  /** Another after each act that was done. */
  readonly round: number
  readonly isActing: boolean
  /** True when it was done. `work` answers what is said of it. */
  readonly act: (work: () => Promise<string>) => Promise<boolean>
}

export const useActs = (): Acted => {
  const [state, setState] = useState<Omit<Acted, "act">>({ notice: undefined, tone: "good", round: 0, isActing: false })
  const act = useCallback(async (work: () => Promise<string>): Promise<boolean> => {
    setState((before) => ({ ...before, isActing: true }))
    try {
      const notice = await work()
      setState(({ round }) => ({ notice, tone: "good", round: round + 1, isActing: false }))
      return true
    } catch (error) {
      setState((before) => ({ ...before, notice: messageOf(error), tone: "bad", isActing: false }))
      return false
    }
  }, [])
  return { ...state, act }
}
