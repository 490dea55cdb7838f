/**
 * Goal: both servers keep the same contract.
 * Method: the kit against each; the one on uWebSockets.js only where that has a binary for this Node.
 */
import { serveNode } from "../../src/gateway/server.node.ts"
import { isNative, serveUws } from "../../src/gateway/server.uws.ts"
import { serverKit } from "../kits/server.kit.ts"

serverKit("Node and ws", serveNode)
if (isNative) serverKit("uWebSockets.js", serveUws)
