/**
 * Where one subscription's results go: a socket, under the id that its client gave it.
 */
import { encodeId, type Next } from "./next.ts"

export interface OutletSocket {
  /** Has taken the bytes when it returns. */
  readonly send: (frame: Uint8Array) => void
  readonly unsentBytes: () => number
  /** False when more than 64 KiB are unsent: what is sent none the less is kept, but the client does not keep up. */
  readonly hasRoom: () => boolean
  /** Calls back each time it has room again; the answer ends that. */
  readonly whenDrained: (drained: () => void) => () => void
}

export class Outlet {
  readonly socket: OutletSocket
  private readonly id: Uint8Array

  constructor(socket: OutletSocket, id: string) {
    this.socket = socket
    this.id = encodeId(id)
  }

  next(next: Next): void {
    this.socket.send(next.messageFor(this.id))
  }
}

/**
 * The source of a subscription whose results go to its outlet: it yields nothing and ends when its client or the hub ends it.
 */
export const source = (onEnd: () => void): AsyncGenerator<never, void> => {
  let end: (result: IteratorResult<never, void>) => void = () => undefined
  const ended = new Promise<IteratorResult<never, void>>((resolve) => (end = resolve))
  let isOver = false
  const over = (): Promise<IteratorResult<never, void>> => {
    if (!isOver) onEnd()
    isOver = true
    end({ done: true, value: undefined })
    return ended
  }
  const generator = {
    next: () => ended,
    return: over,
    throw: over,
    [Symbol.asyncIterator]: () => generator,
    [Symbol.asyncDispose]: async () => void (await over())
  }
  return generator
}
