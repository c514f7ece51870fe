// Bounds of a benchmark's CPU time, as counters: bounded_main.cc holds each run to them.
#pragma once

namespace rollcall {

inline constexpr const char* kAtMostMs = "at most ms";       // per iteration
inline constexpr const char* kAtLeastMBs = "at least MB/s";  // of what SetBytesProcessed() says

}  // namespace rollcall
