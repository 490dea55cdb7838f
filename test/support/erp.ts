/**
 * A folder that an ERP drops files in, a publisher that remembers what it was given, and a bridge between them.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "csv-parse/sync"
import { ErpBridge, erpSettings, type ErpPorts, type FileOutcome } from "../../src/channels/erp/bridge.ts"
import type { ErpFact } from "../../src/channels/erp/facts.ts"
import type { Published } from "../../src/channels/erp/publishing.ts"

/** SAP's list of material documents, as an export with semicolons: signs behind, points between thousands. */
export const SAP_CSV = {
  type: "csv",
  delimiter: ";",
  encoding: "latin1",
  fields: {
    sku: { column: "Material", trimZeros: true },
    quantity: "Menge",
    movement: "BwArt",
    document: ["MatBeleg", "Jahr"],
    item: { column: "Pos", trimZeros: true },
    location: "LOrt",
    toLocation: "UmLOrt",
    date: "BuchDatum",
    reason: "Text"
  },
  number: { point: ",", thousands: "." },
  date: { format: "DD.MM.YYYY", offset: "+01:00" },
  transferRows: "pair"
}

export const SAP_HEADER = "MatBeleg;Jahr;Pos;BwArt;Material;Menge;LOrt;UmLOrt;BuchDatum;Text"

/** Rows that say nothing but what and how many, without numbers of their own. */
export const PLAIN = {
  type: "csv",
  fields: { sku: "sku", quantity: "quantity" },
  everyRow: { type: "receipt" }
}

export const plainFile = (rows: number, skus = 50): string =>
  ["sku,quantity", ...Array.from({ length: rows }, (_, row) => `S-${row % skus},${(row % 9) + 1}`), ""].join("\n")

export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-erp-"))
  /** What was acknowledged, as often as it was sent. */
  readonly facts: Array<ErpFact> = []
  readonly outcomes: Array<FileOutcome> = []
  readonly waits: Array<string | undefined> = []

  drop(name: string, text: string | Buffer): void {
    writeFileSync(join(this.folder, name), text)
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8")
  }

  /** Rows of a file's report: row, reason, text. */
  report(name: string): ReadonlyArray<ReadonlyArray<string>> {
    return parse(this.read(`rejected/${name}.csv`), { from: 2 })
  }

  bridge(format: unknown, settings: Readonly<Record<string, unknown>> = {}, ports: Partial<ErpPorts> = {}): ErpBridge {
    return new ErpBridge(erpSettings({ folder: this.folder, format, stableMs: 0, ...settings }), {
      publish: (facts) => this.take(facts),
      patience: { firstMs: 1, mostMs: 8 },
      onFile: (outcome) => void this.outcomes.push(outcome),
      onWaiting: (message) => void this.waits.push(message),
      ...ports
    })
  }

  run(format: unknown, settings: Readonly<Record<string, unknown>> = {}, ports: Partial<ErpPorts> = {}) {
    return this.bridge(format, settings, ports).run(new AbortController().signal)
  }

  take(facts: ReadonlyArray<ErpFact>): Promise<ReadonlyArray<Published>> {
    this.facts.push(...facts)
    return Promise.resolve(facts.map(() => ({ ok: true })))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
