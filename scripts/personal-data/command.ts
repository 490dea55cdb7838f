/**
 * `holdfast personal-data`: what a data protection officer needs. What is there of one customer, who has seen it, whose an
 * address is, and the end of it. Each export and erasure is recorded with who asked and why.
 *
 * Exit codes: 0 done, 1 there is nothing of this customer, 2 wrong usage, 3 it cannot run.
 */
import type { Command } from "commander"
import { Context, Effect, Layer } from "effect"
import type { AddressKind } from "../../src/personal-data/address-index.ts"
import { PersonalDataFailed } from "../../src/personal-data/keyring.ts"
import { PersonalDataService } from "../../src/personal-data/layer.ts"
import { masterKey, WrongMasterKey } from "../../src/personal-data/master-key.ts"
import type { PersonalData } from "../../src/personal-data/personal-data.ts"
import { Nats } from "../../streams/nats/connection.ts"
import { homeDirectory, readRunFile } from "../run-file.ts"

interface Asked {
  readonly customer: string
  readonly who: string
  readonly why: string
}

export const register = (program: Command): void => {
  const command = program
    .command("personal-data")
    .description("what the hub holds of one customer: export, erase, who has seen it")
  const ofCustomer = (name: string, description: string): Command =>
    command.command(name).description(description).requiredOption("--customer <id>", "the customer's id")
  const recorded = (name: string, description: string): Command =>
    ofCustomer(name, description)
      .requiredOption("--who <name>", "who asks, for the record")
      .requiredOption("--why <reason>", "why, for the record")
  recorded("export", "all that the journal holds of the customer, as JSON").action((asked: Asked) =>
    work((data) => data.export(asked.customer, asked))
  )
  recorded("erase", "destroy the customer's key: nothing of it can be read any more, for ever").action((asked: Asked) =>
    work((data) => Effect.as(data.erase(asked.customer, asked), { customerId: asked.customer, erased: true }))
  )
  ofCustomer("accesses", "who has seen the customer's data, and why").action((asked: Asked) =>
    work((data) => data.accesses(asked.customer))
  )
  command
    .command("find <phone|email> <address>")
    .description("whose a number or an address is")
    .action((kind: string, address: string) => {
      if (kind !== "phone" && kind !== "email") return fail("Say phone or email.", 2)
      return work((data) => data.addresses.find(kind satisfies AddressKind, address))
    })
}

const fail = (message: string, code: number): void => {
  process.stderr.write(`holdfast personal-data: ${message}\n`)
  process.exitCode = code
}

const codes = { erased: 1, invalid: 2, unreadable: 3, unavailable: 3 } as const

const work = async (ask: (data: PersonalData) => Effect.Effect<unknown, PersonalDataFailed>): Promise<void> => {
  const { nats } = readRunFile()
  try {
    const key = masterKey(process.env["PERSONAL_DATA_KEY"], homeDirectory(), false)
    const layer = PersonalDataService.layer(key).pipe(Layer.provide(Nats.layer(nats)))
    const answer = await Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(Layer.build(layer), (context) => Effect.result(ask(Context.get(context, PersonalDataService))))
      )
    )
    if (answer._tag === "Failure") return fail(answer.failure.message, codes[answer.failure.reason])
    process.stdout.write(`${JSON.stringify(answer.success, undefined, 2)}\n`)
  } catch (error) {
    if (!(error instanceof WrongMasterKey)) throw error
    fail(error.message, 3)
  }
}
