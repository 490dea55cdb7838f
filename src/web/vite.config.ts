/**
 * How the pages are built: plain files that a hub can send with `default-src 'self'`.
 *
 * Nothing is inlined (no data: addresses, no inline script or style), so the policy needs no exception.
 * The development server passes the contract's paths on to a hub that runs beside it.
 */
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

const hub = process.env["HUB_URL"] ?? `http://127.0.0.1:${process.env["PORT"] ?? "3020"}`

export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  plugins: [react()],
  build: {
    outDir: "../../dist/web",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022"
  },
  server: {
    proxy: {
      "/v1": { target: hub, ws: true },
      "/healthz": { target: hub },
      "/readyz": { target: hub }
    }
  }
})
