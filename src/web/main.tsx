/** The pages' entry: one hub client for all of them, then the shell. */
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { Shell } from "./app/shell.tsx"
import { HubContext, startHubClient } from "./hub/client.ts"

const root = document.querySelector("#root")
if (root === null) throw new Error("index.html has no element #root")

createRoot(root).render(
  <StrictMode>
    <HubContext value={startHubClient()}>
      <Shell />
    </HubContext>
  </StrictMode>
)
