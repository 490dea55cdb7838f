/**
 * Starts the servers that tests run against, and hands their addresses over as `HOLDFAST_TEST_URLS`.
 *
 * Without the set-up's programs (plain `npx vitest`) they are looked for as the set-up would.
 */
import { throwAwayServers } from "../src/servers/servers.ts"

export default async function setup(): Promise<() => Promise<void>> {
  if (process.env["HOLDFAST_BINARIES"] === undefined) {
    const setUp: string = "../scripts/setup/binaries.mjs"
    const { ensureBinaries } = (await import(setUp)) as {
      readonly ensureBinaries: (home: string) => Promise<unknown>
    }
    process.env["HOLDFAST_BINARIES"] = JSON.stringify(await ensureBinaries(process.env["HOLDFAST_HOME"] ?? ".holdfast"))
  }
  const servers = await throwAwayServers()
  process.env["HOLDFAST_TEST_URLS"] = JSON.stringify({
    nats: servers.nats.url,
    redis: servers.redis.url,
    postgres: servers.postgres.url
  })
  return servers.stop
}
