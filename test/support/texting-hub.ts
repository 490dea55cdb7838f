/**
 * A hub that writes to who leaves a cart, by texts through the local Twilio; carts count as left after a second.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ACCOUNT_SID, AUTH_TOKEN, LocalTwilio, NUMBER } from "../../scripts/carriers/twilio/server.ts"
import { freePort } from "../../src/servers/servers.ts"
import { http, startHub, type TestHub } from "./hub.ts"

export interface TextingHub {
  readonly hub: TestHub
  readonly twilio: LocalTwilio
  /** Fails when Twilio was asked anything that its description does not allow. */
  readonly close: () => Promise<void>
}

/**
 * `recovery`: what stands in the recovery file beside the address of the shop's carts. `environment`: what else the hub at
 * this address is told.
 */
export const startTextingHub = async (
  recovery: object = {},
  environment: (url: string) => Readonly<Record<string, string>> = () => ({})
): Promise<TextingHub> => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-texting-"))
  const twilio = await LocalTwilio.start()
  const port = String(await freePort())
  const url = `http://127.0.0.1:${port}`
  const files = { OUTREACH_FILE: join(directory, "outreach.json"), RECOVERY_FILE: join(directory, "recovery.json") }
  const settings = { accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, sms: { from: NUMBER }, apiUrl: twilio.url }
  const carriers = [{ name: "texts", kind: "twilio", callMsMax: 5_000, settings }]
  writeFileSync(files.OUTREACH_FILE, JSON.stringify({ publicUrl: url, carriers }))
  writeFileSync(
    files.RECOVERY_FILE,
    JSON.stringify({ cartUrl: "https://shop.example/cart/{cart}?from={attempt}", ...recovery })
  )
  // It is started again on the port that Twilio knows.
  const hub = { ...(await startHub({ ...files, ...environment(url), PORT: port })), url }
  const policy = { mutationId: "texting-hub", idleCartMs: 1_000, leftCheckoutMs: 1_000 }
  assert.equal((await http(hub, "POST", "/v1/cart-policy", policy)).status, 200)
  return {
    hub,
    twilio,
    close: async () => {
      await hub.stop()
      await twilio.close()
      rmSync(directory, { recursive: true, force: true })
      assert.deepEqual(twilio.violations, [])
    }
  }
}
