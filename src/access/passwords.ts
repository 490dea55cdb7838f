/**
 * Passwords by scrypt, with the parameters that OWASP's Password Storage Cheat Sheet gives for 32 MiB (N = 2^15, r = 8,
 * p = 3). Node hashes them in its pool of threads; so few at once that a rush of sign-ins slows nothing but itself.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { PASSWORDS_AT_ONCE_MAX, PASSWORDS_WAITING_MAX } from "../../config/access.ts"

const COST_LOG2 = 15
const BLOCK = 8
const PARALLEL = 3
const SALT_BYTES = 16
const HASH_BYTES = 32

interface Parameters {
  readonly costLog2: number
  readonly block: number
  readonly parallel: number
  readonly salt: Buffer
  readonly hash: Buffer
}

/** Whoever comes while all places are taken tries again after so long. */
export const PASSWORDS_BUSY_MS = 1_000

/** Each answers `undefined` when `PASSWORDS_WAITING_MAX` wait already. */
export class Passwords {
  private running = 0
  private readonly waiting: Array<() => void> = []

  /** Salted anew each time: `scrypt$15$8$3$<salt>$<hash>`. */
  async hash(password: string): Promise<string | undefined> {
    const salt = randomBytes(SALT_BYTES)
    const given = { costLog2: COST_LOG2, block: BLOCK, parallel: PARALLEL, salt, hash: Buffer.alloc(HASH_BYTES) }
    const hash = await this.derive(password, given)
    if (hash === undefined) return undefined
    return ["scrypt", COST_LOG2, BLOCK, PARALLEL, salt.toString("base64url"), hash.toString("base64url")].join("$")
  }

  /** `stored` of nobody (`undefined`) is never right, and takes as long as any: a name tells nothing by its time. */
  async isRight(password: string, stored: string | undefined): Promise<boolean | undefined> {
    const parameters = stored === undefined ? undefined : read(stored)
    const hash = await this.derive(password, parameters ?? nobody)
    return hash === undefined ? undefined : parameters !== undefined && timingSafeEqual(hash, parameters.hash)
  }

  private async derive(
    password: string,
    { costLog2, block, parallel, salt, hash }: Parameters
  ): Promise<Buffer | undefined> {
    if (!(await this.turn())) return undefined
    try {
      return await new Promise((resolve, reject) => {
        const options = { N: 2 ** costLog2, r: block, p: parallel, maxmem: 2 ** costLog2 * block * 256 }
        scrypt(password.normalize("NFKC"), salt, hash.length, options, (error, derived) =>
          error === null ? resolve(derived) : reject(error)
        )
      })
    } finally {
      // The place goes from hand to hand: whoever comes in between must not find it free.
      const next = this.waiting.shift()
      if (next === undefined) this.running--
      else next()
    }
  }

  /** False when there is no room to wait. */
  private async turn(): Promise<boolean> {
    if (this.running < PASSWORDS_AT_ONCE_MAX) {
      this.running++
      return true
    }
    if (this.waiting.length >= PASSWORDS_WAITING_MAX) return false
    await new Promise<void>((resolve) => this.waiting.push(resolve))
    return true
  }
}

const nobody: Parameters = {
  costLog2: COST_LOG2,
  block: BLOCK,
  parallel: PARALLEL,
  salt: randomBytes(SALT_BYTES),
  hash: Buffer.alloc(HASH_BYTES)
}

const read = (stored: string): Parameters | undefined => {
  const [kind, costLog2, block, parallel, salt, hash] = stored.split("$")
  if (kind !== "scrypt" || salt === undefined || hash === undefined) return undefined
  return {
    costLog2: Number(costLog2),
    block: Number(block),
    parallel: Number(parallel),
    salt: Buffer.from(salt, "base64url"),
    hash: Buffer.from(hash, "base64url")
  }
}
