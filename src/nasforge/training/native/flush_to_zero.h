// Numbers below 1e-38 as zero while a step runs: they cost x86 a hundred cycles each and mean
// nothing here. The caller's mode is restored.
#pragma once

namespace nasforge {

#if defined(__SSE__)

class FlushToZero {
 public:
  FlushToZero() : before_(__builtin_ia32_stmxcsr()) {
    __builtin_ia32_ldmxcsr(before_ | kFlushResults | kDenormalsAreZero);
  }
  ~FlushToZero() { __builtin_ia32_ldmxcsr(before_); }
  FlushToZero(const FlushToZero&) = delete;
  FlushToZero& operator=(const FlushToZero&) = delete;

 private:
  static constexpr unsigned kFlushResults = 1u << 15, kDenormalsAreZero = 1u << 6;
  unsigned before_;
};

#else

struct FlushToZero {
  FlushToZero() {}
};

#endif

}  // namespace nasforge
