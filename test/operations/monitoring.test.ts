/**
 * Goal: the dashboard and the alert rules ask for what the hub tells, and say what to do.
 * Method: both files are read as Prometheus and Grafana read them, and each metric is looked for in a real hub's `/metrics`.
 */
import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, it } from "vitest"
import { parse } from "yaml"
import { projectRoot } from "../../src/servers/servers.ts"
import { startHub, type TestHub } from "../support/hub.ts"

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly todo: string }
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: ReadonlyArray<{ readonly refId: string; readonly expr: string }>
}

const read = (name: string): string => readFileSync(join(projectRoot(), "config", "monitoring", name), "utf8")
const { groups } = parse(read("alerts.yml")) as {
  readonly groups: ReadonlyArray<{ readonly rules: ReadonlyArray<Rule> }>
}
const rules = groups.flatMap((group) => group.rules)
const { panels } = JSON.parse(read("grafana-dashboard.json")) as { readonly panels: ReadonlyArray<Panel> }

const directory = mkdtempSync(join(tmpdir(), "holdfast-monitoring-"))
let hub: TestHub
let metrics: string
let told: ReadonlyMap<string, string>
beforeAll(async () => {
  // Channels tell of themselves where there are any; this one is watched and never told.
  const adapter = join(projectRoot(), "dist", "scripts", "bench-channels", "plain-channel.js")
  const channel = { name: "web", adapter, identity: true, shadow: true, settings: { url: "http://127.0.0.1:1" } }
  writeFileSync(join(directory, "channels.json"), JSON.stringify({ channels: [channel] }))
  hub = await startHub({ CHANNELS_FILE: join(directory, "channels.json") })
  metrics = await (await fetch(`${hub.url}/metrics`)).text()
  told = new Map([...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]))
})
afterAll(async () => {
  await hub.stop()
  rmSync(directory, { recursive: true, force: true })
})

const metricsIn = (expr: string): ReadonlyArray<string> => expr.match(/\bholdfast_\w+/g) ?? []
const labelsIn = (expr: string): ReadonlyArray<string> => [...expr.matchAll(/(\w+)="/g)].map(([, label = ""]) => label)

describe("the alert rules", () => {
  it("ask only for what the hub tells", () => {
    assert.ok(rules.length > 10)
    for (const { alert, expr } of rules) {
      const names = metricsIn(expr)
      assert.ok(names.length > 0 || expr.startsWith("up{"), alert)
      for (const name of names) assert.ok(told.has(name), `${alert}: ${name}`)
    }
  })

  it("that count have their series from the start, with 0: one that is first seen with a 1 has not increased", () => {
    const series = ["oversell", "shortfall", "paid_but_short"].map(
      (kind) => `holdfast_incidents_total{kind="${kind}"} 0`
    )
    const counting = rules.filter(({ expr }) => /\b(rate|increase)\(/.test(expr))
    for (const { expr } of counting) {
      const [name = "", result] = [metricsIn(expr)[0], /result="(\w+)"/.exec(expr)?.[1]]
      if (name === "holdfast_incidents_total") continue
      series.push(result === undefined ? `${name} 0` : `${name}{result="${result}"} 0`)
    }
    assert.ok(series.length > 5)
    for (const line of series) assert.ok(metrics.split("\n").includes(line), line)
  })

  it("have a name of their own, a severity, what has happened and what to do", () => {
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
    for (const { alert, labels, annotations } of rules) {
      assert.match(labels.severity, /^(page|ticket)$/, alert)
      for (const text of [annotations.summary, annotations.todo]) assert.match(text, /\.$/, alert)
    }
  })

  it("are kept by the configuration that scrapes the hub", () => {
    const config = parse(read("prometheus.yml")) as {
      readonly rule_files: ReadonlyArray<string>
      readonly scrape_configs: ReadonlyArray<{ readonly job_name: string }>
    }
    assert.deepEqual(config.rule_files, ["alerts.yml"])
    assert.ok(rules.some(({ expr }) => expr.includes(`job="${config.scrape_configs[0]?.job_name ?? ""}"`)))
  })
})

describe("the dashboard", () => {
  it("asks only for what the hub tells", () => {
    const exprs = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const))
    assert.ok(exprs.length > 25)
    for (const [title, expr] of exprs) {
      assert.ok(metricsIn(expr).length > 0, title)
      for (const name of metricsIn(expr)) assert.ok(told.has(name), `${title}: ${name}`)
      for (const label of labelsIn(expr)) assert.match(label, /^(quantile|state|result)$/, title)
    }
  })

  it("has panels that lie beside each other, each known by its number", () => {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    const taken = new Set<string>()
    for (const { title, gridPos } of panels) {
      assert.ok(gridPos.x + gridPos.w <= 24, title)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(!taken.has(`${x},${y}`), title)
          taken.add(`${x},${y}`)
        }
      }
    }
  })
})
