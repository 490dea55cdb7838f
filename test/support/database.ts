/**
 * A fresh database of the run's PostgreSQL.
 */
import { Client } from "pg"

/** Its address. It goes away with the server, at the end of the run. */
export const freshDatabase = async (): Promise<string> => {
  const urls = JSON.parse(process.env["HOLDFAST_TEST_URLS"] ?? "{}") as { readonly postgres: string }
  const client = new Client({ connectionString: urls.postgres })
  await client.connect()
  const name = `hub_${process.pid}_${process.hrtime.bigint()}`
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  return urls.postgres.replace(/[^/]*$/, name)
}
