/**
 * What a mail server's refusal means: the reply codes of RFC 5321 and, where given, the enhanced ones of RFC 3463.
 */
import type { FailureClass } from "../../outreach.ts"

/** No such mailbox, domain or way to it; a mailbox that is switched off. */
const DEAD_ADDRESS = /^5\.(1\.(1|2|3|6|10)|2\.1|4\.4)$/
/** Too many recipients or messages. */
const TOO_MANY = /^4\.(7\.28|5\.3|2\.1)$/
/** Said of a recipient without an enhanced code: there is no such mailbox. */
const NO_MAILBOX = new Set([550, 551, 553])

export interface SmtpRefusal {
  readonly responseCode: number
  readonly response: string
  /** What was refused: `RCPT TO`, `DATA`, `AUTH PLAIN` and so on. */
  readonly command: string
}

export const enhancedCode = (response: string): string | undefined =>
  /^[245]\d\d[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1]

export const classOfSmtp = ({ responseCode, response, command }: SmtpRefusal): FailureClass => {
  const enhanced = enhancedCode(response)
  // Credentials are an operator's matter, not the message's.
  if (command.startsWith("AUTH")) return "temporary"
  if (responseCode < 500) return enhanced !== undefined && TOO_MANY.test(enhanced) ? "throttled" : "temporary"
  if (enhanced !== undefined) return DEAD_ADDRESS.test(enhanced) ? "permanent" : "refused"
  return command === "RCPT TO" && NO_MAILBOX.has(responseCode) ? "permanent" : "refused"
}
