/**
 * A turn's answers to one socket, written down while the turn is on its way to the disk: when it is stored the frames only
 * have to be sent. The hub's thread has nothing else to do in that time, and everybody waits for it afterwards.
 */
import * as Limits from "../../config/limits.ts"
import type { StagedAnswers } from "../host/mail.ts"
import { writeAnswer, writeAnswerMessage } from "./answer-text.ts"
import { Outgoing } from "./outgoing.ts"
import type { Answer } from "./protocol.ts"

/** A frame is sent when it has grown so far; a message is at most 64 KiB, so the contract's MiB is never reached. */
export const FRAME_BYTES = Limits.FRAME_BYTES_MAX / 4

export class SocketAnswers implements StagedAnswers {
  private readonly whole: Array<Uint8Array> = []
  private readonly outgoing = new Outgoing()
  private count = 0
  private readonly sendAll: (frames: ReadonlyArray<Uint8Array>, answers: number) => void

  constructor(sendAll: (frames: ReadonlyArray<Uint8Array>, answers: number) => void) {
    this.sendAll = sendAll
  }

  stage(requestId: string, answer: Answer): void {
    writeAnswerMessage(this.outgoing.next(), requestId, answer, writeAnswer)
    this.count++
    if (this.outgoing.sizeBytes > FRAME_BYTES) this.whole.push(this.outgoing.take())
  }

  send(): void {
    if (!this.outgoing.isEmpty) this.whole.push(this.outgoing.take())
    this.sendAll(this.whole, this.count)
  }
}
