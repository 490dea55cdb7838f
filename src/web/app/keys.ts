/** Keys that work on every page: Ctrl or Cmd with K goes to anything, a question mark shows all keys. */
import { useCallback, useEffect, useState } from "react"

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement

export const isApple = (): boolean => /Mac|iPhone|iPad/.test(navigator.userAgent)

export type Overlay = "palette" | "shortcuts"

export const useOverlay = () => {
  const [overlay, setOverlay] = useState<Overlay | undefined>()
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const isCommand = event.ctrlKey || event.metaKey
      if (isCommand && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault()
        setOverlay((before) => (before === "palette" ? undefined : "palette"))
      } else if (event.key === "?" && !isCommand && !event.altKey && !isTyping(event.target)) {
        event.preventDefault()
        setOverlay("shortcuts")
      }
    }
    window.addEventListener("keydown", onKeyDown)
    return () => window.removeEventListener("keydown", onKeyDown)
  }, [])
  const close = useCallback(() => setOverlay(undefined), [])
  return { overlay, open: setOverlay, close }
}
