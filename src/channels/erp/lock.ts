/**
 * One bridge for a folder on one machine: two would write each other's progress. The lock is a listening local socket,
 * which ends with the process however it ends; a file with a process id would outlive a kill -9, and ids come again.
 */
import { createHash } from "node:crypto"
import { realpath, unlink } from "node:fs/promises"
import { connect, createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Another bridge works on the folder. */
export class FolderInUse extends Error {
  override readonly name = "FolderInUse"
}

/** Throws `FolderInUse`; answers how to unlock. */
export const lockFolder = async (folder: string): Promise<() => Promise<void>> => {
  const named = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex")
    .slice(0, 16)
  // The path of a socket has some hundred characters at most, a folder's may have thousands.
  const path = join(tmpdir(), `holdfast-erp-${named}.sock`)
  const server = createServer((socket) => socket.destroy())
  server.unref()
  if (!(await listens(server, path))) {
    if (await answers(path)) throw new FolderInUse(`Another bridge works on ${folder}.`)
    await unlink(path).catch(() => undefined)
    if (!(await listens(server, path))) throw new FolderInUse(`Another bridge has just begun with ${folder}.`)
  }
  return () => new Promise((resolve) => server.close(() => resolve()))
}

const listens = (server: Server, path: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false)
      else reject(error)
    })
    server.listen(path, () => resolve(true))
  })

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
