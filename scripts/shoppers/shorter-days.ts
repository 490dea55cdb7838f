/**
 * The hub's own rules of recovery with shorter days, so that all of a sequence can be seen: what is counted from one message to
 * another is shorter by the same factor, so nothing changes its place. Quiet hours stay: everybody is where it is noon.
 */
import type { RecoverySettings } from "../../actors/recovery/settings.ts"

export const withShorterDays = (settings: RecoverySettings, factor: number): RecoverySettings => {
  const shorter = (ms: number): number => Math.round(ms / factor)
  const { contact, sequences } = settings
  return {
    ...settings,
    sequences: sequences.map((sequence) => ({
      ...sequence,
      steps: sequence.steps.map((step) => ({ ...step, delayMs: shorter(step.delayMs) })),
      gapMs: shorter(sequence.gapMs),
      expiresMs: shorter(sequence.expiresMs)
    })),
    contact: {
      ...contact,
      // Texts are the only way here: with two of them in a week nobody would come to the third step.
      caps: contact.caps
        .filter(({ channel }) => channel === undefined)
        .map((cap) => ({ ...cap, windowMs: shorter(cap.windowMs) })),
      patienceMs: shorter(contact.patienceMs),
      textWithinMs: shorter(contact.textWithinMs)
    }
  }
}
