/** A value once it has stood still for a while: what is dragged along asks the hub where it stops, not on the way. */
import { useEffect, useState } from "react"

export const useSettled = <Value>(value: Value, afterMs: number): Value => {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs)
    return () => clearTimeout(timer)
  }, [value, afterMs])
  return settled
}
