/**
 * Requests that are asked again until they have a final answer: the hub was busy, away, or did not say. The mutation id
 * makes that safe.
 */
import { FateUnknown, HoldfastClient } from "../src/client/holdfast-client.ts"
import type { Answer, LinesRequestBody, RequestBody } from "../src/gateway/protocol.ts"

const RETRY_MS = 250
/** A minute of a hub that is away. */
const TRIES_MAX = 240

/** The hub gave no final answer for as long as is waited. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer"
}

export class PatientClient {
  private readonly client: HoldfastClient

  private constructor(client: HoldfastClient) {
    this.client = client
  }

  /** `hub`: its address, as `http://127.0.0.1:3020`. Fails when it cannot be reached. */
  static async connect(hub: string, key?: string): Promise<PatientClient> {
    return new PatientClient(await HoldfastClient.connect(hub, key === undefined ? {} : { token: key }))
  }

  ask(sku: string, body: RequestBody): Promise<Answer> {
    return patiently(() => this.client.ask(sku, body))
  }

  askLines(body: LinesRequestBody): Promise<Answer> {
    return patiently(() => this.client.askLines(body))
  }

  close(): void {
    this.client.close()
  }
}

const patiently = async (ask: () => Promise<Answer>): Promise<Answer> => {
  for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
    const answer = await ask().catch((error: unknown) => {
      if (error instanceof FateUnknown) return undefined
      throw error
    })
    const isBusy = answer !== undefined && !answer.ok && (answer.code === "overloaded" || answer.code === "unavailable")
    if (answer !== undefined && !isBusy) return answer
    const retryMs = answer !== undefined && "retryAfterMs" in answer ? answer.retryAfterMs : undefined
    await new Promise((resolve) => setTimeout(resolve, retryMs ?? RETRY_MS))
  }
  throw new NoAnswer("The hub has not given a final answer for a minute; the same call again goes on where it stopped.")
}
