/**
 * Which channel a step takes, and when it is lawful there.
 *
 * The channel that ranks highest is taken if it is open by the time that patience lasts: who prefers texts and left the
 * shop at midnight gets a text in the morning, not a mail at midnight. If none is open by then, the one that is soonest.
 * Whoever has the shop open is spoken to there before anything else is thought of.
 */
import type { Channel } from "./channel.ts"
import { type ContactPoint, ranked } from "./contact.ts"
import type { Refused } from "./events.ts"
import { mayReach, type Reach } from "./may-reach.ts"

export interface Chosen {
  readonly channel: Channel
  readonly sendAt: number
  /** Where it goes, if it may go now. */
  readonly point: ContactPoint | undefined
}

export interface Choice {
  readonly chosen: Chosen | undefined
  /** What ranks above the chosen one, or everything, and why it was not taken. */
  readonly refused: ReadonlyArray<Refused>
}

export const chooseChannel = (
  reach: Reach,
  channels: ReadonlyArray<Channel>,
  failed: ReadonlyArray<Channel> = []
): Choice => {
  const refused: Array<Refused> = []
  let soonest: Chosen | undefined
  const { preferred } = reach.contact
  for (const channel of ranked(reach.isPresent ? ["web-chat", ...preferred] : preferred, channels)) {
    if (!channels.includes(channel)) continue
    if (failed.includes(channel)) {
      refused.push({ channel, reason: "failed" })
      continue
    }
    const verdict = mayReach(reach, channel)
    if (verdict.may) return { chosen: { channel, sendAt: reach.at, point: verdict.point }, refused }
    const { reason, until } = verdict
    if (until === undefined) {
      refused.push({ channel, reason })
      continue
    }
    const chosen = { channel, sendAt: until, point: undefined }
    if (until <= reach.at + reach.policy.patienceMs) return { chosen, refused }
    refused.push({ channel, reason, until })
    if (soonest === undefined || until < soonest.sendAt) soonest = chosen
  }
  return { chosen: soonest, refused }
}
