/**
 * What the draft would say and what is wrong with it, asked of the hub a moment after the last change: nobody else judges
 * settings, so what is shown beside a field is what saving it would be told.
 */
import { useEffect, useState } from "react"
import type { Fault } from "../../../../actors/recovery/sequence.ts"
import type { RecoverySettings } from "../../../../actors/recovery/settings.ts"
import type { Preview } from "../../../recovery/protocol.ts"
import { messageOf, post } from "../../hub/http.ts"

type PreviewAsked = Parameters<typeof post<"/v1/recovery/preview">>[1]["body"]

const AFTER_MS = 200
const AGAIN_MS = 3_000
/** The hub's paths are from the top of what was sent. */
const SENT_UNDER = /^settings\.?/

export interface Sample {
  /** Empty: a made-up one. */
  readonly cart: string
  readonly goods: string
}

export interface LivePreview {
  readonly preview: Preview | undefined
  readonly faults: ReadonlyArray<Fault>
  /** Of what was there before the last change. */
  readonly isOld: boolean
  /** Why there is none. */
  readonly failure: string | undefined
}

interface Answered {
  readonly asked: string
  readonly preview?: Preview
  readonly failure?: string
}

export const usePreview = (draft: RecoverySettings, sequenceId: string, { cart, goods }: Sample): LivePreview => {
  const [answered, setAnswered] = useState<Answered>({ asked: "" })
  const [round, setRound] = useState(0)
  const of = cart.trim() === "" ? { lines: [{ sku: "sample", name: goods || "Blue mug" }] } : { cart: cart.trim() }
  const asked = JSON.stringify({ settings: draft, sequenceId: sequenceId === "" ? undefined : sequenceId, ...of })
  useEffect(() => {
    let isOver = false
    let again: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      try {
        const preview = await post("/v1/recovery/preview", { body: JSON.parse(asked) as PreviewAsked })
        if (!isOver) setAnswered({ asked, preview })
      } catch (error) {
        if (isOver) return
        setAnswered((known) => ({ ...known, asked, failure: messageOf(error) }))
        again = setTimeout(() => setRound((before) => before + 1), AGAIN_MS)
      }
    }
    const timer = setTimeout(() => void ask(), AFTER_MS)
    return () => {
      isOver = true
      clearTimeout(timer)
      clearTimeout(again)
    }
  }, [asked, round])
  const faults = (answered.preview?.faults ?? []).map((fault) => ({
    ...fault,
    path: fault.path.replace(SENT_UNDER, "")
  }))
  return {
    preview: answered.preview,
    faults,
    isOld: answered.asked !== asked || answered.failure !== undefined,
    failure: answered.failure
  }
}
