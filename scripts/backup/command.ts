/**
 * `holdfast backup`, `holdfast restore`, `holdfast erased`, `holdfast admitted`: what a hub keeps, in a folder and back, and what
 * may not come back.
 *
 * Exit codes: 0 done, 2 wrong usage, 3 not done.
 */
import { writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Command } from "commander"
import { Effect, Layer, Schema } from "effect"
import { type HubConfig, hubConfig } from "../../config/config.ts"
import { accessConfig } from "../../config/access.ts"
import { type AccessMode, accessMode } from "../../src/access/mode.ts"
import { claimHome } from "../../src/home.ts"
import { keyFingerprint, MASTER_KEY_FILE, masterKey, WrongMasterKey } from "../../src/personal-data/master-key.ts"
import { privateServers } from "../../src/servers/private-servers.ts"
import { binaries } from "../../src/servers/servers.ts"
import { Nats, type NatsShape } from "../../streams/nats/connection.ts"
import { homeDirectory, readRunFile } from "../run-file.ts"
import { backup } from "./backup.ts"
import { admittedNow, admittedText, keepAdmitted, readAdmitted } from "./admitted.ts"
import { addErased, erasedNow, readErased } from "./erased.ts"
import { type BackedUpStream, isTaken } from "./manifest.ts"
import { restore } from "./restore.ts"

export const register = (program: Command): void => {
  program
    .command("backup <folder>")
    .description("copy what the hub keeps into a new folder, while it works")
    .option("--with-key", "the master key too: whoever has the backup can then read the customers' data")
    .addHelpText("after", KEPT_APART)
    .action((folder: string, given: { readonly withKey?: true }) => attempt("backup", () => toFolder(folder, given)))
  program
    .command("erased <file>")
    .description("add the customers who were erased to a list that outlives the backups")
    .action((file: string) =>
      attempt("erased", async () => {
        const tokens = await withNats(readRunFile().nats, erasedNow)
        return `${addErased(file, tokens)} erased customers are on the list ${file}`
      })
    )
  program
    .command("admitted <file>")
    .description("write down who may come in, users and keys, in a file that outlives the backups")
    .action((file: string) =>
      attempt("admitted", async () => {
        const { keys, users } = keepAdmitted(file, await withNats(readRunFile().nats, admittedNow))
        return `${users.size} users and ${keys.size} keys are in ${file}`
      })
    )
  program
    .command("restore <folder>")
    .description("bring a backup back into servers that hold nothing, while no hub runs")
    .option("--erased <file>", "the list of who was erased since (holdfast erased): they stay erased")
    .option("--nobody-erased", "instead of a list: nobody was erased since the backup was made")
    .option("--admitted <file>", "who may come in (holdfast admitted): nobody who was taken away since is back")
    .option("--admitted-then", "instead of it: who was let in when the backup was made")
    .action((folder: string, given: Given) => attempt("restore", () => fromFolder(folder, given)))
}

interface Given {
  readonly erased?: string
  readonly nobodyErased?: true
  readonly admitted?: string
  readonly admittedThen?: true
}

const KEPT_APART = `
The master key (personal-data.key or PERSONAL_DATA_KEY) is not in it: keep that apart. The customers' own keys are, sealed with
it, so a backup must not be kept for longer than somebody may wait for an erasure; see OPERATIONS.md.`

