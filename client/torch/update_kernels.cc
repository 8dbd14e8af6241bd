// Instruction sets are chosen function by function, so that the rest runs on any processor. Built
// with -ffp-contract=off, since a multiplication fused with an addition rounds once instead of
// twice; with -fno-math-errno and -fno-trapping-math, without which gcc makes no vectors of square
// roots and of conditions; and with -O3 in every build type.
#include "client/torch/update_kernels.h"

#include "client/torch/update_loops.h"

namespace covey::client::kernels {
namespace {

struct Table {
  double (*sum_of_squares)(const Slice&, const Terms&);
  void (*sgd)(const Slice&, const Terms&, float);
  void (*momentum)(const Slice&, const Terms&, float, float);
  void (*adam)(const Slice&, const Terms&, const AdamTerms&);
};

#define COVEY_PATH(Path, COVEY_TARGET)                                                             \
  template <bool kProximal>                                                                        \
  struct Path {                                                                                    \
    COVEY_TARGET static double sum_of_squares(const Slice& slice, const Terms& terms) {            \
      return loops::sum_of_squares<kProximal>(slice, terms);                                       \
    }                                                                                              \
    COVEY_TARGET static void sgd(const Slice& slice, const Terms& terms, float rate) {             \
      loops::sgd<kProximal>(slice, terms, rate);                                                   \
    }                                                                                              \
    COVEY_TARGET static void momentum(const Slice& slice, const Terms& terms, float rate,          \
                                      float kept) {                                                \
      loops::momentum<kProximal>(slice, terms, rate, kept);                                        \
    }                                                                                              \
    COVEY_TARGET static void adam(const Slice& slice, const Terms& terms, const AdamTerms& adam) { \
      loops::adam<kProximal>(slice, terms, adam);                                                  \
    }                                                                                              \
    static constexpr Table kTable{sum_of_squares, sgd, momentum, adam};                            \
  };

COVEY_PATH(Baseline, )
#if defined(__x86_64__)
COVEY_PATH(Avx2, __attribute__((target("avx2"))))
COVEY_PATH(Avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))))
#endif
#undef COVEY_PATH

template <bool kProximal>
const Table& fastest() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return Avx512<kProximal>::kTable;
  }
  if (__builtin_cpu_supports("avx2")) return Avx2<kProximal>::kTable;
#endif
  return Baseline<kProximal>::kTable;
}

const Table& table_for(const Slice& slice) {
  static const Table& plain = fastest<false>();
  static const Table& proximal = fastest<true>();
  return slice.start == nullptr ? plain : proximal;
}

}  // namespace

double sum_of_squares(const Slice& slice, const Terms& terms) {
  return table_for(slice).sum_of_squares(slice, terms);
}
void sgd(const Slice& slice, const Terms& terms, float rate) {
  table_for(slice).sgd(slice, terms, rate);
}
void momentum(const Slice& slice, const Terms& terms, float rate, float kept) {
  table_for(slice).momentum(slice, terms, rate, kept);
}
void adam(const Slice& slice, const Terms& terms, const AdamTerms& adam) {
  table_for(slice).adam(slice, terms, adam);
}

}  // namespace covey::client::kernels
