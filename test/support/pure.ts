/**
 * Tests that start no program and leave their process as it was. Files of these follow one another in the same process, so that
 * what they import is loaded once and not for each.
 */

/** Patterns of paths from the root. */
export const PURE: ReadonlyArray<string> = [
  "test/actors/**/*.test.ts",
  "test/access/{passwords,sign-in}.test.ts",
  "test/alerts/alerts.test.ts",
  "test/audit/accounts.test.ts",
  "test/backup/{admitted,erased}.test.ts",
  "test/client/under-way.test.ts",
  "test/channels/{adapter-fetch,answers,channel,conditions,erp-format,erp-publish,erp-rows}.test.ts",
  "test/channels/{http-call,listing,recovery,shipments,tills}.test.ts",
  "test/config/address.test.ts",
  "test/gateway/{decode-by-schema,read-requests,staged-answers,tenant-stock}.test.ts",
  "test/gateway/openapi/{bodies,document}.test.ts",
  "test/graphql/{schema,selection,weight}.test.ts",
  "test/host/{append,chores,claim,mailbox,snapshot-lines,snapshotting,turn-size}.test.ts",
  "test/outreach/{chat,email,incoming,messenger,plain}.test.ts",
  "test/personal-data/sealing.test.ts",
  "test/projector/{busy,handed}.test.ts",
  "test/recovery/{budget-view,file,kind,settings}.test.ts",
  "test/replay/{rows,stock-rows}.test.ts",
  "test/security/{parsers,routes,tokens}.test.ts",
  "test/simulation/simulation.test.ts",
  "test/streams/{json-writer,ledger-memory,recent-commits,runner}.test.ts",
  "test/tracing/log-lines.test.ts",
  "test/web/{commands,docs,sequences-editor,stock-store}.test.ts"
]

const AS_REGEXP: Readonly<Record<string, string>> = {
  "**/": "(.*/)?",
  "*": "[^/]*",
  "{": "(",
  "}": ")",
  ",": "|",
  ".": "\\."
}

const patterns = PURE.map(
  (glob) => new RegExp(`^${glob.replaceAll(/\*\*\/|[*{},.]/g, (part) => AS_REGEXP[part] ?? "")}$`)
)

export const isPure = (path: string): boolean => patterns.some((pattern) => pattern.test(path))
