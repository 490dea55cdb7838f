/**
 * Answers to what is asked of channels that more than one part of them gives.
 */
import type { Reply } from "./messages.ts"

/** `more`: what whoever asked may need beside the sentence, such as the place in what they sent. */
export const refused = (status: number, code: string, message: string, more: object = {}): Reply => ({
  status,
  body: { ok: false, code, message, ...more }
})
