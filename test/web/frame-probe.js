/**
 * Runs in the page: the time between animation frames and the long tasks, over a while.
 *
 * Plain JavaScript, because it is sent to the browser as it stands.
 */
const percentile = (ascending, share) => ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? 0

/** Scrolls the grid meanwhile when `scrollPerFramePx` is not 0. */
globalThis.probeFrames = (durationMs, scrollPerFramePx) =>
  new Promise((resolve) => {
    const longTasks = []
    const observer = new PerformanceObserver((list) =>
      longTasks.push(...list.getEntries().map((task) => task.duration))
    )
    observer.observe({ entryTypes: ["longtask"] })
    const grid = document.querySelector("[role=grid]")
    const frames = []
    const startedAt = performance.now()
    let last = startedAt
    const frame = (at) => {
      frames.push(at - last)
      last = at
      if (scrollPerFramePx !== 0 && grid !== null) grid.scrollTop += scrollPerFramePx
      if (at - startedAt < durationMs) {
        requestAnimationFrame(frame)
        return
      }
      observer.disconnect()
      const sorted = frames.slice(1).sort((left, right) => left - right)
      resolve({
        frames: sorted.length,
        framesPerSecond: (sorted.length * 1_000) / (at - startedAt),
        p50Ms: percentile(sorted, 0.5),
        p95Ms: percentile(sorted, 0.95),
        p99Ms: percentile(sorted, 0.99),
        maxMs: sorted.at(-1) ?? 0,
        over34Ms: sorted.filter((duration) => duration > 34).length,
        longTasks: longTasks.length,
        longTaskMaxMs: Math.max(0, ...longTasks)
      })
    }
    requestAnimationFrame(frame)
  })
