/** The pages that exist, in the order of the navigation. A new page is one entry here and one folder in `pages/`. */
import type { ComponentType } from "react"
import { ChannelsPage } from "../pages/channels/page.tsx"
import { LiveStockPage } from "../pages/live-stock/page.tsx"
import { RecoveryPage } from "../pages/recovery/page.tsx"
import { SequencesPage } from "../pages/sequences/page.tsx"
import { ChannelsIcon, RecoveryIcon, SequencesIcon, StockIcon } from "./icons.tsx"

export interface Page {
  readonly path: string
  readonly label: string
  readonly Icon: ComponentType
  readonly Component: ComponentType
}

export const PAGES: ReadonlyArray<Page> = [
  { path: "/", label: "Live stock", Icon: StockIcon, Component: LiveStockPage },
  { path: "/channels", label: "Channels", Icon: ChannelsIcon, Component: ChannelsPage },
  { path: "/recovery", label: "Recovery", Icon: RecoveryIcon, Component: RecoveryPage },
  { path: "/sequences", label: "Sequences", Icon: SequencesIcon, Component: SequencesPage }
]
