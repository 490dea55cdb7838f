/**
 * Goal: the schema and what answers for it fit: no resolver for a field that is not there, no field without an action asked.
 * Method: the schema as it is made; every root field is called by somebody who may do nothing.
 */
import assert from "node:assert/strict"
import { type GraphQLObjectType, GraphQLError, isNonNullType, validateSchema } from "graphql"
import { describe, it } from "vitest"
import type { Principal } from "../../actors/access/may.ts"
import type { GraphqlContext } from "../../src/graphql/context.ts"
import { makeSchema } from "../../src/graphql/schema.ts"

const schema = makeSchema()
const nobody: Principal = { kind: "user", name: "nobody", roles: [] }
const recorded: Array<string> = []
/** Touching anything of it but the record fails: whoever is refused is refused before that. */
const services = new Proxy({} as GraphqlContext["services"], {
  get: (_services, name) => {
    if (name !== "record") throw new Error(`${String(name)} was asked`)
    return async ({ action, outcome, target }: { action: string; outcome: number; target: string }) =>
      void recorded.push(`${action} ${outcome} ${target}`)
  }
})
const context: GraphqlContext = { address: "192.0.2.1", principal: nobody, services, receivedAtMs: 0 }
/** Something for every argument there is. */
const args = { sku: "a", skus: ["a"], cart: "a", channel: "a", id: "a", limit: 1, days: 1, facts: [], lines: [] }

const rootFields = (type: GraphQLObjectType | null | undefined) =>
  Object.values(type?.getFields() ?? {}).map((field) => [`${type?.name}.${field.name}`, field] as const)

describe("the schema", () => {
  it("is valid, and says of every field of a root what answers it", () => {
    assert.deepEqual(validateSchema(schema), [])
    for (const [name, { resolve, type }] of [
      ...rootFields(schema.getQueryType()),
      ...rootFields(schema.getMutationType())
    ]) {
      assert.ok(resolve, name)
      // One that fails must not take its neighbours' answers along, least of all those of mutations that were carried out.
      assert.ok(!isNonNullType(type), name)
    }
  })

  it.each([
    ...rootFields(schema.getQueryType()),
    ...rootFields(schema.getMutationType()),
    ...rootFields(schema.getSubscriptionType())
  ])("lets nobody in at %s who may do nothing, before it asks anything", async (_name, { resolve, subscribe }) => {
    const ask = subscribe ?? resolve
    assert.ok(ask)
    const refusal = await (async () => ask({}, args, context, { fieldName: "asked" } as never))().then(
      () => undefined,
      (error: unknown) => error
    )
    assert.ok(refusal instanceof GraphQLError, String(refusal))
    assert.equal(refusal.extensions["code"], "unauthorized", refusal.message)
  })

  it("leaves a record of every administrative act that was refused", () => {
    for (const action of ["incidents.resolve", "channels.redrive", "channels.discard", "channels.map"]) {
      assert.ok(
        recorded.some((act) => act.startsWith(`${action} 403 /graphql asked`)),
        action
      )
    }
    assert.ok(!recorded.some((act) => act.startsWith("stock.request")))
  })
})
