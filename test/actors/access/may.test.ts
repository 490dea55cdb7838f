/**
 * Goal: nobody is granted what their roles do not grant, and a bound only ever takes away.
 * Method: properties over every principal, action and target; a few named cases of what a tenant owns.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { type Action, ACTIONS, isAction, isRole, type Role, ROLES } from "../../../actors/access/actions.ts"
import { isGranted, may, owns, type Principal, type Target } from "../../../actors/access/may.ts"
import { runs } from "../../support/runs.ts"

const names = ["acme/MUG", "acme/", "acmeshop/MUG", "acme", "zeta/MUG", "MUG", "/MUG", "__proto__"]
const channels = ["web", "amazon", "tills"]
const anyAction = fc.constantFrom(...(Object.keys(ACTIONS) as Array<Action>))
const anyPrincipal: fc.Arbitrary<Principal> = fc.record(
  {
    kind: fc.constantFrom("user" as const, "key" as const, "token" as const),
    name: fc.constant("ann"),
    roles: fc.subarray([...ROLES]),
    tenant: fc.constantFrom("acme", "zeta"),
    channels: fc.subarray(channels),
    actions: fc.subarray(Object.keys(ACTIONS) as Array<Action>)
  },
  { requiredKeys: ["kind", "name", "roles"] }
)
const anyTarget: fc.Arbitrary<Target | undefined> = fc.option(
  fc.record({ names: fc.subarray(names), channels: fc.subarray(channels), isOwn: fc.boolean() }, { requiredKeys: [] }),
  { nil: undefined }
)

const ann = (bounds: Partial<Principal>): Principal => ({ kind: "user", name: "ann", roles: ["admin"], ...bounds })

describe("what a principal may", () => {
  it("is never more than one of its roles is granted", () => {
    fc.assert(
      fc.property(anyPrincipal, anyAction, anyTarget, (principal, action, target) => {
        const granted: ReadonlyArray<Role> = ACTIONS[action].roles
        const isPossible = principal.roles.some((role) => granted.includes(role))
        assert.ok(isPossible || !may(principal, action, target))
      }),
      runs(1_000)
    )
  })

  it("never grows by a bound", () => {
    fc.assert(
      fc.property(anyPrincipal, anyAction, anyTarget, (principal, action, target) => {
        const { tenant: _tenant, channels: _channels, ...unbound } = principal
        const { actions: _actions, ...unscoped } = principal
        assert.ok(!may(principal, action, target) || may(unbound, action, target))
        assert.ok(!may(principal, action, target) || may(unscoped, action, target))
      }),
      runs(1_000)
    )
  })

  it("is about its own things only, when it is bound", () => {
    fc.assert(
      fc.property(anyPrincipal, anyAction, anyTarget, (principal, action, target) => {
        if (!may(principal, action, target) || target?.isOwn === true) return
        const { tenant, channels: bound } = principal
        if (tenant !== undefined) assert.ok(target?.names?.every((name) => name.startsWith(`${tenant}/`)) !== false)
        if (bound !== undefined) assert.ok((target?.channels ?? []).every((channel) => bound.includes(channel)))
        if (tenant !== undefined || bound !== undefined) {
          assert.ok((target?.names ?? []).length + (target?.channels ?? []).length > 0, "not the hub as a whole")
        }
      }),
      runs(1_000)
    )
  })

  it("is everything for an unbound administrator, and nothing for nobody", () => {
    for (const action of Object.keys(ACTIONS) as Array<Action>) {
      assert.ok(may(ann({}), action))
      assert.ok(!may(ann({ roles: [] }), action))
    }
  })

  it("ends at the names below a tenant's own", () => {
    const tenant = ann({ tenant: "acme" })
    assert.ok(may(tenant, "stock.read", { names: ["acme/MUG"] }))
    for (const name of ["acmeshop/MUG", "acme", "MUG", "ACME/MUG", ""]) {
      assert.ok(!owns(tenant, name), name)
      assert.ok(!may(tenant, "stock.read", { names: ["acme/MUG", name] }), name)
    }
    assert.ok(!may(tenant, "stock.read"), "the hub as a whole")
    assert.ok(!may(tenant, "channels.read", { channels: ["web"] }), "a channel is not a tenant's by its name")
  })

  it("ends at the channels that a key is bound to, which it must name", () => {
    const key = ann({ kind: "key", channels: ["web"] })
    assert.ok(may(key, "stock.fact", { names: ["MUG"], channels: ["web"] }))
    assert.ok(!may(key, "stock.fact", { names: ["MUG"], channels: ["web", "amazon"] }))
    assert.ok(!may(key, "stock.fact", { names: ["MUG"] }))
  })

  it("is of a closed list, whatever a name inherits", () => {
    for (const name of ["constructor", "__proto__", "toString", "stock.*", ""]) {
      assert.ok(!isAction(name) && !isRole(name), name)
    }
    assert.ok(isGranted(ann({ roles: ["viewer"] }), "stock.read"))
  })
})
