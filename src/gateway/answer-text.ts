/**
 * Answers as JSON bytes: the two that a busy hub gives all day field by field, the others as they come.
 */
import { fragment, type JsonWriter } from "../../streams/json-writer.ts"
import type { Answer, LinesAnswer, SkuAnswer, StockNumbers } from "./protocol.ts"

const F = {
  okSku: fragment('{"ok":true,"sku":'),
  okHold: fragment('{"ok":true,"holdId":'),
  sku: fragment('{"sku":'),
  version: fragment(',"version":'),
  available: fragment(',"available":'),
  physical: fragment(',"physical":'),
  allocated: fragment(',"allocated":'),
  safetyThreshold: fragment(',"safetyThreshold":'),
  holdId: fragment(',"holdId":'),
  expiresAt: fragment(',"expiresAt":'),
  lines: fragment(',"lines":['),
  replayed: fragment(',"replayed":true'),
  comma: fragment(","),
  endOfLines: fragment("]"),
  end: fragment("}")
} as const

const ANSWER = fragment('{"op":"answer","id":')
const BODY = fragment(',"body":')
const END = fragment("}")

/** An answer as a socket's message. */
export const writeAnswerMessage = <A>(
  writer: JsonWriter,
  requestId: string,
  answer: A,
  write: (writer: JsonWriter, answer: A) => void
): void => {
  writer.fragment(ANSWER)
  writer.text(requestId)
  writer.fragment(BODY)
  write(writer, answer)
  writer.fragment(END)
}

export const writeAnswer = (writer: JsonWriter, answer: Answer): void => {
  if (!answer.ok) writer.json(answer)
  else if ("lines" in answer) writeLinesAnswer(writer, answer)
  else if (answer.locations === undefined) writeSkuAnswer(writer, answer)
  else writer.json(answer)
}

const writeSkuAnswer = (writer: JsonWriter, answer: SkuAnswer): void => {
  writer.fragment(F.okSku)
  writeNumbers(writer, answer)
  writer.fragment(F.safetyThreshold)
  writer.integer(answer.safetyThreshold)
  if (answer.holdId !== undefined) {
    writer.fragment(F.holdId)
    writer.text(answer.holdId)
  }
  writeEnd(writer, answer)
}

const writeLinesAnswer = (writer: JsonWriter, answer: LinesAnswer): void => {
  writer.fragment(F.okHold)
  writer.text(answer.holdId)
  writer.fragment(F.lines)
  for (let index = 0; index < answer.lines.length; index++) {
    if (index > 0) writer.fragment(F.comma)
    writer.fragment(F.sku)
    writeNumbers(writer, answer.lines[index] as StockNumbers)
    writer.fragment(F.end)
  }
  writer.fragment(F.endOfLines)
  writeEnd(writer, answer)
}

/** From the SKU's own text on. */
const writeNumbers = (writer: JsonWriter, numbers: StockNumbers): void => {
  writer.text(numbers.sku)
  writer.fragment(F.version)
  writer.integer(numbers.version)
  writer.fragment(F.available)
  writer.integer(numbers.available)
  writer.fragment(F.physical)
  writer.integer(numbers.physical)
  writer.fragment(F.allocated)
  writer.integer(numbers.allocated)
}

const writeEnd = (writer: JsonWriter, answer: SkuAnswer | LinesAnswer): void => {
  if (answer.expiresAt !== undefined) {
    writer.fragment(F.expiresAt)
    writer.text(answer.expiresAt)
  }
  if (answer.replayed === true) writer.fragment(F.replayed)
  writer.fragment(F.end)
}
