/**
 * The pages, read into memory at the start: a few hundred kilobytes, so no request touches the disk.
 */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { extname, join, relative, sep } from "node:path"
import type { Request, Response } from "../serving.ts"

interface StaticFile {
  readonly body: Uint8Array
  readonly contentType: string
  readonly etag: string
  readonly cacheControl: string
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json; charset=utf-8",
  ".woff2": "font/woff2"
}

/** Nothing but this origin: no script or style from elsewhere, no inline script, no framing. */
const POLICY =
  "default-src 'self'; connect-src 'self' ws: wss:; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"

export class StaticFiles {
  private readonly files = new Map<string, StaticFile>()

  /** A directory that is not there gives no files: the hub runs without its pages. */
  constructor(directory: string) {
    for (const path of listFiles(directory)) {
      const body = readFileSync(join(directory, path))
      const url = `/${path.split(sep).join("/")}`
      this.files.set(url === "/index.html" ? "/" : url, {
        body,
        contentType: types[extname(path)] ?? "application/octet-stream",
        etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
        // What the build names by its content never changes.
        cacheControl: url.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache"
      })
    }
  }

  get(request: Request): Response | undefined {
    const file = this.files.get(request.path) ?? (isPage(request.path) ? this.files.get("/") : undefined)
    if (file === undefined) return undefined
    return {
      status: 200,
      contentType: file.contentType,
      body: file.body,
      headers: {
        etag: file.etag,
        "cache-control": file.cacheControl,
        "content-security-policy": POLICY,
        "referrer-policy": "no-referrer"
      }
    }
  }
}

/** Pages have addresses of their own and are all the same file; the front end knows which one to show. */
const isPage = (path: string): boolean => extname(path) === "" && !path.startsWith("/v1") && !path.startsWith("/api")

const listFiles = (directory: string): ReadonlyArray<string> => {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
  } catch {
    return []
  }
}