const attempt = async (name: string, work: () => Promise<string>): Promise<void> => {
  try {
    process.stdout.write(`${await work()}\n`)
  } catch (error) {
    process.stderr.write(`holdfast ${name}: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = error instanceof WrongUsage ? 2 : 3
  }
}

class WrongUsage extends Error {
  override readonly name = "WrongUsage"
}

const withNats = <A>(url: string, use: (nats: NatsShape) => Promise<A>): Promise<A> =>
  Effect.runPromise(Effect.scoped(connected(url, use)))

/** What came of the work, in its own words. */
class NotDone extends Schema.TaggedError<NotDone>()("NotDone", { message: Schema.String }) {}

const connected = <A>(url: string, use: (nats: NatsShape) => Promise<A>) =>
  Effect.flatMap(Layer.build(Nats.layer(url)), (context) =>
    Effect.provide(
      Effect.flatMap(Nats, (nats) =>
        Effect.tryPromise({
          try: () => use(nats),
          catch: (cause) => new NotDone({ message: cause instanceof Error ? cause.message : String(cause) })
        })
      ),
      context
    )
  )

const tell = ({ name, messages }: BackedUpStream): void =>
  void process.stderr.write(`  ${name}: ${messages} messages\n`)

/** A backup can be made without it, by somebody who must not have it. */
const keyAtHand = (isNeeded: boolean): Buffer | undefined => {
  try {
    return masterKey(process.env["PERSONAL_DATA_KEY"], homeDirectory(), false)
  } catch (error) {
    if (isNeeded || !(error instanceof WrongMasterKey)) throw error
    return undefined
  }
}

const toFolder = async (folder: string, given: { readonly withKey?: true }): Promise<string> => {
  if (await isTaken(folder)) throw new WrongUsage(`${folder} is not empty: name a new folder for each backup.`)
  const key = keyAtHand(given.withKey === true)
  const options = { folder, masterKey: key === undefined ? null : keyFingerprint(key), onStream: tell }
  const { cutAt, streams } = await withNats(readRunFile().nats, (nats) => backup(nats, options))
  if (given.withKey && key !== undefined) {
    writeFileSync(join(folder, MASTER_KEY_FILE), `${key.toString("base64")}\n`, { mode: 0o600 })
  }
  return `backed up ${streams.length} streams as of ${cutAt} in ${folder}`
}

const admittedOf = ({ admitted, admittedThen }: Given) => {
  if (admitted !== undefined && admittedThen)
    throw new WrongUsage("say --admitted <file> or --admitted-then, not both.")
  if (admitted !== undefined) return readAdmitted(admitted)
  return admittedThen ? ("then" as const) : undefined
}

const fromFolder = (folder: string, given: Given): Promise<string> => {
  if ((given.erased === undefined) === (given.nobodyErased === undefined)) {
    throw new WrongUsage("say who was erased since by --erased <file>, or --nobody-erased: else they would be back.")
  }
  const erased = given.erased === undefined ? new Set<string>() : readErased(given.erased)
  const said = admittedOf(given)
  return Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const config = yield* hubConfig
        yield* claimHome(config.home)
        const key = masterKey(process.env["PERSONAL_DATA_KEY"], resolve(config.home), false)
        const { access } = yield* accessConfig
        const mode = accessMode(access, config.host)
        if (typeof mode !== "string") return yield* new NotDone({ message: mode.wrong })
        const urls = yield* serversOf(config, mode)
        const options = { folder, redisUrl: urls.redis, masterKey: key, erased, admitted: said }
        const more = { replicas: config.journalReplicas, onStream: tell }
        const { admitted, manifest } = yield* connected(urls.nats, (nats) => restore(nats, { ...options, ...more }))
        const since = said === "then" ? `, as of ${manifest.cutAt}: take away again who was taken away since` : ""
        const who = `every session is ended; let in are${since}\n${admittedText(admitted)}`
        return `restored as of ${manifest.cutAt}; ${who}\nstart the hub, then run holdfast audit`
      })
    )
  )
}

/** Those that the environment names; the others are the home's own, started for this. */
const serversOf = (config: HubConfig, mode: AccessMode) =>
  Effect.map(
    privateServers({
      config,
      mode,
      binaries,
      reachableHome: process.env["HOLDFAST_REACHABLE_HOME"] ?? resolve(config.home),
      say: (line) => void process.stderr.write(`holdfast: ${line}\n`)
    }),
    ({ urls }) => urls
  )
